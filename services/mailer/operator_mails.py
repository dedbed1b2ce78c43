"""Mails for an operator: which wait, are deferred, were refused or are held; sending them again.

A held mail may have arrived; only the recipient or the mail server's log can tell. Sending again
keeps the `Message-ID`. Code and link are sealed and cannot be shown; those of a refused mail are
deleted, so it cannot be sent again: the person asks for another one.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args
from uuid import UUID

from services.mailer.mail_templates import TEMPLATES
from shared.database import Connection, row_count

MailState = Literal["waiting", "deferred", "refused", "held"]
MAIL_STATES: tuple[MailState, ...] = get_args(MailState)
#: Mails listed at once, the latest.
MAX_LISTED = 1_000
#: What sending again came to.
SendOutcome = Literal["sent", "gone", "done", "going_on", "secret_gone", "no_address"]

#: The state of a row as an operator calls it; null where nothing is to be done.
_STATE = """
CASE WHEN state IN ('pending', 'sending', 'transmitting') THEN 'waiting'
    WHEN state IN ('deferred', 'held') THEN state
    WHEN state = 'refused' OR state = 'dropped' AND reason = 'expired' THEN 'refused' END
"""
#: The same as `_STATE IS NOT NULL`, in the words of the index `deliveries_unaccepted`.
_UNACCEPTED = """
(state IN ('pending', 'sending', 'transmitting', 'deferred', 'held', 'refused')
    OR state = 'dropped' AND reason = 'expired')
"""
_LISTED = f"""
SELECT mail_id, {_STATE} AS state, template, address, subject AS account_id, written_at,
    due_at AS next_try_at, ended_at, coalesce(reason, '') AS reason, tried.attempts,
    coalesce(tried.answer, '') AS answer
FROM deliveries, LATERAL (
    SELECT count(*) AS attempts, (array_agg(answer ORDER BY number DESC))[1] AS answer
    FROM attempts WHERE attempts.mail_id = deliveries.mail_id) AS tried
"""  # noqa: S608 - constants
#: What was deleted of a refused mail: its code or link, because its template ($1) had one, or its
#: address.
_INCOMPLETE = "(address = '' OR template = ANY ($1))"
#: A refused mail begins anew, for as long as it had at first.
_BEGIN_ANEW = f"""
UPDATE deliveries SET state = 'pending', due_at = now(), ended_at = NULL, reason = NULL,
    deferrals = 0, doubts = 0, expires_at = now() + greatest(expires_at - written_at, '1 hour')
WHERE (state = 'refused' OR state = 'dropped' AND reason = 'expired') AND NOT {_INCOMPLETE}
"""  # noqa: S608 - constants
_COUNTED = f"""
SELECT {_STATE} AS state, count(*) AS number, count(*) FILTER (WHERE {_INCOMPLETE}) AS incomplete
FROM deliveries WHERE {_UNACCEPTED} GROUP BY 1
"""  # noqa: S608 - constants


@dataclass(frozen=True, kw_only=True)
class OperatorMail:
    """One mail. `answer` is the last one of the mail server; `state` is None where it was accepted
    or given up. `sendable`: `send` would do something."""

    mail_id: UUID
    state: MailState | None
    template: str
    address: str
    account_id: str | None
    written_at: datetime
    next_try_at: datetime | None
    ended_at: datetime | None
    reason: str
    attempts: int
    answer: str

    @property
    def sendable(self) -> bool:
        """Whether it can be sent now."""
        if self.state == "refused":
            return bool(self.address) and not TEMPLATES[self.template].carries_secret
        return self.droppable

    @property
    def droppable(self) -> bool:
        """Whether it can be given up now."""
        return self.state in ("deferred", "held")


@dataclass(frozen=True, kw_only=True)
class MailCounts:
    """How many mails there are of each state. `unsendable` are the refused ones that cannot be sent
    again: their code or link, or their address, is deleted."""

    states: dict[MailState, int]
    unsendable: int


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One attempt, with the mail server's own words."""

    number: int
    began_at: datetime
    outcome: str
    reason: str
    smtp_code: int | None
    answer: str


