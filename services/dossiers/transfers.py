"""Dossiers of a leaver given to a successor by the desk, and that undone (G-36).

The database moves them: the service's role can call its functions and change no row that says whose
a dossier is. Events that name the old account follow.
"""

from services.dossiers.outcomes import Deps
from shared.contracts.dossiers import (
    ActNotCarriedOut,
    DossiersTransferred,
    DossierTransferUndone,
)
from shared.contracts.support.acts import DossierTransferOrdered, DossierTransferUndoOrdered
from shared.messaging.handlers import Context
from shared.runtime.telemetry import get_logger

TRANSFER = "SELECT transfer_dossiers($1, $2, $3, $4, $5)"
UNDO = "SELECT undo_transfer($1, $2)"
RECEIVER = "SELECT to_account_id::text FROM transfers WHERE id = $1"

log = get_logger("dossiers")


async def transfer(order: DossierTransferOrdered, context: Context[Deps]) -> None:
    """Give all dossiers of the account to another one."""
    giver, now = context.require_account_id(), context.now()
    moved: int = await context.tx.fetchval(
        TRANSFER, order.proposal_id, giver, order.to_account_id, now, order.undo_until
    )
    event = DossiersTransferred(
        transfer_id=order.proposal_id,
        from_account_id=giver,
        to_account_id=order.to_account_id,
        count=moved,
        transferred_at=now,
        undo_until=order.undo_until,
    )
    await context.emit(event)
    log.warning(
        "Dossiers were transferred.",
        action="dossiers_transferred",
        account=giver,
        to=order.to_account_id,
        count=moved,
    )


async def undo(order: DossierTransferUndoOrdered, context: Context[Deps]) -> None:
    """Give the dossiers of a transfer back."""
    now = context.now()
    moved = await context.tx.fetchval(UNDO, order.transfer_id, now)
    if moved is None:
        await _refuse(order, context, "cannot_be_undone")
        return
    giver = context.require_account_id()
    receiver: str = await context.tx.fetchval(RECEIVER, order.transfer_id)
    event = DossierTransferUndone(
        transfer_id=order.transfer_id,
        from_account_id=giver,
        to_account_id=receiver,
        count=moved,
        undone_at=now,
    )
    await context.emit(event)
    log.warning("A transfer was undone.", action="transfer_undone", account=giver)


async def _refuse(order: DossierTransferUndoOrdered, context: Context[Deps], why: str) -> None:
    log.warning(
        "An act of the desk was not carried out.",
        action="act_not_carried_out",
        account=context.account_id,
        reason=why,
    )
    refused = ActNotCarriedOut(proposal_id=order.proposal_id, why=why, refused_at=context.now())
    await context.emit(refused)
