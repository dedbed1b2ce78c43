"""A lost phone on the page of its request: the words of a call, the date, and how to stop it.

The page shows both words while an agent calls, so that each knows who is on the line (OT-15).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from aiohttp import web

from services.gateway.clients.services import ask, open_sealed
from services.gateway.http.errors import UNAVAILABLE_ERRORS
from shared.contracts.base import Request
from shared.contracts.support.lost_phones import (
    DescribeLostPhoneCase,
    LostPhoneFollowUp,
    StopLostPhone,
)
from shared.errors import plain_reason
from shared.messaging.handlers import Refused
from shared.runtime.telemetry import get_logger

KIND = "lost_phone"
#: While it can be stopped; before that cancelling the request does.
STOPPABLE = ("proposed", "planned", "waiting", "open")

log = get_logger("gateway")
#: The fields of a message that say which request it is about, by the message's type.
Names = Callable[[type[Request]], dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class ShownCase:
    """A lost phone as the page shows it. `agent` and `person` are the words of a call by language;
    `watched` is what the script compares: another value means that the page has changed."""

    state: str
    agent: dict[str, str] | None
    person: dict[str, str] | None
    until: datetime | None
    due_at: datetime | None
    code_until: datetime | None
    open_until: datetime | None
    watched: str

    @property
    def can_stop(self) -> bool:
        """Whether « Tout arrêter » is shown."""
        return self.state in STOPPABLE


async def describe(request: web.Request, names: Names) -> ShownCase | None:
    """Where the lost phone stands; None where support does not know, or does not answer."""
    message = DescribeLostPhoneCase(**names(DescribeLostPhoneCase))
    try:
        view = await ask(request, message, LostPhoneFollowUp)
    except (Refused, *UNAVAILABLE_ERRORS) as error:
        log.info(
            "A lost phone is not described.", action="lost_phone_away", reason=plain_reason(error)
        )
        return None
    words: dict[str, dict[str, str]] = {}
    if view.words is not None:
        text = open_sealed(request, LostPhoneFollowUp, "words", view.words)
        words = msgspec.json.decode(text, type=dict[str, dict[str, str]])
    return ShownCase(
        state=view.state,
        agent=words.get("agent"),
        person=words.get("person"),
        until=view.until,
        due_at=view.due_at,
        code_until=view.code_until,
        open_until=view.open_until,
        watched=_watched(view),
    )


async def state(request: web.Request, names: Names) -> web.Response:
    """What the page's script asks every five seconds; no word is in it."""
    message = DescribeLostPhoneCase(**names(DescribeLostPhoneCase))
    try:
        view = await ask(request, message, LostPhoneFollowUp)
    except Refused:
        return web.json_response({"watched": ""})
    return web.json_response({"watched": _watched(view)})


async def stop(request: web.Request, names: Names, key: str, *, block: bool) -> None:
    """« Tout arrêter », « Arrêter et bloquer »."""
    message = StopLostPhone(**names(StopLostPhone), block=block)
    await ask(request, message, LostPhoneFollowUp, key)


def _watched(view: LostPhoneFollowUp) -> str:
    call = "" if view.until is None else f" {view.until.timestamp():.0f}"
    return f"{view.state}{call}"
