"""What the handlers of a lost phone share: finding it, the call of an agent, its view.

An agent asks about a call by the request's number; the call is the agent's own and has not ended.
"""

from dataclasses import dataclass

import msgspec

from services.support import lost_phone_flow, lost_phone_store, proposal_store, request_store
from services.support.act_context import ActContext
from services.support.agents import Agent
from services.support.authorization import require_act
from services.support.call_words import CALL_TIME, CallWord
from services.support.deps import Deps
from services.support.lost_phones import (
    CODE,
    MAX_CODES,
    MAX_FAILURES,
    Call,
    LostPhone,
    call_refusal,
    calls_left,
    failures,
    first_call,
    line_refusal,
    outcome_at_end,
    purpose_of,
    state_of,
)
from services.support.people_requests import PersonRequest
from services.support.proposals import NOT_FOUND, SENSITIVE_PERIOD
from services.support.request_states import CLOSED
from shared.contracts.base import Refusal, Sealed
from shared.contracts.profile.telephones import TelephoneView
from shared.contracts.support.lost_phones import (
    CallLine,
    CallView,
    CheckCallWord,
    EndCall,
    ProposePhoneRemoval,
    TellResumptionCode,
)
from shared.database import Connection
from shared.messaging.handlers import Refused, RequestContext
from shared.security.sealing import seal_context

KIND = "lost_phone"
#: Requests of an agent about a call that goes on.
CallRequest = CheckCallWord | EndCall | ProposePhoneRemoval | TellResumptionCode


@dataclass(frozen=True, kw_only=True)
class Line:
    """The number of the file, and what profile sealed of it, opened."""

    view: TelephoneView
    values: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class OwnCall:
    """The agent's call that goes on, with its request and lost phone, locked."""

    agent: Agent
    request: PersonRequest
    case: LostPhone
    call: Call


def refused(why: str) -> Refused:
    """The refusal of a call, or of what needs one."""
    return Refused(Refusal(slug="call_refused", params={"why": why}))


def call_over(outcome: str) -> Refusal:
    """The call has ended, or its words have not matched (an empty outcome)."""
    return Refusal(slug="call_over", params={"outcome": outcome})


def words_text(words: dict[str, CallWord]) -> str:
    """Words for a page, as JSON."""
    text = {name: {"fr": word.fr, "en": word.en} for name, word in words.items()}
    return msgspec.json.encode(text).decode()


async def lock_request(tx: Connection, number: str) -> PersonRequest:
    """The request of a lost phone, locked; `Refused` where there is none."""
    one = await request_store.lock(tx, number)
    if one is None or one.kind != KIND or one.account_id is None:
        raise Refused(NOT_FOUND)
    return one


async def case_of(tx: Connection, one: PersonRequest) -> LostPhone:
    """The lost phone of a locked request."""
    assert one.account_id is not None
    return await lost_phone_store.find_or_add(tx, one.number, one.account_id)


async def own_call(request: CallRequest, context: RequestContext[Deps]) -> OwnCall:
    """The agent's call that goes on; `Refused` with how it ended, or `not_found`."""
    agent = await require_act(context.tx, request.agent_id, "call")
    one = await lock_request(context.tx, request.number)
    case = await lost_phone_store.find(context.tx, one.number)
    calls = await lost_phone_store.calls(context.tx, one.number)
    call = next((each for each in calls if each.id == request.call_id), None)
    if case is None or call is None or call.agent_id != agent.id:
        raise Refused(NOT_FOUND)
    if not call.is_going_on(context.now()):
        raise Refused(call_over(call.outcome or outcome_at_end(call)))
    return OwnCall(agent=agent, request=one, case=case, call=call)


async def end_overdue(context: RequestContext[Deps], case: LostPhone) -> list[Call]:
    """The calls about a lost phone; one whose time is over has ended."""
    acting = ActContext.of(context)
    for call in await lost_phone_store.calls(context.tx, case.number):
        if call.ended_at is None and not call.is_going_on(context.now()):
            await lost_phone_flow.end_call(acting, call, outcome_at_end(call), call.ends_at)
    return await lost_phone_store.calls(context.tx, case.number)


async def changed_lately(context: RequestContext[Deps], account_id: str) -> bool:
    """Whether address, name or telephone changed by the desk too recently for a lost phone."""
    changed = await proposal_store.latest_sensitive_change(context.tx, account_id)
    return changed is not None and changed > context.now() - SENSITIVE_PERIOD


async def establishment_corrected_lately(context: RequestContext[Deps], account_id: str) -> bool:
    """Whether the desk changed too recently whose published number would be called."""
    corrected = await proposal_store.latest_establishment_correction(context.tx, account_id)
    return corrected is not None and corrected > context.now() - SENSITIVE_PERIOD


async def why_no_call(
    context: RequestContext[Deps],
    agent: Agent,
    one: PersonRequest,
    case: LostPhone,
) -> str:
    """Why this agent may not call now, or an empty text."""
    if one.state in CLOSED:
        return "state"
    calls = await lost_phone_store.calls_of_account(context.tx, case.account_id)
    why = call_refusal(case, calls, context.now(), is_owner=one.agent_id == agent.id)
    if not why and await changed_lately(context, case.account_id):
        return "sensitive"
    return why


async def show(
    context: RequestContext[Deps], agent: Agent, one: PersonRequest, case: LostPhone
) -> CallView:
    """A lost phone as this agent sees it; another agent's call shows no word."""
    now, calls = context.now(), await lost_phone_store.calls(context.tx, one.number)
    going_on = next((call for call in calls if call.is_going_on(now)), None)
    state = state_of(case, going_on, now)
    purpose = purpose_of(state) if going_on is None else going_on.purpose
    first = first_call(calls) if purpose == CODE else None
    why_not = await why_no_call(context, agent, one, case)
    all_calls = await lost_phone_store.calls_of_account(context.tx, case.account_id)
    view = CallView(
        number=one.number,
        state=state,
        purpose=purpose,
        stolen=one.stolen,
        calls_left=calls_left(all_calls, purpose, now),
        failures_left=max(0, MAX_FAILURES - failures(calls, purpose)),
        codes_left=max(0, MAX_CODES - case.codes),
        first_line="" if first is None else first.line,
        may_call=why_not,
        # In full: for the agent who may dial it now, and nobody else.
        line=_line(context, one) if not why_not else None,
        proposal_id=(case.names_proposal_id if state == "to_check" else case.proposal_id) or "",
        due_at=case.due_at,
        code_until=case.code_until,
    )
    if going_on is None or going_on.agent_id != agent.id:
        return view
    return msgspec.structs.replace(
        view,
        call_id=going_on.id,
        word=going_on.agent_word,
        until=going_on.started_at + CALL_TIME,
        tries_left=going_on.tries_left,
        matched=going_on.matched_at is not None,
    )


def why_not_the_line(line: Line, one: PersonRequest, context: RequestContext[Deps]) -> str:
    """Why the number of the file is not called, or an empty text."""
    view = line.view
    return line_refusal(view.since, mobile=view.mobile, stolen=one.stolen, now=context.now())


def _line(context: RequestContext[Deps], one: PersonRequest) -> Sealed | None:
    line = context.prepared
    if not isinstance(line, Line):
        return None
    shown = CallLine(
        **line.values,
        since=line.view.since,
        why_not=why_not_the_line(line, one, context),
    )
    text = msgspec.json.encode(shown).decode()
    return context.deps.desk_sealer.seal(text, seal_context(CallView, "line"))
