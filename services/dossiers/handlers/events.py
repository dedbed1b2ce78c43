"""What other applications say of a dossier, kept whatever came before (G-43)."""

from __future__ import annotations

from datetime import datetime

from services.dossiers import store
from services.dossiers.tellings import told_by
from shared.contracts.backoffice import DossierEvent
from shared.messaging.envelope import Envelope
from shared.messaging.handlers import SqlEffect


def keep(event: DossierEvent, envelope: Envelope, now: datetime) -> SqlEffect:
    """Keep what the event tells and nothing later has told better; `Reject` where it is wrong.

    Whether we know the account does not matter: its other facts may come later, or never.
    """
    return store.keep(told_by(event, envelope.subject, now))
