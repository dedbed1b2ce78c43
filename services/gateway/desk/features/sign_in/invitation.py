"""The page of a mailed link for an agent: an invitation, or credentials anew (RE-07).

Opening it changes nothing; its button sets name and password, and the phone is enrolled next.
"""

import msgspec
from aiohttp import web

from services.gateway.clients.services import ask, seal
from services.gateway.desk import session_pages
from services.gateway.desk.features.sign_in.sign_in import start_session
from services.gateway.desk.texts import role_text
from services.gateway.http.forms import Form
from services.gateway.http.routes import redirect
from services.gateway.portal.form_errors import invalid_form, refused_form
from services.gateway.portal.mailed_links import MailedLink
from services.gateway.sessions.request_state import REQUEST_STATE, idempotency_key
from shared.contracts.support.agents import (
    AcceptInvitation,
    AgentSignInView,
    DescribeInvitation,
    InvitationView,
)
from shared.messaging.handlers import Refused

LINK = MailedLink("invitation", "sign_in", "invitation.html")


class LinkState(msgspec.Struct, frozen=True):
    """What the page shows of the link; `invitation` where it can be used."""

    state: str
    invitation: InvitationView | None = None


async def show(request: web.Request, form: Form) -> web.Response:
    """Who is invited as what, and the form; else why the link opens nothing."""
    token = LINK.token_of(request, form)
    link = await _describe(request, token)
    found, lang = link.invitation, request[REQUEST_STATE].lang
    if found is not None and not form.typed:
        form.values = {"first_name": found.first_name, "last_name": found.last_name}
    role = role_text(found.role, lang) if found is not None else ""
    return LINK.render(request, link, token, form, role=role)


async def submit(request: web.Request, fields: dict[str, str]) -> web.Response | Form:
    """Use the link: the agent is signed in as far as the second factor."""
    names = ("first_name", "last_name", "password")
    if missing := [name for name in names if not fields[name].strip()]:
        return invalid_form(request, fields, *missing)
    message = AcceptInvitation(
        link_token=seal(request, AcceptInvitation, "link_token", fields["token"]),
        password=seal(request, AcceptInvitation, "password", fields["password"]),
        first_name=fields["first_name"],
        last_name=fields["last_name"],
        language=request[REQUEST_STATE].lang,
    )
    try:
        key = idempotency_key(request, "invitation", fields)
        signed = await ask(request, message, AgentSignInView, key)
    except Refused as refused:
        LINK.raise_if_spent(refused, fields)
        return refused_form(request, fields, refused)
    found = await start_session(request, signed, "")
    return redirect(request, session_pages.next_step(request, found))


async def _describe(request: web.Request, token: str) -> LinkState:
    if not token:
        return LinkState("malformed")
    message = DescribeInvitation(link_token=seal(request, DescribeInvitation, "link_token", token))
    try:
        return LinkState("valid", await ask(request, message, InvitationView))
    except Refused as refused:
        if refused.refusal.slug != "link_gone":
            raise
        return LinkState("gone")
