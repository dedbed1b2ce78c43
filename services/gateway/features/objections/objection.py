"""Objecting to a change that the support desk plans, by the link of the mail that announces it.

Opening the link changes nothing; its button stops the change, whoever reads the mailbox. Stopping
harms nobody: the desk can propose the change again.
"""

from aiohttp import web

from services.gateway.clients.services import ask, seal
from services.gateway.http.forms import Form
from services.gateway.portal.mailed_links import MailedLink
from services.gateway.sessions.request_state import idempotency_key
from shared.contracts.support.proposals import DescribeObjection, ObjectToAct, PlannedActView

LINK = MailedLink("objection", "welcome", "objection.html")
GONE, VALID = PlannedActView(state="gone"), PlannedActView(state="valid")


async def show(request: web.Request, form: Form) -> web.Response:
    """What is planned; opening the link changes nothing."""
    token, link = LINK.token_of(request, form), GONE
    if token:
        sealed = seal(request, DescribeObjection, "link_token", token)
        link = await ask(request, DescribeObjection(link_token=sealed), PlannedActView)
    return LINK.render(request, link, token, form)


async def show_unavailable(request: web.Request, form: Form) -> web.Response:
    """The button again."""
    return LINK.render(request, VALID, LINK.token_of(request, form), form)


async def submit(request: web.Request, fields: dict[str, str]) -> web.Response | Form:
    """Stop what is planned."""
    token = fields["token"]
    if not LINK.token.fullmatch(token):
        return LINK.render(request, GONE, "", Form())
    message = ObjectToAct(link_token=seal(request, ObjectToAct, "link_token", token))
    key = idempotency_key(request, "objection", fields)
    return LINK.render(request, await ask(request, message, PlannedActView, key), token, Form())
