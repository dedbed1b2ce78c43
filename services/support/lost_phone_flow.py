"""What happens to a lost phone besides its act: calls end, people are told, requests move.

The act `remove_lost_phone` goes its own way (`act_flow`); what it means for the request and its
holder is done here, in the same transaction.
"""

import dataclasses
from datetime import datetime

from services.support import lost_phone_store, proposal_store, request_store
from services.support.act_context import ActContext
from services.support.lost_phones import (
    FAILURES,
    Call,
    LostPhone,
    ends_request,
    outcome_of_stop,
    state_of,
)
from services.support.proposals import Proposal
from services.support.request_moves import LINK, LINK_TIME, Change, move
from services.support.request_states import ACT_STOPPED, OPEN, Action, State
from shared.contracts.support.acts import CredentialsRemovalOrdered
from shared.contracts.support.lost_phones import (
    CallEnded,
    LostPhoneReleased,
    LostPhoneStopped,
    PhoneRemovalPlanned,
    ResumptionCodeVoided,
)
from shared.runtime.telemetry import get_logger
from shared.security.sealing import keyed_hash, new_token, seal_context

ACT, NAMES_ACT = "remove_lost_phone", "accept_other_names"
#: Who stopped it, where that is the person: in a session, or by a mailed link.
BY_PERSON = ("person", "link")

log = get_logger("support")


async def end_call(
    context: ActContext, call: Call, outcome: str, at: datetime, *, request_ends: bool = False
) -> None:
    """End a call: its words go, and its holder is told, unless what follows tells more."""
    ended = dataclasses.replace(
        call,
        outcome=outcome,
        ended_at=at,
        agent_word=None,
        words=None,
        word_hash=None,
        word_key_id=None,
    )
    await lost_phone_store.save_call(context.tx, ended)
    case = await lost_phone_store.find(context.tx, call.number)
    event = CallEnded(
        number=call.number,
        agent_id=call.agent_id,
        purpose=call.purpose,
        outcome=outcome,
        failed=outcome in FAILURES,
        request_ends=request_ends,
        ended_at=at,
    )
    await context.emit(event, subject=None if case is None else case.account_id)
    log.info("A call has ended.", action="call_ended", number=call.number, outcome=outcome)


async def close_call(
    context: ActContext, case: LostPhone, call: Call, outcome: str, at: datetime
) -> LostPhone:
    """End a call without a result, and the request where that ends it."""
    calls = await lost_phone_store.calls(context.tx, case.number)
    before = [one for one in calls if one.id != call.id]
    ends = ends_request(before, call.purpose, outcome)
    await end_call(context, call, outcome, at, request_ends=ends)
    if not ends:
        return case
    return await stop(context, case, by="calls" if outcome in FAILURES else "agent")


async def stop(
    context: ActContext,
    case: LostPhone,
    *,
    by: str,
    block: bool = False,
    agent_id: str = "",
) -> LostPhone:
    """Nothing is removed: the call ends, the holder is told, the request is closed."""
    for call in await lost_phone_store.calls(context.tx, case.number):
        if call.ended_at is None:
            outcome = outcome_of_stop(call)
            await end_call(context, call, outcome, context.now, request_ends=True)
    stopped = dataclasses.replace(case, stopped_at=context.now, stopped_by=by)
    await lost_phone_store.save(context.tx, stopped)
    event = LostPhoneStopped(
        number=case.number, by=by, stopped_at=context.now, block=block, agent_id=agent_id
    )
    await context.emit(event, subject=case.account_id)
    log.warning("A lost phone was stopped.", action="lost_phone_stopped", number=case.number, by=by)
    author = "person" if by in BY_PERSON else "clock"
    await _close(context, case.number, Action.CANCEL, ACT_STOPPED, author=author)
    return stopped


async def announce(context: ActContext, agreed: Proposal, due: datetime) -> None:
    """The removal was agreed to: tell the holder the date, with a link that stops it."""
    token, kind = new_token(), PhoneRemovalPlanned
    link_hash = keyed_hash(context.deps.token_keys, LINK, token)[1]
    await request_store.add_link(
        context.tx, agreed.request_number, link_hash, context.now + LINK_TIME
    )
    sealed = context.deps.mailer_sealer.seal(token, seal_context(kind, "link_token"))
    planned = kind(
        number=agreed.request_number, link_token=sealed, planned_at=context.now, due_at=due
    )
    await context.emit(planned, subject=agreed.account_id)
    await _move(context, agreed.request_number, Action.APPROVE, agreed.approved_by, due)


