"""The agents' side of requests: the queue, one request, taking, answering, closing, new ones."""

import json
from datetime import datetime

from email_validator import EmailNotValidError, validate_email

from services.support import act_holders, agent_store, lost_phone_store, request_store
from services.support.act_holders import Holders
from services.support.agents import Agent
from services.support.answer_texts import MAX_TEXT, check_answer, check_plain
from services.support.authorization import (
    forbidden,
    require_act,
    require_view,
    require_working,
)
from services.support.deps import Deps
from services.support.lost_phone_flow import NAMES_ACT
from services.support.people_requests import PersonRequest
from services.support.permissions import may_do
from services.support.request_moves import (
    CONTACT,
    DETAILS,
    TEXT,
    Change,
    close_linked,
    may_be_closed,
    move,
    receive,
)
from services.support.request_states import (
    TRANSITIONS,
    Action,
    InvalidTransition,
    closing_action,
)
from services.support.request_store import Entry, QueueFilter, QueueRow
from shared.contracts.base import FieldError, Refusal, Sealed
from shared.contracts.support.people_requests import (
    AgentPresence,
    AnswerRequest,
    DescribeRequest,
    DeskEntry,
    ListRequests,
    OpenRequest,
    ReleaseRequest,
    RequestChanged,
    RequestQueueView,
    RequestRow,
    RequestView,
    TakeRequest,
)
from shared.database import Pool, acquire
from shared.domain.support_requests import KINDS, read_number, request_number
from shared.domain.typed_text import UnsafeText, clean_email
from shared.domain.working_days import paris_day
from shared.i18n.catalogue import known_language
from shared.messaging.handlers import Refused, RequestContext
from shared.security.sealing import new_token, seal_context

#: What agents do by themselves; acts and the clock do the rest.
BY_AGENTS = (Action.TAKE, Action.RELEASE, Action.ANSWER, Action.ASK, Action.FINISH, Action.REFUSE)
CLOSING = (Action.FINISH, Action.REFUSE)
CHANNELS = ("call", "mail")
MAX_ADDRESS = 254
#: A queue is paged; beyond this somebody guesses.
MAX_PAGE = 10_000


async def list_requests(request: ListRequests, context: RequestContext[Deps]) -> RequestQueueView:
    """One page of the queue."""
    tx, today = context.tx, paris_day(context.now())
    agent = await require_view(tx, request.agent_id, "requests")
    wanted = QueueFilter(
        agent_id=agent.id,
        today=today,
        whose=request.whose,
        kind=request.kind,
        state=request.state,
        late=request.late,
        account_id=request.account_id,
        sort=request.sort,
        page=min(max(request.page, 1), MAX_PAGE),
    )
    rows, total = await request_store.list_queue(tx, wanted)
    open_count, late_count = await request_store.count_open(tx, today)
    return RequestQueueView(
        rows=tuple(_row(each, context.now()) for each in rows),
        total=total,
        open_count=open_count,
        late_count=late_count,
        page=wanted.page,
    )


async def find_names(request: DescribeRequest, deps: Deps, pool: Pool) -> Holders:
    """The names of an account, and those given with its « code de reprise », where an agent is to
    compare them."""
    async with acquire(pool) as connection:
        agent = await agent_store.find(connection, request.agent_id)
        case = await lost_phone_store.find(connection, request.number)
    is_held = case is not None and case.held_at is not None and case.resumed_at is None
    if case is None or not is_held or agent is None or not may_do(agent.role, NAMES_ACT):
        return Holders()
    return await act_holders.find(deps, [case.account_id])


