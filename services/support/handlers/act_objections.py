"""Acts stopped by their holder, by a sign-in or a block; and those that an owner could not do."""

from services.support import act_flow, proposal_store
from services.support.act_context import ActContext
from services.support.act_flow import OBJECTION
from services.support.deps import Deps
from services.support.lost_phone_stops import stop_requests
from services.support.permissions import ACTS
from services.support.phone_replacement_flow import stop_of_account
from services.support.proposals import (
    NOT_FOUND,
    OPEN_STATES,
    STOPPED_BY_FREEZE,
    STOPPED_BY_SIGN_IN,
    Proposal,
    is_announced,
)
from shared.contracts import dossiers, mailer
from shared.contracts.gateway import SessionOpened
from shared.contracts.profile import events as profile
from shared.contracts.registration import events as registration
from shared.contracts.registration.events import AccountFrozen
from shared.contracts.support.proposals import (
    DescribeObjection,
    ListPlannedActs,
    ObjectToAct,
    PlannedAct,
    PlannedActsView,
    PlannedActView,
    StopPlannedAct,
)
from shared.messaging.handlers import Context, Refused, RequestContext
from shared.security.sealing import keyed_hashes

#: A freeze by a lost phone is part of that procedure, where an agent is asked.
FREEZES_THAT_STOP = ("holder", "desk")
NotCarriedOut = (
    registration.ActNotCarriedOut
    | profile.ActNotCarriedOut
    | dossiers.ActNotCarriedOut
    | mailer.ActNotCarriedOut
)


async def list_planned_acts(
    request: ListPlannedActs, context: RequestContext[Deps]
) -> PlannedActsView:
    """What is planned for an account, as its holder sees it."""
    found = await proposal_store.planned(context.tx, request.account_id)
    acts = (
        PlannedAct(
            proposal_id=one.id, number=one.number, act=one.act, reason=one.reason, due_at=one.due_at
        )
        for one in found
        if one.due_at is not None
    )
    return PlannedActsView(acts=tuple(acts))


async def stop_planned_act(
    request: StopPlannedAct, context: RequestContext[Deps]
) -> PlannedActView:
    """The signed-in holder objects."""
    proposal = await act_flow.lock(context.tx, request.proposal_id)
    if proposal is None or request.account_id not in act_flow.holders(proposal):
        raise Refused(NOT_FOUND)
    return await _stop(proposal, context, "person")


async def describe_objection(
    request: DescribeObjection, context: RequestContext[Deps]
) -> PlannedActView:
    """What the link of a mail is worth."""
    return _view(await proposal_store.find_by_link(context.tx, _hashes(request, context.deps)))


async def object_to_act(request: ObjectToAct, context: RequestContext[Deps]) -> PlannedActView:
    """Stop the act of a mailed link."""
    hashes = _hashes(request, context.deps)
    proposal = await proposal_store.lock_by_link(context.tx, hashes)
    return _view(None) if proposal is None else await _stop(proposal, context, "link")


async def session_opened(event: SessionOpened, context: Context[Deps]) -> None:
    """Whoever signs in with both factors has not lost the phone."""
    acting, account_id = ActContext.of(context), context.require_account_id()
    at = event.opened_at
    await stop_requests(acting, account_id, "sign_in", at)
    await act_flow.stop_open(acting, account_id, STOPPED_BY_SIGN_IN, "sign_in", at)
    if not event.phone_replaced:
        # Otherwise what replaced the phone tells whether it was lost.
        await stop_of_account(acting, account_id, "sign_in", at)


async def account_frozen(event: AccountFrozen, context: Context[Deps]) -> None:
    """The account is blocked: what was planned for it does not happen."""
    acting, account_id, at = ActContext.of(context), context.require_account_id(), event.frozen_at
    if event.by in FREEZES_THAT_STOP:
        await stop_requests(acting, account_id, "freeze", at)
        await act_flow.stop_open(acting, account_id, STOPPED_BY_FREEZE, "freeze", at)
    await stop_of_account(acting, account_id, "freeze", at)


async def not_carried_out(event: NotCarriedOut, context: Context[Deps]) -> None:
    """An owner could not carry an act out: its page says why."""
    await act_flow.record_failure(ActContext.of(context), event.proposal_id, event.why)


async def _stop(proposal: Proposal, context: RequestContext[Deps], by: str) -> PlannedActView:
    if proposal.state in OPEN_STATES:
        proposal = await act_flow.stop(ActContext.of(context), proposal, by=by)
    return _view(proposal)


def _view(proposal: Proposal | None) -> PlannedActView:
    if proposal is None or not is_announced(ACTS[proposal.act]):
        return PlannedActView(state="gone")
    state = "valid" if proposal.state in OPEN_STATES else proposal.state
    if state not in ("valid", "stopped", "done"):
        state = "gone"
    return PlannedActView(
        state=state, act=proposal.act, number=proposal.number, due_at=proposal.due_at
    )


def _hashes(request: DescribeObjection | ObjectToAct, deps: Deps) -> list[bytes]:
    return keyed_hashes(deps.token_keys, OBJECTION, deps.open(request, "link_token"))
