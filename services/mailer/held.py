"""What a person does with mails in doubt: see them, send one again, or drop it.

A held mail may have arrived; only somebody who asked the recipient, or read the mail server's log,
can tell. Sending it again keeps its Message-ID.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.database import Connection


@dataclass(frozen=True, kw_only=True)
class Held:
    """One mail that waits for a person. `answer` is what was last known of it."""

    mail_id: UUID
    template: str
    address: str
    written_at: datetime
    expires_at: datetime
    doubts: int
    answer: str


async def listing(tx: Connection) -> list[Held]:
    """Every held mail, the oldest first."""
    rows = await tx.fetch(
        """
        SELECT mail_id, template, address, written_at, expires_at, doubts,
            coalesce((SELECT answer FROM attempts WHERE attempts.mail_id = deliveries.mail_id
                      ORDER BY number DESC LIMIT 1), '') AS answer
        FROM deliveries WHERE state = 'held' ORDER BY written_at
        """
    )
    return [Held(**dict(row)) for row in rows]


async def send(tx: Connection, mail_id: UUID) -> bool:
    """Let a held mail go out again; False if it is not held. One doubt more holds it again."""
    status = await tx.execute(
        "UPDATE deliveries SET state = 'pending', due_at = now() "
        "WHERE mail_id = $1 AND state = 'held'",
        mail_id,
    )
    return status == "UPDATE 1"


async def drop(tx: Connection, mail_id: UUID) -> bool:
    """Give a held mail up; False if it is not held."""
    status = await tx.execute(
        "UPDATE deliveries SET state = 'dropped', reason = 'by hand', sealed = NULL, "
        "ended_at = now() WHERE mail_id = $1 AND state = 'held'",
        mail_id,
    )
    return status == "UPDATE 1"