async def removal_ended(context: ActContext, ended: Proposal, by: str) -> None:
    """The act was stopped, refused or expired."""
    case = await lost_phone_store.find(context.tx, ended.request_number)
    if case is None or case.proposal_id != ended.id or case.stopped_at is not None:
        return
    departed = by == "departure"
    if ended.state == "expired" or (departed and ended.approved_at is None):
        # The holder was told nothing: an agent may call again.
        await lost_phone_store.save(context.tx, dataclasses.replace(case, proposal_id=None))
        await _move(context, ended.request_number, Action.STOP, None, None)
        return
    await stop(context, case, by="agent" if ended.state == "refused" or departed else by)


async def names_ended(context: ActContext, ended: Proposal, _by: str) -> None:
    """Other names were not accepted: an agent may propose it again."""
    case = await lost_phone_store.find(context.tx, ended.request_number)
    if case is None or case.names_proposal_id != ended.id:
        return
    await lost_phone_store.save(context.tx, dataclasses.replace(case, names_proposal_id=None))
    await _move(context, case.number, Action.STOP, None, None)


async def release(context: ActContext, proposal: Proposal) -> None:
    """The delay is over: order the removal. A second call tells the code."""
    order = CredentialsRemovalOrdered(
        proposal_id=proposal.id, reason=proposal.reason, ordered_at=context.now
    )
    await context.emit(order, subject=proposal.account_id)
    case = await lost_phone_store.find(context.tx, proposal.request_number)
    if case is None:
        return
    released = dataclasses.replace(case, released_at=context.now)
    await lost_phone_store.save(context.tx, released)
    event = LostPhoneReleased(number=case.number, released_at=context.now)
    await context.emit(event, subject=case.account_id)
    await _move(context, case.number, Action.STOP, None, None)


async def void_code(context: ActContext, number: str, told_at: datetime, agent_id: str) -> None:
    """The code told last is worth nothing any more; it takes none of those that are left."""
    case = await lost_phone_store.find(context.tx, number)
    if case is None:
        return
    voided = dataclasses.replace(case, codes=max(0, case.codes - 1), code_until=None)
    await lost_phone_store.save(context.tx, voided)
    event = ResumptionCodeVoided(
        number=number, agent_id=agent_id, told_at=told_at, voided_at=context.now
    )
    await context.emit(event, subject=case.account_id)
    log.warning("A resumption code is void.", action="resumption_code_voided", number=number)


async def resumed(context: ActContext, case: LostPhone) -> None:
    """The account was joined again: the request is done."""
    await lost_phone_store.save(context.tx, dataclasses.replace(case, resumed_at=context.now))
    calls = await lost_phone_store.calls(context.tx, case.number)
    agent_id = calls[-1].agent_id if calls else None
    await _close(context, case.number, Action.FINISH, "done_as_asked", agent_id=agent_id)


async def held(context: ActContext, case: LostPhone, at: datetime) -> None:
    """The names differ: an agent compares them."""
    await lost_phone_store.save(context.tx, dataclasses.replace(case, held_at=at))


async def current_state(context: ActContext, case: LostPhone) -> str:
    """Where a lost phone stands now."""
    calls = await lost_phone_store.calls(context.tx, case.number)
    open_call = next((call for call in calls if call.is_going_on(context.now)), None)
    return state_of(case, open_call, context.now)


async def proposed(context: ActContext, number: str, agent_id: str) -> None:
    """An act about a lost phone was proposed: the request waits for a second agent."""
    await _move(context, number, Action.PROPOSE, agent_id, None)


async def lock_open_act(context: ActContext, case: LostPhone) -> Proposal | None:
    """The open act of a lost phone, locked; None where there is none."""
    if case.proposal_id is None:
        return None
    proposal = await proposal_store.lock(context.tx, case.proposal_id)
    return proposal if proposal is not None and proposal.state in ("proposed", "approved") else None


async def _move(
    context: ActContext,
    number: str,
    action: Action,
    agent_id: str | None,
    planned_at: datetime | None,
) -> None:
    one = await request_store.lock(context.tx, number)
    if one is None or one.state not in OPEN:
        return
    await move(_change(context), one, action, agent_id=agent_id, planned_at=planned_at)


async def _close(
    context: ActContext,
    number: str,
    action: Action,
    reason: str,
    *,
    agent_id: str | None = None,
    author: str = "clock",
) -> None:
    """Close a request; one that nobody has is taken first, for `agent_id`."""
    one = await request_store.lock(context.tx, number)
    if one is None or one.state not in OPEN:
        return
    if action == Action.FINISH and one.state == State.RECEIVED:
        one = await move(_change(context), one, Action.TAKE, agent_id=agent_id)
    await move(_change(context), one, action, author=author, reason=reason)


def _change(context: ActContext) -> Change:
    return Change.within(context)
