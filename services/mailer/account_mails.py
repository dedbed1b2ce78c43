"""An account's mails and what became of each, for the desk.

The mail to another address before that is proved is left out, as in the data export: an address
that has an account gets none, so the list would show which addresses have accounts (B-03).
"""

from datetime import datetime

from services.mailer import store
from services.mailer.handlers.enqueue import Deps
from services.mailer.handlers.resending import Sendable, why_kept_back
from services.mailer.mail_templates import ADDRESS_IN_FORCE, NEW_ADDRESS_CODE
from shared.contracts.account_search import AccountRecordsView
from shared.contracts.mailer_desk import ListAccountMails, MailRecord
from shared.database import Connection
from shared.domain.account_records import seal_records
from shared.messaging.handlers import RequestContext

MAX_MAILS = 100
MAILS = f"""
SELECT mail_id::text, template, address, written_at, state, coalesce(reason, '') AS reason,
    ended_at, due_at AS next_try_at, tried.attempts, coalesce(tried.answer, '') AS server_answer,
    sealed IS NOT NULL AS has_secrets, expires_at
FROM deliveries, LATERAL (
    SELECT count(*) AS attempts, (array_agg(answer ORDER BY number DESC))[1] AS answer
    FROM attempts WHERE attempts.mail_id = deliveries.mail_id) AS tried
WHERE subject = $1 AND written_at >= $4 AND (template <> $2 OR EXISTS (
    SELECT 1 FROM deliveries AS proof
    WHERE proof.subject = $1 AND proof.template = $3 AND proof.address = deliveries.address
        AND proof.asked_at >= deliveries.asked_at))
ORDER BY written_at DESC, mail_id LIMIT {MAX_MAILS}
"""  # noqa: S608 - a constant


async def list_account_mails(
    request: ListAccountMails, context: RequestContext[Deps]
) -> AccountRecordsView:
    """The mails, sealed for support."""
    mails = await read(context.tx, request.account_id, request.since, context.now())
    return seal_records(context.deps.support_sealer, mails)


async def read(tx: Connection, account_id: str, since: datetime, now: datetime) -> list[MailRecord]:
    """The mails of an account written since then, latest first."""
    names = (NEW_ADDRESS_CODE.name, ADDRESS_IN_FORCE.name)
    person = await store.find_recipient(tx, account_id)
    found = []
    for row in await tx.fetch(MAILS, account_id, *names, since):
        columns = dict(row)
        sendable = Sendable(
            state=columns["state"],
            template=columns["template"],
            address=columns["address"],
            has_secrets=columns.pop("has_secrets"),
            expires_at=columns.pop("expires_at"),
        )
        found.append(MailRecord(**columns, kept_back=why_kept_back(sendable, person, now)))
    return found
