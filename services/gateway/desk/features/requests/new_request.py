"""A request that somebody made by telephone or by mail, written down by an agent."""

from uuid import UUID

from aiohttp import web

from services.gateway.clients.services import seal
from services.gateway.desk.features.requests.request_words import CHANNELS, word
from services.gateway.desk.support import act, agent_of, refused_act, require_role
from services.gateway.http.forms import Form
from services.gateway.http.rendering import page
from services.gateway.http.routes import redirect, url
from services.gateway.portal.request_texts import KINDS
from services.gateway.sessions.request_state import REQUEST_STATE, flash
from shared.contracts.base import FieldError, Refusal
from shared.contracts.support.people_requests import OpenRequest, RequestChanged
from shared.i18n.catalogue import known_language
from shared.messaging.handlers import Refused

#: How a request comes that an agent writes down.
BY_AGENTS = tuple(channel for channel in CHANNELS if channel != "portal")
#: The languages of the mails, in their own words.
LANGUAGES = (("fr", "Français"), ("en", "English"))
#: In the query of the page: the account that the request is about.
ACCOUNT_QUERY = "compte"


async def show(request: web.Request, form: Form) -> web.Response:
    """The form; the account may be in the URL of the page."""
    require_role(request, "agent", "supervisor")
    lang = request[REQUEST_STATE].lang
    if not form.typed:
        form.values = {"account_id": request.query.get(ACCOUNT_QUERY, "")[:36]}
    return page(
        request,
        "new_request.html",
        form=form,
        kinds=[(kind, word("KINDS", kind, lang)) for kind in KINDS],
        channels=[(one, word("CHANNELS", one, lang)) for one in BY_AGENTS],
        languages=LANGUAGES,
        back_url=_back_url(request, form.values.get("account_id", "")),
    )


async def submit(request: web.Request, fields: dict[str, str]) -> web.Response | Form:
    """Write it down; the person gets its number by mail."""
    account_id, address = fields["account_id"].strip(), fields["address"]
    if account_id and not _is_account_id(account_id):
        wrong = (FieldError(field="account_id", code="format"),)
        return refused_act(request, fields, Refused(Refusal(slug="invalid_fields", errors=wrong)))
    message = OpenRequest(
        agent_id=agent_of(request).account_id,
        kind=fields["kind"],
        channel=fields["channel"],
        text=seal(request, OpenRequest, "text", fields["text"]),
        account_id=account_id.lower(),
        address=seal(request, OpenRequest, "address", address) if address else None,
        language=known_language(fields["language"]),
    )
    opened = await act(request, fields, message, RequestChanged, "open_request")
    if isinstance(opened, Form):
        return opened
    flash(request, "request_opened")
    return redirect(request, "request", number=opened.number)


def _back_url(request: web.Request, account_id: str) -> str:
    """The page of the account that the request is about, else the queue."""
    if _is_account_id(account_id):
        return url(request, "desk_account", account_id=account_id)
    return url(request, "requests")


def _is_account_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False