async def list_mails(
    tx: Connection,
    *,
    state: MailState | None = None,
    to: str | None = None,
    since: datetime | None = None,
) -> list[OperatorMail]:
    """The latest mails that were not accepted: of one state, to one address, written since then."""
    rows = await tx.fetch(
        f"""
        {_LISTED}
        WHERE {_UNACCEPTED} AND ($1::text IS NULL OR {_STATE} = $1)
            AND ($2::text IS NULL OR lower(address) = lower($2))
            AND ($3::timestamptz IS NULL OR written_at >= $3)
        ORDER BY written_at DESC, mail_id LIMIT {MAX_LISTED}
        """,
        state,
        to,
        since,
    )
    return [OperatorMail(**dict(row)) for row in rows]


async def count_mails(tx: Connection) -> MailCounts:
    """How many mails there are of each state."""
    rows = {row["state"]: row for row in await tx.fetch(_COUNTED, _secret_templates())}
    return MailCounts(
        states={state: rows[state]["number"] if state in rows else 0 for state in MAIL_STATES},
        unsendable=rows["refused"]["incomplete"] if "refused" in rows else 0,
    )


async def find_ids(tx: Connection, beginning: str) -> list[UUID]:
    """The ids that begin so; two at most."""
    digits = beginning.replace("-", "")
    if len(digits) > 32:
        return []
    rows = await tx.fetch(
        "SELECT mail_id FROM deliveries WHERE mail_id BETWEEN $1 AND $2 LIMIT 2",
        UUID(digits.ljust(32, "0")),
        UUID(digits.ljust(32, "f")),
    )
    return [row["mail_id"] for row in rows]


async def show_mail(tx: Connection, mail_id: UUID) -> tuple[OperatorMail, list[Attempt]] | None:
    """One mail, whatever became of it, with its attempts; None where it is not there (any more)."""
    row = await tx.fetchrow(f"{_LISTED} WHERE deliveries.mail_id = $1", mail_id)
    if row is None:
        return None
    attempts = await tx.fetch(
        "SELECT number, began_at, outcome, coalesce(reason, '') AS reason, smtp_code, answer"
        " FROM attempts WHERE mail_id = $1 ORDER BY number",
        mail_id,
    )
    return OperatorMail(**dict(row)), [Attempt(**dict(one)) for one in attempts]


async def send(tx: Connection, mail_id: UUID) -> SendOutcome:
    """Send a held, deferred or refused mail now. Uncertain again, it is held again."""
    shown = await show_mail(tx, mail_id)
    if shown is None:
        return "gone"
    mail, _ = shown
    if mail.state == "waiting":
        return "going_on"
    if mail.state is None:
        return "done"
    if mail.state == "refused" and not mail.sendable:
        return "secret_gone" if mail.address else "no_address"
    if mail.state == "refused":
        status = await tx.execute(f"{_BEGIN_ANEW} AND mail_id = $2", _secret_templates(), mail_id)
    else:
        status = await tx.execute(
            "UPDATE deliveries SET state = 'pending', due_at = now() "
            "WHERE mail_id = $1 AND state IN ('held', 'deferred')",
            mail_id,
        )
    return "sent" if row_count(status) else "going_on"


async def send_all_refused(tx: Connection, since: datetime) -> tuple[int, int]:
    """Send every mail again that was refused since then; returns how many, and how many cannot be:
    their code or link is deleted, or their address."""
    status = await tx.execute(f"{_BEGIN_ANEW} AND ended_at >= $2", _secret_templates(), since)
    left: int = await tx.fetchval(
        f"SELECT count(*) FROM deliveries WHERE {_STATE} = 'refused' AND ended_at >= $1",  # noqa: S608
        since,
    )
    return row_count(status), left


async def drop(tx: Connection, mail_id: UUID) -> bool:
    """Give a held or deferred mail up; False if it is neither."""
    status = await tx.execute(
        "UPDATE deliveries SET state = 'dropped', reason = 'by hand', sealed = NULL, "
        "due_at = NULL, ended_at = now() WHERE mail_id = $1 AND state IN ('held', 'deferred')",
        mail_id,
    )
    return status == "UPDATE 1"


def _secret_templates() -> list[str]:
    return [name for name, template in TEMPLATES.items() if template.carries_secret]
