"""« Mot de passe oublié » and the new password by a mailed link (G-44, RE-05, RE-06, OT-16).

Known and unknown addresses get the same page in the same time. Only the POST with a valid new
password uses the link up; it signs nobody in, and the second factor is still needed.
"""

from aiohttp import web

from services.gateway.clients.services import ask, seal
from services.gateway.http.forms import Form
from services.gateway.http.rendering import page
from services.gateway.portal.flash import redirect_with_flash
from services.gateway.portal.form_errors import refused_form
from services.gateway.portal.mailed_links import MailedLink
from services.gateway.portal.password_rules import password_rules
from services.gateway.portal.session_pages import end_account_sessions
from services.gateway.sessions.request_state import REQUEST_STATE, idempotency_key
from shared.contracts.registration.requests import (
    DescribeReset,
    RequestPasswordReset,
    ResetPassword,
)
from shared.contracts.registration.views import Done, MailedLinkView, PasswordChangedView
from shared.messaging.handlers import Refused

#: Lifetime of links for a new password or a lost phone, in minutes.
LINK_MINUTES = web.AppKey("link_minutes", int)
LINK = MailedLink("reset_password", "forgotten_password", "reset.html")
MALFORMED, VALID = MailedLinkView(state="malformed"), MailedLinkView(state="valid")
NO_RULES: dict[str, object] = {"rules": "{}", "policy": []}


async def show(request: web.Request, form: Form) -> web.Response:
    """The form for the address; then that a link was sent, if there is an account."""
    if form.result is None:
        return page(request, "forgotten.html", form=form)
    return page(request, "forgotten_sent.html", minutes=request.app[LINK_MINUTES], **form.result)


async def submit(request: web.Request, fields: dict[str, str]) -> Form:
    """Have a link sent, if there is an account."""
    state = request[REQUEST_STATE]
    message = RequestPasswordReset(
        address=fields["address"], language=state.lang, network=state.network
    )
    try:
        await ask(request, message, Done, idempotency_key(request, "forgotten", fields))
    except Refused as refused:
        return refused_form(request, fields, refused)
    return Form.accepted(address=fields["address"])


async def show_reset(request: web.Request, form: Form) -> web.Response:
    """The state of the link; opening it changes nothing."""
    token, link = LINK.token_of(request, form), MALFORMED
    if token:
        message = DescribeReset(link_token=seal(request, DescribeReset, "link_token", token))
        link = await ask(request, message, MailedLinkView)
    return await _render_reset(request, link, token, form)


async def reset_unavailable(request: web.Request, form: Form) -> web.Response:
    """The form again; sent again it is the same act."""
    return await _render_reset(request, VALID, LINK.token_of(request, form), form)


async def submit_reset(request: web.Request, fields: dict[str, str]) -> web.Response | Form:
    """Set the new password; every session of the account ends before the response."""
    token = fields["token"]
    if not LINK.token.fullmatch(token):
        return await _render_reset(request, MALFORMED, "", Form())
    message = ResetPassword(
        link_token=seal(request, ResetPassword, "link_token", token),
        password=seal(request, ResetPassword, "password", fields["password"]),
        device=request[REQUEST_STATE].device,
    )
    key = idempotency_key(request, "reset", fields)
    try:
        view = await ask(request, message, PasswordChangedView, key)
    except Refused as refused:
        LINK.raise_if_spent(refused, fields)
        return refused_form(request, fields, refused)
    await end_account_sessions(request, view.account_id, view.changed_at, "password_changed")
    return redirect_with_flash(request, "sign_in", "password_reset")


async def _render_reset(
    request: web.Request, link: MailedLinkView, token: str, form: Form
) -> web.Response:
    rules = await password_rules(request, form) if link.state == "valid" else NO_RULES
    return LINK.render(request, link, token, form, **rules)
