"""Held mails, for an operator: list them, send one again, or drop it.

A held mail may have arrived; only the recipient or the mail server's log can tell. Sending it again
keeps its Message-ID.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.database import Connection


@dataclass(frozen=True, kw_only=True)
class HeldMail:
    """One held mail. `answer` is the last answer of the mail server."""

    mail_id: UUID
    template: str
    address: str
    written_at: datetime
    expires_at: datetime
    doubts: int
    answer: str


async def list_held(tx: Connection) -> list[HeldMail]:
    """Every held mail, oldest first."""
    rows = await tx.fetch(
        """
        SELECT mail_id, template, address, written_at, expires_at, doubts,
            coalesce((SELECT answer FROM attempts WHERE attempts.mail_id = deliveries.mail_id
                      ORDER BY number DESC LIMIT 1), '') AS answer
        FROM deliveries WHERE state = 'held' ORDER BY written_at
        """
    )
    return [HeldMail(**dict(row)) for row in rows]


async def send(tx: Connection, mail_id: UUID) -> bool:
    """Send a held mail again; False if it is not held. Uncertain again, it is held again."""
    status = await tx.execute(
        "UPDATE deliveries SET state = 'pending', due_at = now() "
        "WHERE mail_id = $1 AND state = 'held'",
        mail_id,
    )
    return status == "UPDATE 1"


async def drop(tx: Connection, mail_id: UUID) -> bool:
    """Drop a held mail; False if it is not held."""
    status = await tx.execute(
        "UPDATE deliveries SET state = 'dropped', reason = 'by hand', sealed = NULL, "
        "ended_at = now() WHERE mail_id = $1 AND state = 'held'",
        mail_id,
    )
    return status == "UPDATE 1"
