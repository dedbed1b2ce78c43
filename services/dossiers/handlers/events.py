"""What other applications say of a dossier, kept whatever came before (G-43)."""

from __future__ import annotations

from services.dossiers import store
from services.dossiers.tellings import told_by
from shared.contracts.backoffice import DossierEvent
from shared.messaging.handlers import Context


async def keep(event: DossierEvent, context: Context[None]) -> None:
    """Keep what the event tells and nothing later has told better; `Reject` where it is wrong.

    Whether we know the account does not matter: its other facts may come later, or never.
    """
    told = told_by(event, context.envelope.subject, context.now())
    await store.keep(context.tx, told)
