"""What became of a message about a dossier: for its publisher, and for the operator's log."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.dossiers.dossier_updates import MAX_VERSION, DossierUpdate
from services.dossiers.store import Notice
from shared.contracts.base import Event
from shared.contracts.dossiers import OWNER, REFUSAL_REASONS, DossierAccepted, DossierRefused
from shared.database import Connection, Pool, acquire, row_count
from shared.messaging.envelope import Envelope, wrap
from shared.messaging.publisher_notices import DeadMessage, EmitTo

RETENTION = timedelta(days=30)
BATCH = 5_000
#: Characters of a dossier's id; a longer one is none.
MAX_DOSSIER_ID = 64
SAVE_REFUSED = """
INSERT INTO outcomes (publisher, message_id, type, dossier_id, version, outcome, reason, detail, at)
VALUES ($1, $2, $3, $4, $5, 'refused', $6, $7, $8)
"""
PURGE = """
DELETE FROM outcomes WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM outcomes WHERE at < $1 ORDER BY at LIMIT $2))
"""
#: What a publisher reads instead of our own words, which name places in our code.
DETAILS = {
    "not_allowed": "this user may not publish this type, or the source does not name the user",
    "failed": "it could not be handled here; an operator looks at it and may have it handled again",
}


@dataclass(frozen=True)
class Deps:
    """What the handlers of events need: whether a partner may hear a type that is for it alone."""

    is_heard: Callable[[type[Event], str], bool]


def accepted(update: DossierUpdate, envelope: Envelope, now: datetime, deps: Deps) -> Notice | None:
    """The notice for the publisher; None where it does not hear such notices."""
    if not deps.is_heard(DossierAccepted, envelope.publisher):
        return None
    event = DossierAccepted(
        message_id=envelope.id,
        type=envelope.type,
        dossier_id=update.dossier_id,
        version=update.version,
        accepted_at=now,
    )
    message_id, body = wrap(OWNER, event, subject=None, now=now)
    return Notice(message_id, event.TYPE, body.decode())


async def refused(dead: DeadMessage, tx: Connection, now: datetime, emit: EmitTo) -> None:
    """Log a dead letter, and notify its publisher."""
    reason = dead.reason if dead.reason in REFUSAL_REASONS else "failed"
    detail = DETAILS.get(reason, dead.detail)
    data = dead.envelope.data if dead.envelope is not None else {}
    dossier_id, version = data.get("dossier_id"), data.get("version")
    if not isinstance(dossier_id, str) or len(dossier_id) > MAX_DOSSIER_ID:
        dossier_id = ""
    if not isinstance(version, int) or not 1 <= version <= MAX_VERSION:
        version = None
    written = (dead.publisher, dead.message_id, dead.type, dossier_id)
    # PostgreSQL stores no NUL.
    values = (*(one.replace("\0", "") for one in written), version)
    await tx.execute(SAVE_REFUSED, *values, reason, detail, now)
    event = DossierRefused(
        message_id=dead.message_id,
        type=dead.type,
        reason=reason,
        detail=detail,
        dossier_id=dossier_id,
        refused_at=now,
    )
    await emit(event, partner=dead.publisher)


async def purge(pool: Pool, now: datetime) -> None:
    """Delete what is older than 30 days, in short statements."""
    async with acquire(pool) as connection:
        while row_count(await connection.execute(PURGE, now - RETENTION, BATCH)) == BATCH:
            pass
