"""Calls about a lost phone: two words, of which an agent learns only one from this service.

The agent calls a number that was on file for 30 days, or the published switchboard of the
establishment. Both words are drawn here; the person's page shows both, the desk gets the agent's
own. The person's is stored as a keyed hash, checked when the agent types it, and void when the call
ends (G-26, OT-15, C-127).
"""

import dataclasses
import re
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from services.support import lost_phone_flow, lost_phone_store, request_store
from services.support.act_context import ActContext
from services.support.authorization import require_act, require_view, require_working
from services.support.call_words import CALL_TIME, CallWord, check_word, fold, load_words
from services.support.deps import Deps
from services.support.handlers.lost_phone_views import (
    KIND,
    Line,
    call_over,
    case_of,
    end_overdue,
    establishment_corrected_lately,
    lock_request,
    own_call,
    refused,
    show,
    why_no_call,
    why_not_the_line,
    words_text,
)
from services.support.lost_phones import (
    AGENT_OUTCOMES,
    CHECK,
    CODE,
    FILE,
    LINES,
    SWITCHBOARD,
    Call,
    LostPhone,
    first_call,
    purpose_of,
    state_of,
)
from services.support.people_requests import PersonRequest
from services.support.proposals import NOT_FOUND
from shared.contracts.base import FieldError, Refusal, Reply
from shared.contracts.profile.telephones import DescribeTelephone, TelephoneView
from shared.contracts.support.lost_phones import (
    CallStarted,
    CallView,
    CheckCallWord,
    DescribeCall,
    EndCall,
    LostPhoneFollowUp,
    StartCall,
)
from shared.database import Pool, acquire
from shared.database.locks import lock_name
from shared.domain.typed_text import UnsafeText, clean_line, clean_phone
from shared.messaging.errors import RequestTimeout, ServiceUnavailable
from shared.messaging.handlers import Refused, RequestContext
from shared.runtime.telemetry import get_logger
from shared.security.sealing import keyed_hash, keyed_hashes, matches, seal_context

#: What words and dialled numbers are hashed for.
WORD, LINE = "support/call word", "support/call line"
MAX_FOUND_AT = 200
TELEPHONE = re.compile(r"\+?[0-9]{6,15}")
NOT_DIGITS = re.compile(r"[^0-9+]")
#: The same with the national 0 and with the country's code.
COMPARED_DIGITS = 9

log = get_logger("support")


async def read_line(request: DescribeCall | StartCall, deps: Deps, pool: Pool) -> Line | None:
    """Ask profile for the number of the file; None where it does not answer."""
    async with acquire(pool) as connection:
        one = await request_store.find(connection, request.number)
    if one is None or one.kind != KIND or one.account_id is None:
        return Line(view=TelephoneView(), values={})
    if deps.requests is None:
        return None
    try:
        view = await deps.requests.ask(DescribeTelephone(account_id=one.account_id))
    except (RequestTimeout, ServiceUnavailable):
        return None
    assert isinstance(view, TelephoneView)
    if view.number is None:
        return Line(view=view, values={})
    text = deps.opener.open(view.number, seal_context(TelephoneView, "number"))
    return Line(view=view, values=msgspec.json.decode(text, type=dict[str, str]))


async def describe_call(request: DescribeCall, context: RequestContext[Deps]) -> CallView:
    """The page of a call."""
    agent = await require_view(context.tx, request.agent_id, "requests")
    one = await request_store.find(context.tx, request.number)
    if one is None or one.kind != KIND or one.account_id is None:
        raise Refused(NOT_FOUND)
    case = await lost_phone_store.find(context.tx, one.number)
    case = case or LostPhone(number=one.number, account_id=one.account_id)
    return await show(context, agent, one, case)


async def start_call(request: StartCall, context: RequestContext[Deps]) -> Reply:
    """Draw two words and show them, one to the agent, both to the person."""
    agent = await require_act(context.tx, request.agent_id, "call")
    one = await lock_request(context.tx, request.number)
    await require_working(context.tx, agent)
    case, now = await case_of(context.tx, one), context.now()
    calls = await end_overdue(context, case)
    # Two requests of one account at once must not both have the last call of the day.
    await lock_name(context.tx, f"calls/{case.account_id}")
    why = await why_no_call(context, agent, one, case)
    if why:
        raise refused(why)
    purpose = purpose_of(state_of(case, None, now))
    is_published = request.line == SWITCHBOARD and purpose == CHECK
    # One agent alone corrects an establishment: not into one whose number is their own.
    if is_published and await establishment_corrected_lately(context, case.account_id):
        raise refused("corrected")
    dialled = _dialled(request, context, one)
    hashes = keyed_hashes(context.deps.token_keys, LINE, dialled.digits)
    first = first_call(calls)
    if purpose == CODE and first is not None and not _is_same(first, request.line, hashes):
        raise refused("other_line")
    line = context.prepared
    call = _new_call(context.deps, one.number, agent.id, purpose, now)
    call = dataclasses.replace(
        call,
        line=request.line,
        line_hash=hashes[0],
        line_since=line.view.since if request.line == FILE and isinstance(line, Line) else None,
        telephone=dialled.published,
        found_at=dialled.found_at,
    )
    await lost_phone_store.add_call(context.tx, call)
    event = CallStarted(
        number=one.number, agent_id=agent.id, line=call.line, purpose=purpose, started_at=now
    )
    await context.emit(event, subject=case.account_id)
    log.info("A call begins.", action="call_started", number=one.number, agent=agent.id)
    return await show(context, agent, one, case)


