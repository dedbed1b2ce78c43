"""The requests of an account to the support desk, in the words of pages."""

from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from services.gateway.clients.services import ask
from services.gateway.http.errors import UNAVAILABLE_ERRORS
from services.gateway.portal.request_texts import KINDS, REASONS, STATES
from services.gateway.sessions.request_state import REQUEST_STATE
from shared.contracts.support.people_requests import (
    ListMyRequests,
    PersonRequestsView,
    PersonRequestView,
)
from shared.errors import plain_reason
from shared.i18n.catalogue import translate
from shared.i18n.dates import format_day
from shared.runtime.telemetry import get_logger

#: States in which the desk owes an answer.
OWED = ("received", "in_progress")
#: How long a page waits for requests that are only a part of it.
SHORT_SECONDS = 1.0

log = get_logger("gateway")


@dataclass(frozen=True, kw_only=True)
class ShownRequest:
    """A request as pages show it: kind, state and reason in words, days as ISO dates."""

    number: str
    kind: str
    state: str
    received_at: datetime
    answer_by: str
    delayed: bool
    is_open: bool
    is_owed: bool
    is_waiting: bool
    is_lost_phone: bool
    reason: str
    reply_until: str
    can_cancel: bool
    can_reply: bool


def shown_request(view: PersonRequestView, lang: str) -> ShownRequest:
    """A request in words of one language."""
    state = translate(
        STATES.get(view.state, view.state), lang, date=format_day(view.planned_on, lang)
    )
    return ShownRequest(
        number=view.number,
        kind=translate(KINDS.get(view.kind, view.kind), lang),
        state=state,
        received_at=view.received_at,
        answer_by=view.answer_by,
        delayed=view.delayed,
        is_open=view.closed_at is None,
        is_owed=view.state in OWED,
        is_waiting=view.state == "waiting",
        is_lost_phone=view.kind == "lost_phone",
        reason=translate(REASONS[view.reason], lang) if view.reason in REASONS else "",
        reply_until=view.reply_until,
        can_cancel=view.can_cancel,
        can_reply=view.can_reply,
    )


async def list_requests(
    request: web.Request, account_id: str, timeout: float = 3.0
) -> list[ShownRequest]:
    """The requests of an account, open ones first. Raises where support does not answer."""
    message = ListMyRequests(account_id=account_id)
    view = await ask(request, message, PersonRequestsView, timeout=timeout)
    return [shown_request(one, request[REQUEST_STATE].lang) for one in view.requests]


async def open_requests(request: web.Request, account_id: str) -> list[ShownRequest] | None:
    """The open requests of an account; None where support does not answer."""
    try:
        found = await list_requests(request, account_id, SHORT_SECONDS)
    except UNAVAILABLE_ERRORS as error:
        log.info("A service is unavailable.", action="dependency_away", reason=plain_reason(error))
        return None
    return [one for one in found if one.is_open]