async def describe_request(request: DescribeRequest, context: RequestContext[Deps]) -> RequestView:
    """One request; the other agents who have it open are told of this one."""
    tx, deps, now = context.tx, context.deps, context.now()
    agent = await require_view(tx, request.agent_id, "requests")
    one = await _known(context, request.number)
    others = await request_store.record_presence(tx, one.number, agent.id, now)
    names = {each.id: each.name for each in await agent_store.list_all(tx)}
    linked = await request_store.linked(tx, one)
    row = QueueRow(request=one, agent_name=names.get(one.agent_id or "", ""), linked=len(linked))
    thread = [_entry(each, names, deps) for each in await request_store.entries(tx, one.number)]
    allowed = [action for action in BY_AGENTS if (one.state, action) in TRANSITIONS]
    if not await may_be_closed(tx, one.number, now):
        allowed = [action for action in allowed if action not in CLOSING]
    until = one.reply_until
    return RequestView(
        row=_row(row, now),
        version=one.version,
        details=_for_desk(deps, RequestView, "details", deps.opener.open(one.details, DETAILS)),
        language=one.language,
        actions=tuple(allowed) if may_do(agent.role, "answer_request") else (),
        thread=tuple(thread),
        here=tuple(
            AgentPresence(name=names.get(agent_id, ""), since=since) for agent_id, since in others
        ),
        linked=tuple(linked) if one.is_open else (),
        promised_first=one.promised_on.isoformat(),
        reply_until="" if until is None else paris_day(until).isoformat(),
        planned_on="" if one.planned_at is None else paris_day(one.planned_at).isoformat(),
        reason=one.reason,
        names=_names(deps, context.prepared, one),
    )


async def open_request(request: OpenRequest, context: RequestContext[Deps]) -> RequestChanged:
    """Write down what somebody asked by telephone or by mail."""
    agent = await require_act(context.tx, request.agent_id, "open_request")
    deps, now = context.deps, context.now()
    typed = deps.opener.open(request.text, seal_context(OpenRequest, "text"))
    text, problem = check_plain("text", typed, MAX_TEXT)
    errors = [_of_new_request(problem)] if problem else []
    if request.kind not in KINDS:
        errors.append(FieldError(field="kind", code="missing"))
    if request.channel not in CHANNELS:
        errors.append(FieldError(field="channel", code="missing"))
    address = ""
    if not request.account_id:
        given = request.address
        address = deps.opener.open(given, seal_context(OpenRequest, "address")) if given else ""
        address, problem = _check_address(address)
        errors += [_of_new_request(problem)] if problem else []
    _refuse(errors)
    change = Change.of(context)
    promised = deps.settings.answer_by(request.kind, now)
    new = PersonRequest(
        number=request_number(request.kind, new_token().encode()),
        kind=request.kind,
        channel=request.channel,
        received_at=now,
        promised_on=promised,
        answer_by=promised,
        details=change.seal(json.dumps({"text": text}, ensure_ascii=False), DETAILS),
        contact=change.seal(address, CONTACT) if address else None,
        language=known_language(request.language) if address else "",
        account_id=request.account_id or None,
    )
    await receive(change, new, agent.id)
    return _changed(new)


async def take_request(request: TakeRequest, context: RequestContext[Deps]) -> RequestChanged:
    """The agent works on it from now on."""
    agent = await require_act(context.tx, request.agent_id, "take_request")
    one = await _current(context, request.number, request.version)
    await require_working(context.tx, agent)
    return _changed(await _move(context, one, Action.TAKE, agent))


async def release_request(request: ReleaseRequest, context: RequestContext[Deps]) -> RequestChanged:
    """The agent gives it back."""
    agent = await require_act(context.tx, request.agent_id, "take_request")
    one = await _current(context, request.number, request.version)
    _require_own(one, agent)
    return _changed(await _move(context, one, Action.RELEASE, agent))


async def answer_request(request: AnswerRequest, context: RequestContext[Deps]) -> RequestChanged:
    """Write to the person, ask for a reply, or close for a reason."""
    act = "close_request" if request.close else "answer_request"
    agent = await require_act(context.tx, request.agent_id, act)
    one = await _current(context, request.number, request.version)
    _require_own(one, agent)
    typed = context.deps.opener.open(request.text, seal_context(AnswerRequest, "text"))
    text, problem = check_answer("text", typed, context.deps.settings.base_url)
    errors = [problem] if problem else []
    if request.close and problem is not None and problem.code == "missing":
        errors = []
    action = Action.ASK if request.asks else Action.ANSWER
    if request.close:
        try:
            action = closing_action(request.close)
        except KeyError:
            errors.append(FieldError(field="close", code="unknown"))
    _refuse(errors)
    if request.close and not await may_be_closed(context.tx, one.number, context.now()):
        raise Refused(Refusal(slug="wrong_state", params={"state": str(one.state)}))
    after = await _move(context, one, action, agent, text=text, reason=request.close)
    if request.close:
        change = Change.of(context)
        await close_linked(change, after, action, agent.id, request.close)
    return _changed(after)


