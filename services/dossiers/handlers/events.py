"""Saves events about dossiers, which may arrive in any order (G-43)."""

from datetime import datetime

from services.dossiers import store
from services.dossiers.dossier_updates import from_event
from shared.contracts.backoffice import DossierEvent
from shared.messaging.envelope import Envelope
from shared.messaging.handlers import SqlEffect


def update_dossier(event: DossierEvent, envelope: Envelope, now: datetime) -> SqlEffect:
    """Save the parts of the event that are newer than ours. Raises `Reject` if it is invalid.

    The account need not be known.
    """
    return store.upsert(from_event(event, envelope.subject, now))
