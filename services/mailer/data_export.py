"""What the mailer stores about an account, for its holder's data export (B-11, GD-02).

Which mails were sent where, and their outcomes; their texts are stored nowhere. Codes and links are
left out, and so is the mail to another address before that is verified: an address that has an
account gets none, so the export would reveal which addresses have accounts (B-03).
"""

import json

from services.mailer.handlers.enqueue import Deps
from services.mailer.mail_templates import ADDRESS_IN_FORCE, NEW_ADDRESS_CODE
from shared.contracts.data_export import PersonalDataView
from shared.contracts.mailer import ExportAccount
from shared.database import Connection
from shared.domain.data_export import ExportDocument, seal_export
from shared.messaging.handlers import RequestContext
from shared.runtime.telemetry import get_logger

DIRECTORY = """
SELECT address, first_name, last_name, language, known_at, named_at, addressed_at, confirmed_at,
    recovery_address, recovery_address_at
FROM directory WHERE account_id = $1
"""
MAILS = """
SELECT template AS kind, address, language, asked_at, written_at, state, reason, ended_at,
    (SELECT count(*) FROM attempts WHERE attempts.mail_id = deliveries.mail_id) AS attempts,
    (SELECT answer FROM attempts WHERE attempts.mail_id = deliveries.mail_id
     ORDER BY number DESC LIMIT 1) AS last_answer, facts AS told
FROM deliveries
WHERE subject = $1 AND (template <> $2 OR EXISTS (
    SELECT 1 FROM deliveries AS proof
    WHERE proof.subject = $1 AND proof.template = $3 AND proof.address = deliveries.address
        AND proof.asked_at >= deliveries.asked_at))
ORDER BY written_at, mail_id
"""

log = get_logger("mailer")


async def export_account(request: ExportAccount, context: RequestContext[Deps]) -> PersonalDataView:
    """The directory's entry and every mail."""
    document = await read(context.tx, request.account_id)
    log.info("Personal data was exported.", action="personal_data_read", account=request.account_id)
    return seal_export(context.deps.gateway_sealer, document)


async def read(tx: Connection, account_id: str) -> ExportDocument:
    """The rows, by subject."""
    mails = await tx.fetch(MAILS, account_id, NEW_ADDRESS_CODE.name, ADDRESS_IN_FORCE.name)
    return {
        "directory": [dict(row) for row in await tx.fetch(DIRECTORY, account_id)],
        "mails": [{**row, "told": json.loads(row["told"])} for row in mails],
    }
