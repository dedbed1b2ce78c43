"""What an agent leaves who is suspended, removed or reset: nothing of it is carried out (AZ-04).

Their acts, proposed or approved by them, stop, also where a colleague approved one: who leaves on
good terms costs the desk a second proposal, a hostile agent costs nobody an account. What is done
stays done. Their requests go back to the queue, their calls end, and the « codes de reprise » that
they told are void. What another role may do too continues.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from services.support import (
    act_flow,
    agent_store,
    lost_phone_flow,
    lost_phone_store,
    proposal_store,
    request_store,
)
from services.support.act_context import ActContext
from services.support.agents import Agent
from services.support.lost_phones import outcome_of_stop
from services.support.permissions import may_approve, may_do
from services.support.proposals import OPEN_STATES, Proposal
from services.support.request_moves import Change, move
from services.support.request_states import TRANSITIONS, Action
from shared.contracts.support.agents import AgentEndAnnounced

#: `ended_by` of an act that stopped with the access of an agent who had a part in it.
DEPARTURE = act_flow.DEPARTURE


@dataclass(frozen=True, kw_only=True)
class Left:
    """The numbers of the acts that stopped and of the requests that went back to the queue."""

    acts: tuple[str, ...]
    requests: tuple[str, ...]


async def lock_requests(context: ActContext, subject_id: str) -> None:
    """Lock the requests that `stop_work` changes: before the agent, as whoever acts on one."""
    tx = context.tx
    numbers = set(await request_store.open_of_agent(tx, subject_id))
    numbers.update(one.number for one in await lost_phone_store.open_calls_of_agent(tx, subject_id))
    numbers.update(await lost_phone_store.told_by_agent(tx, subject_id, context.now))
    for one in await proposal_store.open_of_agent(tx, subject_id):
        numbers.add(one.request_number)
        numbers.update(await act_flow.numbers_to_lock(tx, one))
    for number in sorted(numbers - {""}):
        await request_store.lock(tx, number)


async def stop_work(
    context: ActContext, subject: Agent, by: Agent | None, why: str = "", role: str = ""
) -> Left:
    """Stop the acts and calls of `subject` and give the requests back, for the supervisor `by`.

    `role` is the one that `subject` has from now on, where they go on working: what it may do goes
    on. The caller has stored the new state, so that nothing is added (`agent_store.still_works`).
    """
    tx, stopped, by_id = context.tx, [], by.id if by else None
    owned = await request_store.open_of_agent(tx, subject.id)
    for seen in await proposal_store.open_of_agent(tx, subject.id):
        proposal = await act_flow.lock(tx, seen.id)
        if proposal is None or proposal.state not in OPEN_STATES:
            continue
        if not _goes_on(proposal, subject.id, role):
            await act_flow.stop(context, proposal, by=DEPARTURE, agent_id=by_id, why=why)
            stopped.append(proposal.number)
    if not _may(role, "call"):
        for call in await lost_phone_store.open_calls_of_agent(tx, subject.id):
            await lost_phone_flow.end_call(context, call, outcome_of_stop(call), context.now)
    if not _may(role, "tell_resumption_code"):
        told = await lost_phone_store.told_by_agent(tx, subject.id, context.now)
        for number, told_at in told.items():
            await lost_phone_flow.void_code(context, number, told_at, by_id or "")
    released = () if _may(role, "take_request") else await _release(context, owned, by_id)
    return Left(acts=tuple(stopped), requests=released)


async def after_role_change(context: ActContext, done: Proposal) -> None:
    """Stop what the role that `done` gave may not do, and tell every supervisor."""
    subject = await agent_store.find(context.tx, done.subject_agent_id or "")
    by = await agent_store.find(context.tx, done.proposed_by)
    if subject is not None:
        left = await stop_work(context, subject, by, done.reason, subject.role)
        await announce(context, subject, "role_changed", by, left)


def _may(role: str, act: str) -> bool:
    return bool(role) and may_do(role, act)


def _goes_on(proposal: Proposal, subject_id: str, role: str) -> bool:
    """Whether an agent with this role could have had the same part in an act."""
    if proposal.proposed_by == subject_id and not _may(role, proposal.act):
        return False
    approved = proposal.approved_by == subject_id
    return not approved or (bool(role) and may_approve(role, proposal.act))


async def announce(
    context: ActContext, subject: Agent, state: str, by: Agent | None, left: Left
) -> None:
    """A mail to every supervisor who may work, with what stopped."""
    for supervisor in await agent_store.active_in_role(context.tx, "supervisor"):
        event = AgentEndAnnounced(
            recipient=supervisor.address,
            language=supervisor.language,
            address=subject.address,
            state=state,
            by=by.name if by else "",
            acts=left.acts,
            requests=left.requests,
            ended_at=context.now,
        )
        await context.emit(event, subject=subject.id)


async def _release(
    context: ActContext, numbers: Sequence[str], by_id: str | None
) -> tuple[str, ...]:
    """Give back what nothing else keeps: a colleague's act on a request goes its way."""
    change = Change.within(context)
    released = []
    for number in numbers:
        one = await request_store.lock(context.tx, number)
        if one is not None and (one.state, Action.RELEASE) in TRANSITIONS:
            await move(change, one, Action.RELEASE, agent_id=by_id)
            released.append(number)
    return tuple(released)
