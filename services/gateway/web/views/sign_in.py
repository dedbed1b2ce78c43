"""Sign-in: the form, and where a right password leads.

Signing in to an account comes with the second factor; until then the page says that the account
exists. A pending request goes on at its due step, whatever the browser (settled 2).
"""

from __future__ import annotations

from aiohttp import web

from services.gateway.web.errors import PageError
from services.gateway.web.forms import Form
from services.gateway.web.keys import REGISTRATION
from services.gateway.web.texts import alert_text
from services.gateway.web.visits import (
    VISIT,
    bind,
    due_url,
    idempotency_key,
    note,
    page,
    redirect,
    refuse_form,
)
from shared.messaging.handlers import Refused
from shared.telemetry import get_logger

log = get_logger("gateway")


async def show(request: web.Request) -> web.Response:
    """The form (G-02)."""
    return page(request, "sign_in.html", form=Form())


async def submit(request: web.Request, fields: dict[str, str]) -> web.Response:
    """Ask registration; answers are alike for known and unknown addresses (AU-08, B-03)."""
    visit, registration = request[VISIT], request.app[REGISTRATION]
    try:
        signed = await registration.sign_in(
            fields["address"],
            fields["password"],
            network=visit.network,
            key=idempotency_key(request, "sign-in", fields),
        )
        if signed.due != "request" or signed.request_id is None:
            log.info("The password of an account was right.", action="authn_password_ok")
            return page(request, "sign_in_later.html")
        view = await registration.describe(signed.request_id)
    except Refused as refused:
        if refused.refusal.slug == "request_gone":
            raise PageError(503, retry_after=5) from refused
        return _refused(request, fields, refused)
    await bind(request, view)
    note(request, "back")
    return redirect(due_url(view))


async def away(request: web.Request, fields: dict[str, str]) -> web.Response:
    """The form with the address that was typed."""
    form = Form.again(fields, same=True)
    form.alert = alert_text("away", request[VISIT].lang)
    return page(request, "sign_in.html", status=503, form=form)


def _refused(request: web.Request, fields: dict[str, str], refused: Refused) -> web.Response:
    form = Form.again(fields)
    status = refuse_form(request, form, refused)
    action = "authn_login_lock" if status == 429 else "authn_login_fail"
    log.warning("A sign-in was refused.", action=action, network=request[VISIT].network)
    return page(request, "sign_in.html", status=status, form=form)
