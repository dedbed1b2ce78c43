"""What each decided act publishes for its owner to carry out; the owner does it once (inbox).

An act of the desk is a row of `ACTS` and a function here. Values that say who somebody is are
sealed for the owner that needs them.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

import msgspec

from services.support import look_store, lost_phone_flow, proposal_store, request_store
from services.support.act_context import ActContext
from services.support.agent_orders import AGENT_ORDERS
from services.support.journal_orders import export_journal
from services.support.proposals import Proposal, undo_until
from shared.contracts.base import Event
from shared.contracts.support import acts
from shared.contracts.support.lost_phones import OtherNamesAccepted
from shared.security.sealing import seal_context

CarryOut = Callable[[ActContext, Proposal], Awaitable[None]]


def _order(kind: type[acts.Order] | type[OtherNamesAccepted]) -> CarryOut:
    """An order without fields of its own."""

    async def carry_out(context: ActContext, proposal: Proposal) -> None:
        await _publish(context, proposal, kind)

    return carry_out


async def _publish(
    context: ActContext, proposal: Proposal, kind: type[Event], **fields: object
) -> None:
    event = kind(proposal_id=proposal.id, reason=proposal.reason, ordered_at=context.now, **fields)
    await context.emit(event, subject=proposal.account_id)


async def _change_address(context: ActContext, proposal: Proposal) -> None:
    kind = acts.AddressChangeOrdered
    sealed = context.deps.registration_sealer.seal(
        proposal.details["new_address"], seal_context(kind, "new_address")
    )
    await _publish(context, proposal, kind, new_address=sealed, proposed_at=proposal.proposed_at)


async def _change_name(context: ActContext, proposal: Proposal) -> None:
    kind, seal = acts.NameChangeOrdered, context.deps.registration_sealer.seal
    names = {
        name: seal(proposal.details[name], seal_context(kind, name))
        for name in ("first_name", "last_name")
    }
    await _publish(context, proposal, kind, **names, proposed_at=proposal.proposed_at)


async def _correct(context: ActContext, proposal: Proposal) -> None:
    kind = acts.InformationCorrectionOrdered
    changes = msgspec.json.encode(dict(proposal.details)).decode()
    sealed = context.deps.profile_sealer.seal(changes, seal_context(kind, "changes"))
    await _publish(context, proposal, kind, changes=sealed, proposed_at=proposal.proposed_at)


async def _transfer(context: ActContext, proposal: Proposal) -> None:
    await _publish(
        context,
        proposal,
        acts.DossierTransferOrdered,
        to_account_id=proposal.details["to_account_id"],
        undo_until=undo_until(context.now),
    )


async def _undo_transfer(context: ActContext, proposal: Proposal) -> None:
    transfer_id = proposal.details["transfer_id"]
    await _publish(context, proposal, acts.DossierTransferUndoOrdered, transfer_id=transfer_id)


async def _end_all_sessions(context: ActContext, proposal: Proposal) -> None:
    await _publish(context, proposal, acts.SessionsEndOrdered, everyone=True)


async def _resend(context: ActContext, proposal: Proposal) -> None:
    mail_id = proposal.details["mail_id"]
    await _publish(context, proposal, acts.MailResendOrdered, mail_id=mail_id)


async def _anonymise(context: ActContext, proposal: Proposal) -> None:
    """What the desk has of the person goes at once: what was to be changed, and every request with
    what was written in it; nobody is left to answer."""
    await _publish(context, proposal, acts.AnonymisationOrdered)
    if proposal.account_id is not None:
        await proposal_store.delete_details(context.tx, proposal.account_id)
        await request_store.delete_of_account(context.tx, proposal.account_id)


async def _allow_more_accounts(context: ActContext, proposal: Proposal) -> None:
    """The agent who asked may open as many accounts, and make as many searches, again today."""
    await look_store.save_agreement(context.tx, proposal.id, proposal.proposed_by, context.now)


#: By act. The acts that are missing here are carried out by the request that asks for them.
ORDERS: Mapping[str, CarryOut] = {
    "remove_lost_phone": lost_phone_flow.release,
    "accept_other_names": _order(OtherNamesAccepted),
    "deactivate_account": _order(acts.AccountDeactivationOrdered),
    "reactivate_account": _order(acts.AccountReactivationOrdered),
    "block_account": _order(acts.AccountFreezeOrdered),
    "unblock_account": _order(acts.AccountUnfreezeOrdered),
    "release_address": _order(acts.AddressReleaseOrdered),
    "change_address": _change_address,
    "change_name": _change_name,
    "change_telephone": _correct,
    "correct_information": _correct,
    "mark_password_compromised": _order(acts.PasswordMarkedCompromised),
    "transfer_dossiers": _transfer,
    "undo_transfer": _undo_transfer,
    "end_sessions": _order(acts.SessionsEndOrdered),
    "end_all_sessions": _end_all_sessions,
    "resend_mail": _resend,
    "anonymise": _anonymise,
    "export_journal": export_journal,
    "view_more_accounts": _allow_more_accounts,
    **AGENT_ORDERS,
}
#: Those that the page of an act proposes; the others have forms and checks of their own.
PROPOSED_BY_PAGE = frozenset(ORDERS) - {"remove_lost_phone", "accept_other_names"}
#: What else happens when an act waits for its date, and when it ends without being done.
PLANNED: Mapping[str, Callable[[ActContext, Proposal, datetime], Awaitable[None]]] = {
    "remove_lost_phone": lost_phone_flow.announce,
}
ENDED: Mapping[str, Callable[[ActContext, Proposal, str], Awaitable[None]]] = {
    "remove_lost_phone": lost_phone_flow.removal_ended,
    "accept_other_names": lost_phone_flow.names_ended,
}
