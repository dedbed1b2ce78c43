"""« Bloquer mon compte »: one act in a session freezes the account and ends every session."""

from aiohttp import web

from services.gateway.clients.services import ask
from services.gateway.http.errors import Redirect
from services.gateway.http.form_routes import keep_result
from services.gateway.http.forms import Form
from services.gateway.http.rendering import page
from services.gateway.http.routes import url
from services.gateway.portal.session_pages import end_frozen
from services.gateway.sessions import guards
from services.gateway.sessions.request_state import idempotency_key
from shared.contracts.registration.holder import BlockAccount
from shared.contracts.registration.views import FrozenView


async def show(request: web.Request, form: Form) -> web.Response:
    """What it does, and how the account is opened again; no code is asked."""
    return page(request, "account_block.html", form=form)


async def submit(request: web.Request, fields: dict[str, str]) -> Form:
    """Freeze the account; every session ends before the answer, this browser's too."""
    account_id = guards.require_signed_in(request).account_id
    key = idempotency_key(request, "block", fields)
    frozen = await ask(request, BlockAccount(account_id=account_id), FrozenView, key)
    blocked = Form.accepted(desk_only=frozen.desk_only)
    await keep_result(request, blocked, account_id)
    await end_frozen(request, account_id)
    return blocked


async def show_blocked(request: web.Request, form: Form) -> web.Response:
    """That the account is blocked, and the way back; nothing without the form's result."""
    if form.result is None:
        raise Redirect("welcome")
    return page(
        request,
        "account_blocked.html",
        desk_only=form.result["desk_only"],
        switch_url=url(request, "welcome"),
    )
