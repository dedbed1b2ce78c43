"""A request that this browser has just sent: its number, its day, and its « Annuler ma demande ».

Whoever sent a form may cancel it from the page that follows, signed in or not: a hidden field names
the number, sealed for the browser that sent it.
"""

from datetime import date, datetime
from typing import Any, Protocol

from aiohttp import web

from services.gateway.sessions.request_state import REQUEST_STATE
from services.gateway.sessions.sealed_state import SEALED_STATE


class Promises(Protocol):
    """By when requests are answered: the settings."""

    def answer_by(self, kind: str, received_at: datetime) -> date: ...


PROMISES: web.AppKey[Promises] = web.AppKey("promises")


def sent_request(request: web.Request, number: str, answer_by: str) -> dict[str, Any]:
    """What the page after a form needs to show: number, day (`2026-12-04`), sealed number."""
    browser = request[REQUEST_STATE].form_browser
    sealed = request.app[SEALED_STATE].seal(number, _bound_to(browser)) if browser else ""
    return {"number": number, "answer_by": answer_by, "sent": sealed}


def read_sent(request: web.Request, sealed: str) -> str | None:
    """The number that was sealed for this browser, or None."""
    browser = request[REQUEST_STATE].form_browser
    return request.app[SEALED_STATE].open(sealed, _bound_to(browser)) if browser else None


def _bound_to(browser: str) -> str:
    return f"sent request/{browser}"