async def check_call_word(request: CheckCallWord, context: RequestContext[Deps]) -> Reply:
    """Compare what the person said; three wrong words end the call."""
    own = await own_call(request, context)
    typed = context.deps.open(request, "word")
    if not fold(typed):
        # What has no letters is no word: it costs no try.
        raise _invalid(("word", "missing"))
    now, call = context.now(), own.call
    found = load_words().find(typed)
    check = check_word(
        right=found is not None and _is_word(context.deps, call, found),
        wrong_tries=call.wrong_words,
        started_at=call.started_at,
        now=now,
    )
    if check.right:
        matched = dataclasses.replace(call, matched_at=call.matched_at or now)
        await lost_phone_store.save_call(context.tx, matched)
        log.info("The words of a call match.", action="call_matched", number=call.number)
        return await show(context, own.agent, own.request, own.case)
    log.warning(
        "A word of a call was wrong.",
        action="call_word_fail",
        number=call.number,
        agent=own.agent.id,
        tries_left=check.tries_left,
    )
    wrong = dataclasses.replace(call, wrong_words=call.wrong_words + 1)
    await lost_phone_store.save_call(context.tx, wrong)
    if not check.over:
        return context.refuse(Refusal(slug="wrong_word", params={"tries_left": check.tries_left}))
    acting = ActContext.of(context)
    await lost_phone_flow.close_call(acting, own.case, wrong, "wrong_words", now)
    return context.refuse(call_over("wrong_words"))


async def end_call(request: EndCall, context: RequestContext[Deps]) -> Reply:
    """No answer; or the person asked for nothing, or the agent doubts: then everything stops."""
    if request.outcome not in AGENT_OUTCOMES:
        raise Refused(Refusal(slug="unknown_choice", params={"field": "outcome"}))
    own = await own_call(request, context)
    acting = ActContext.of(context)
    case = await lost_phone_flow.close_call(
        acting, own.case, own.call, request.outcome, context.now()
    )
    one = await lock_request(context.tx, case.number)
    return await show(context, own.agent, one, case)


def _new_call(deps: Deps, number: str, agent_id: str, purpose: str, now: datetime) -> Call:
    """A call with its two words, drawn by the system's randomness."""
    mine, theirs = load_words().draw(secrets.randbelow)
    call_id = str(uuid.uuid4())
    key_id, word_hash = keyed_hash(deps.token_keys, _binding(call_id), theirs.fr)
    both = words_text({"agent": mine, "person": theirs})
    return Call(
        id=call_id,
        number=number,
        agent_id=agent_id,
        purpose=purpose,
        line="",
        line_hash=b"",
        agent_word=deps.desk_sealer.seal(
            words_text({"agent": mine}), seal_context(CallView, "word")
        ),
        words=deps.gateway_sealer.seal(both, seal_context(LostPhoneFollowUp, "words")),
        word_hash=word_hash,
        word_key_id=key_id,
        started_at=now,
        ends_at=now + CALL_TIME,
    )


def _is_same(first: Call, line: str, hashes: Sequence[bytes]) -> bool:
    """Whether the second call goes to the number of the first, found in the same way."""
    return first.line == line and first.line_hash in hashes


def _is_word(deps: Deps, call: Call, word: CallWord) -> bool:
    if call.word_hash is None or call.word_key_id is None:
        return False
    return matches(deps.token_keys, _binding(call.id), word.fr, call.word_key_id, call.word_hash)


def _binding(call_id: str) -> str:
    return f"{WORD}/{call_id}"


@dataclass(frozen=True, kw_only=True)
class _Dialled:
    """The digits that are compared; of a published number also itself, and where it was found."""

    digits: str
    published: str = ""
    found_at: str = ""


def _dialled(request: StartCall, context: RequestContext[Deps], one: PersonRequest) -> _Dialled:
    """What was dialled; else `Refused`."""
    if request.line not in LINES:
        raise _invalid(("line", "missing"))
    if not request.dialled:
        raise _invalid(("dialled", "missing"))
    if request.line == FILE:
        line = context.prepared
        if not isinstance(line, Line):
            raise Refused(Refusal(slug="unavailable"))
        why = why_not_the_line(line, one, context)
        if why:
            raise refused(why)
        return _Dialled(digits=_compared(line.values["number"]))
    typed = "" if request.telephone is None else context.deps.open(request, "telephone")
    digits = NOT_DIGITS.sub("", clean_phone(typed))
    errors = []
    if not digits:
        errors.append(("telephone", "missing"))
    elif not TELEPHONE.fullmatch(digits):
        errors.append(("telephone", "format"))
    found_at, problem = _found_at(request.found_at)
    if problem:
        errors.append(("found_at", problem))
    if errors:
        raise _invalid(*errors)
    return _Dialled(digits=_compared(digits), published=digits, found_at=found_at)


def _found_at(typed: str) -> tuple[str, str]:
    """Where the number is published, and what is wrong with that."""
    try:
        text = clean_line(typed, MAX_FOUND_AT)
    except UnsafeText as unsafe:
        return "", unsafe.code
    if len(text) > MAX_FOUND_AT:
        return "", "too_long"
    return text, "" if text else "missing"


def _compared(number: str) -> str:
    return re.sub(r"[^0-9]", "", number)[-COMPARED_DIGITS:]


def _invalid(*errors: tuple[str, str]) -> Refused:
    wrong = tuple(FieldError(field=field, code=code) for field, code in errors)
    return Refused(Refusal(slug="invalid_fields", errors=wrong))
