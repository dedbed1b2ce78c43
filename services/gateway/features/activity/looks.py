"""« Qui a consulté mon compte »: every look of an agent in twelve months, never a name (C-128)."""

from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from services.gateway.clients.services import ask
from services.gateway.http.rendering import page
from services.gateway.portal.journal_texts import reason_text, role_text
from services.gateway.sessions import guards
from services.gateway.sessions.request_state import REQUEST_STATE
from shared.contracts.support.journal import ListLooks, LookRow, LooksView


@dataclass(frozen=True, kw_only=True)
class ShownLook:
    """A look in words; role and reason are empty where it was shown later because of an inquiry."""

    looked_at: datetime
    role: str
    reason: str
    deferred: bool


async def show(request: web.Request) -> web.Response:
    """Date, role and reason of each."""
    account_id = guards.require_signed_in(request).account_id
    view = await ask(request, ListLooks(account_id=account_id), LooksView)
    lang = request[REQUEST_STATE].lang
    return page(request, "looks.html", looks=[in_words(look, lang) for look in view.looks])


def in_words(look: LookRow, language: str) -> ShownLook:
    """A look as the page says it."""
    return ShownLook(
        looked_at=look.at,
        role=role_text(look.role, language) if look.role else "",
        reason=reason_text(look.reason, language) if look.reason else "",
        deferred=look.deferred,
    )
