"""What an agent leaves who is suspended or removed: nothing of it is carried out (AZ-04).

Their acts, proposed or approved by them, stop, also where a colleague approved one: who leaves on
good terms costs the desk a second proposal, a hostile agent costs nobody an account. What is done
stays done. Their requests go back to the queue, their calls end.
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
from services.support.proposals import OPEN_STATES
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
    for one in await proposal_store.open_of_agent(tx, subject_id):
        numbers.add(one.request_number)
        numbers.update(await act_flow.numbers_to_lock(tx, one))
    for number in sorted(numbers - {""}):
        await request_store.lock(tx, number)


async def stop_work(context: ActContext, subject: Agent, by: Agent, why: str) -> Left:
    """Stop the acts and calls of `subject` and give the requests back, for the supervisor `by`.

    The caller has stored the new state, so that nothing is added (`agent_store.still_works`).
    """
    tx, stopped = context.tx, []
    owned = await request_store.open_of_agent(tx, subject.id)
    for seen in await proposal_store.open_of_agent(tx, subject.id):
        proposal = await act_flow.lock(tx, seen.id)
        if proposal is not None and proposal.state in OPEN_STATES:
            await act_flow.stop(context, proposal, by=DEPARTURE, agent_id=by.id, why=why)
            stopped.append(proposal.number)
    for call in await lost_phone_store.open_calls_of_agent(tx, subject.id):
        await lost_phone_flow.end_call(context, call, outcome_of_stop(call), context.now)
    released = await _release(context, owned, by)
    return Left(acts=tuple(stopped), requests=released)


async def announce(context: ActContext, subject: Agent, state: str, by: Agent, left: Left) -> None:
    """A mail to every supervisor who may work, with what stopped."""
    for supervisor in await agent_store.active_in_role(context.tx, "supervisor"):
        event = AgentEndAnnounced(
            recipient=supervisor.address,
            language=supervisor.language,
            address=subject.address,
            state=state,
            by=by.name,
            acts=left.acts,
            requests=left.requests,
            ended_at=context.now,
        )
        await context.emit(event, subject=subject.id)


async def _release(context: ActContext, numbers: Sequence[str], by: Agent) -> tuple[str, ...]:
    """Give back what nothing else keeps: a colleague's act on a request goes its way."""
    change = Change.within(context)
    released = []
    for number in numbers:
        one = await request_store.lock(context.tx, number)
        if one is not None and (one.state, Action.RELEASE) in TRANSITIONS:
            await move(change, one, Action.RELEASE, agent_id=by.id)
            released.append(number)
    return tuple(released)
