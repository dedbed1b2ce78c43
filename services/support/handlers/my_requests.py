"""The person's side of a request: where it stands, replying, cancelling, another link.

A request is found by its number for its signed-in holder, or by a mailed link. What is not theirs
is `not_found`, as what does not exist.
"""

import json
import re
from datetime import datetime

from services.support import lost_phone_store, request_store
from services.support.act_context import ActContext
from services.support.answer_texts import check_plain
from services.support.deps import Deps
from services.support.lost_phone_stops import stop_cancelled
from services.support.lost_phones import may_cancel
from services.support.people_requests import PersonRequest
from services.support.request_moves import DETAILS, LINK, TEXT, Change, move, send_link
from services.support.request_states import OPEN, Action
from shared.contracts.base import FieldError, Refusal
from shared.contracts.support.lost_phones import DescribeLostPhoneCase, StopLostPhone
from shared.contracts.support.people_requests import (
    CancelMyRequest,
    DescribeMyRequest,
    FollowUpDone,
    ListMyRequests,
    PersonEntry,
    PersonRequestsView,
    PersonRequestView,
    ReplyToDesk,
    SendFollowUpLink,
)
from shared.database import Connection
from shared.domain.rate_limits import Quota, widest_network
from shared.domain.support_requests import read_number
from shared.domain.working_days import paris_day
from shared.errors import DecryptionError
from shared.messaging.handlers import Refused, RequestContext
from shared.runtime.telemetry import get_logger
from shared.security.sealing import keyed_hashes, seal_context

TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
#: In code points: what one reply may have.
MAX_REPLY = 1_000
#: Requests shown to their person.
SHOWN = 50
PER_NUMBER = Quota(name="follow_up", limit=5, window=request_store.WINDOW)
PER_NETWORK = Quota(name="follow_up_network", limit=200, window=request_store.WINDOW / 24)
REPLIES = Quota(name="replies", limit=20, window=request_store.WINDOW)
NOT_FOUND = Refusal(slug="not_found")
#: The phone is unlinked already: the request is the way back to the account.
TOO_LATE = Refusal(slug="too_late")
#: What the thread of a request begins with, by kind: the field of its details that people wrote.
WRITTEN = ("text", "remark")

log = get_logger("support")

Own = DescribeMyRequest | ReplyToDesk | CancelMyRequest | DescribeLostPhoneCase | StopLostPhone


async def list_my_requests(
    request: ListMyRequests, context: RequestContext[Deps]
) -> PersonRequestsView:
    """The requests of an account, without their threads."""
    found = await request_store.of_account(context.tx, request.account_id, SHOWN)
    gone = await lost_phone_store.released(context.tx, [one.number for one in found])
    return PersonRequestsView(
        requests=tuple(_view(one, context, can_cancel=one.number not in gone) for one in found)
    )


async def describe_my_request(
    request: DescribeMyRequest, context: RequestContext[Deps]
) -> PersonRequestView:
    """One request with its thread."""
    return await _describe(await find_own(request, context), context)


async def send_follow_up_link(
    request: SendFollowUpLink, context: RequestContext[Deps]
) -> FollowUpDone:
    """Send a link to the address that made the request; say the same where there is none."""
    number = read_number(request.number)
    if number is None:
        code = "format" if request.number.strip() else "missing"
        error = FieldError(field="number", code=code)
        raise Refused(Refusal(slug="invalid_fields", errors=(error,)))
    limits = {f"link {number}": PER_NUMBER}
    if not context.deps.settings.try_out:
        limits[f"link {widest_network(request.network)}"] = PER_NETWORK
    await _count(context, limits)
    one = await request_store.find(context.tx, number)
    if one is not None:
        await send_link(_change(context), one)
    log.info("A link of a request was asked for.", action="follow_up_asked", known=one is not None)
    return FollowUpDone()


async def reply_to_desk(request: ReplyToDesk, context: RequestContext[Deps]) -> PersonRequestView:
    """Add what the person wrote; a request that was closed lately opens again."""
    number = (await find_own(request, context)).number
    one = await _lock(context, number)
    if not one.accepts_reply(context.now()):
        raise Refused(Refusal(slug="request_closed"))
    typed = context.deps.opener.open(request.text, seal_context(ReplyToDesk, "text"))
    text, error = check_plain("text", typed, MAX_REPLY)
    if error is not None:
        raise Refused(Refusal(slug="invalid_fields", errors=(error,)))
    await _count(context, {f"reply {number}": REPLIES})
    after = await move(_change(context), one, Action.REPLY, author="person", text=text)
    return await _describe(after, context)