async def _known(context: RequestContext[Deps], number: str) -> PersonRequest:
    found = read_number(number)
    one = None if found is None else await request_store.find(context.tx, found)
    if one is None:
        raise Refused(Refusal(slug="not_found"))
    return one


async def _current(context: RequestContext[Deps], number: str, version: int) -> PersonRequest:
    """The request, locked, as the agent's page showed it; else refused with what changed."""
    one = await request_store.lock(context.tx, number)
    if one is None:
        raise Refused(Refusal(slug="not_found"))
    if one.version != version:
        last = (await request_store.entries(context.tx, number))[-1]
        agent = await agent_store.find(context.tx, last.agent_id) if last.agent_id else None
        raise Refused(
            Refusal(
                slug="stale",
                params={
                    "by": agent.name if agent else last.author,
                    "act": last.action,
                    "at": last.at.isoformat(),
                    "version": one.version,
                },
            )
        )
    return one


async def _move(
    context: RequestContext[Deps],
    one: PersonRequest,
    action: Action,
    agent: Agent,
    *,
    text: str = "",
    reason: str = "",
) -> PersonRequest:
    change = Change.of(context)
    try:
        return await move(change, one, action, agent_id=agent.id, text=text, reason=reason)
    except InvalidTransition as error:
        raise Refused(Refusal(slug="wrong_state", params={"state": str(error.state)})) from error


def _require_own(one: PersonRequest, agent: Agent) -> None:
    if one.agent_id != agent.id:
        raise forbidden(agent.id, one.number, "not_yours")


def _refuse(errors: list[FieldError]) -> None:
    if errors:
        raise Refused(Refusal(slug="invalid_fields", errors=tuple(errors)))


def _of_new_request(problem: FieldError) -> FieldError:
    """What is missing here is neither an answer nor the agent's own address."""
    if problem.code != "missing":
        return problem
    return FieldError(field=problem.field, code=f"missing_{problem.field}")


def _check_address(typed: str) -> tuple[str, FieldError | None]:
    try:
        text = clean_email(typed, MAX_ADDRESS)
        if not text:
            return text, FieldError(field="address", code="missing")
        validate_email(text, check_deliverability=False, test_environment=True)
    except (EmailNotValidError, UnsafeText):
        return typed, FieldError(field="address", code="format")
    return text, None


def _row(each: QueueRow, now: datetime) -> RequestRow:
    one = each.request
    return RequestRow(
        number=one.number,
        kind=one.kind,
        about=one.about,
        state=str(one.state),
        channel=one.channel,
        received_at=one.received_at,
        answer_by=one.promised_on.isoformat(),
        late_days=one.late_days(paris_day(now)),
        agent_id=one.agent_id or "",
        agent_name=each.agent_name,
        account_id=one.account_id or "",
        linked=each.linked,
        stolen=one.stolen,
        alone_at=each.alone_at,
    )


def _entry(each: Entry, names: dict[str, str], deps: Deps) -> DeskEntry:
    text = None
    if each.text is not None:
        text = _for_desk(deps, DeskEntry, "text", deps.opener.open(each.text, TEXT))
    return DeskEntry(
        action=each.action,
        author=each.author,
        at=each.at,
        agent_name=names.get(each.agent_id or "", ""),
        text=text,
        reason=each.reason,
    )


def _names(deps: Deps, found: Holders, one: PersonRequest) -> Sealed | None:
    text = found.names_text(one.account_id or "")
    return _for_desk(deps, RequestView, "names", text) if text else None


def _for_desk(
    deps: Deps, reply: type[RequestView] | type[DeskEntry], field: str, text: str
) -> Sealed:
    return deps.desk_sealer.seal(text, seal_context(reply, field))


def _changed(one: PersonRequest) -> RequestChanged:
    return RequestChanged(number=one.number, version=one.version, state=str(one.state))