async def cancel_my_request(
    request: CancelMyRequest, context: RequestContext[Deps]
) -> PersonRequestView:
    """Cancel it; once more is no error."""
    number = (await find_own(request, context)).number
    one = await _lock(context, number)
    if one.state not in OPEN:
        if one.state == "cancelled":
            return await _describe(one, context)
        raise Refused(Refusal(slug="request_closed"))
    if not await _may_cancel(context, one):
        raise Refused(TOO_LATE)
    # What is stopped closes its request and tells so in a mail of its own.
    await stop_cancelled(ActContext.of(context), number)
    one = await _lock(context, number)
    if one.state in OPEN:
        one = await move(_change(context), one, Action.CANCEL, author="person", reason="by_person")
    return await _describe(one, context)


async def find_own(request: Own, context: RequestContext[Deps]) -> PersonRequest:
    """The request that its person asks about; else `Refused`."""
    if request.link_token is not None:
        number = await _linked(request, context)
        one = await request_store.find(context.tx, number)
    else:
        one = await request_store.find(context.tx, request.number)
        by_sender = isinstance(request, CancelMyRequest) and request.by_sender
        own = one is not None and request.account_id and one.account_id == request.account_id
        if not (by_sender or own):
            one = None
    if one is None:
        raise Refused(NOT_FOUND)
    return one


async def _linked(request: Own, context: RequestContext[Deps]) -> str:
    deps, sealed = context.deps, request.link_token
    assert sealed is not None
    try:
        token = deps.opener.open(sealed, seal_context(type(request), "link_token"))
    except DecryptionError:
        token = ""
    if not TOKEN.fullmatch(token):
        raise Refused(Refusal(slug="link_malformed"))
    found = await request_store.find_link(context.tx, keyed_hashes(deps.token_keys, LINK, token))
    if found is None:
        raise Refused(Refusal(slug="link_gone"))
    number, expires_at = found
    if context.now() >= expires_at:
        raise Refused(Refusal(slug="link_expired", params={"at": expires_at.isoformat()}))
    return number


async def _may_cancel(context: RequestContext[Deps], one: PersonRequest) -> bool:
    case = await lost_phone_store.find(context.tx, one.number)
    return case is None or may_cancel(case)


async def _lock(context: RequestContext[Deps], number: str) -> PersonRequest:
    one = await request_store.lock(context.tx, number)
    if one is None:
        raise Refused(NOT_FOUND)
    return one


async def _count(context: RequestContext[Deps], limits: dict[str, Quota]) -> None:
    """Count one more under each key; refused with `too_many_requests` where one is used up."""
    tx, now = context.tx, context.now()
    seen = await request_store.lock_limits(tx, tuple(limits), now)
    waits = {quota.name: quota.wait(seen[key], now) for key, quota in limits.items()}
    name = max(waits, key=lambda one: waits[one])
    if waits[name]:
        log.warning(
            "Requests are rate-limited.",
            action="excess_rate_limit_exceeded",
            limit=name,
            wait=waits[name],
        )
        limit = "network" if name == PER_NETWORK.name else "day"
        raise Refused(
            Refusal(slug="too_many_requests", retry_after=waits[name], params={"limit": limit})
        )
    await request_store.count_limits(tx, tuple(limits), now)


async def _describe(one: PersonRequest, context: RequestContext[Deps]) -> PersonRequestView:
    return _view(
        one,
        context,
        tuple(await _thread(context.tx, context.deps, one)),
        can_cancel=await _may_cancel(context, one),
    )


def _view(
    one: PersonRequest,
    context: RequestContext[Deps],
    thread: tuple[PersonEntry, ...] = (),
    *,
    can_cancel: bool,
) -> PersonRequestView:
    until = one.reply_until
    return PersonRequestView(
        number=one.number,
        kind=one.kind,
        state=str(one.state),
        received_at=one.received_at,
        answer_by=one.answer_by.isoformat(),
        delayed=one.delayed_at is not None,
        planned_on="" if one.planned_at is None else paris_day(one.planned_at).isoformat(),
        reason=one.reason,
        closed_at=one.closed_at,
        reply_until="" if until is None else paris_day(until).isoformat(),
        can_cancel=can_cancel and one.state in OPEN,
        can_reply=one.accepts_reply(context.now()),
        thread=thread,
    )


async def _thread(tx: Connection, deps: Deps, one: PersonRequest) -> list[PersonEntry]:
    """What was written, oldest first: the form's own text, then both sides."""

    def entry(author: str, text: str, at: datetime) -> PersonEntry:
        sealed = deps.gateway_sealer.seal(text, seal_context(PersonEntry, "text"))
        return PersonEntry(author=author, text=sealed, written_at=at)

    fields = json.loads(deps.opener.open(one.details, DETAILS))
    written = next((fields[name] for name in WRITTEN if fields.get(name)), "")
    thread = [entry("person", written, one.received_at)] if written else []
    for each in await request_store.entries(tx, one.number):
        if each.text is not None:
            author = "person" if each.author == "person" else "desk"
            thread.append(entry(author, deps.opener.open(each.text, TEXT), each.at))
    return thread


def _change(context: RequestContext[Deps]) -> Change:
    return Change.of(context)
