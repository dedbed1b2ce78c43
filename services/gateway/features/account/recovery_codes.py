"""Recovery codes, shown once (OT-14, B-13): after the enrolment, and on demand in the account.

The gateway does not store them. Where the box was not ticked, the page shows them again from a
hidden field of its form, sealed for this session.
"""

from datetime import datetime

from aiohttp import web

from services.gateway.clients.clients import CLIENTS
from services.gateway.clients.mfa import RecoveryCodes
from services.gateway.http.errors import Redirect
from services.gateway.http.forms import Form
from services.gateway.http.rendering import page
from services.gateway.http.routes import redirect, url
from services.gateway.http.site import CLOCK
from services.gateway.portal import session_pages
from services.gateway.portal.field_texts import field_texts
from services.gateway.portal.form_errors import log_refused_code, refuse_form, unavailable_page
from services.gateway.sessions import guards
from services.gateway.sessions.model import Session
from services.gateway.sessions.request_state import REQUEST_STATE, flash, idempotency_key
from services.gateway.sessions.sealed_state import SEALED_STATE
from services.gateway.sessions.sessions import SESSIONS
from shared.contracts.base import FieldError
from shared.messaging.handlers import Refused
from shared.security.sealing import new_token

#: Where the list is confirmed: after an enrolment, and in the account.
SIGNING_IN = "first_recovery_codes"
IN_ACCOUNT = "confirm_recovery_codes"
ASKED = "recovery_codes"
ACCOUNT = "account"
GROUP = 4


async def show_first(request: web.Request) -> web.Response:
    """The list after an enrolment, a new one each time until it is confirmed.

    Without another code only as long as the last one is fresh (SE-09).
    """
    found = guards.require_signed_in(request)
    factor = await request.app[CLIENTS].mfa.describe(found.account_id)
    if not factor.recovery_on or factor.recovery_kept:
        raise Redirect(await session_pages.after_login(request, found))
    if not found.code_is_fresh(request.app[SESSIONS].limits, request.app[CLOCK]()):
        raise Redirect(ASKED)
    made = await request.app[CLIENTS].mfa.make_recovery_codes(
        found.account_id, device=request[REQUEST_STATE].device, key=new_token()
    )
    return _render(request, found, made, SIGNING_IN)


async def confirm_first(request: web.Request, fields: dict[str, str]) -> web.Response:
    """The person has them: on to where they wanted to go."""
    found = guards.require_signed_in(request)
    return await _confirm(request, found, fields, SIGNING_IN)


async def show(request: web.Request) -> web.Response:
    """How many are left, and a form for a new list."""
    return await _show(request, Form())


async def submit(request: web.Request, fields: dict[str, str]) -> web.Response:
    """A new list, with the password and a code (SE-09)."""
    found, app, state = guards.require_signed_in(request), request.app, request[REQUEST_STATE]
    try:
        await app[CLIENTS].auth.check_password(
            found.account_id,
            fields["password"],
            key=idempotency_key(request, "codes-password", fields),
        )
        await app[CLIENTS].mfa.check(
            found.account_id,
            fields["code"],
            device=state.device,
            key=idempotency_key(request, "codes-totp", fields),
        )
        made = await app[CLIENTS].mfa.make_recovery_codes(
            found.account_id,
            device=state.device,
            key=idempotency_key(request, "codes", fields),
        )
    except Refused as refused:
        form = Form.again(fields)
        prefix = "confirm" if refused.refusal.slug == "wrong_password" else "totp"
        status = refuse_form(request, form, refused, prefix=prefix)
        log_refused_code(request, status)
        return await _show(request, form, status)
    return _render(request, found, made, IN_ACCOUNT)


async def confirm(request: web.Request, fields: dict[str, str]) -> web.Response:
    """The person has them: back to the account."""
    found = guards.require_signed_in(request)
    return await _confirm(request, found, fields, IN_ACCOUNT)


on_unavailable = unavailable_page("account_recovery.html", left=None)


async def _show(request: web.Request, form: Form, status: int = 200) -> web.Response:
    found = guards.require_signed_in(request)
    factor = await request.app[CLIENTS].mfa.describe(found.account_id)
    if not factor.recovery_on:
        raise Redirect(ACCOUNT)
    left = factor.recovery_left
    return page(request, "account_recovery.html", status=status, form=form, left=left)


async def _confirm(
    request: web.Request, found: Session, fields: dict[str, str], action: str
) -> web.Response:
    again = SIGNING_IN if action == SIGNING_IN else ASKED
    shown = request.app[SEALED_STATE].open(fields["list"], found.id)
    if shown is None:
        raise Redirect(again)
    made_at, *codes = shown.split()
    made = RecoveryCodes(codes=codes, made_at=datetime.fromisoformat(made_at))
    if fields["kept"] != "1":
        form = Form.again(fields)
        missing = (FieldError(field="kept", code="missing"),)
        form.errors = field_texts(missing, request[REQUEST_STATE].lang)
        return _render(request, found, made, action, form)
    key = idempotency_key(request, "kept", fields)
    try:
        await request.app[CLIENTS].mfa.confirm_recovery_codes(
            found.account_id, made.made_at, key=key
        )
    except Refused as refused:
        if refused.refusal.slug != "list_replaced":
            raise
        flash(request, "codes_replaced")
        raise Redirect(again) from refused
    flash(request, "codes_kept")
    there = ACCOUNT if action == IN_ACCOUNT else await session_pages.after_login(request, found)
    return redirect(request, there)


def _render(
    request: web.Request,
    found: Session,
    made: RecoveryCodes,
    action: str,
    form: Form | None = None,
) -> web.Response:
    shown = form or Form()
    content = " ".join((made.made_at.isoformat(), *made.codes))
    shown.values = {"list": request.app[SEALED_STATE].seal(content, found.id)}
    return page(
        request,
        "recovery_codes.html",
        status=422 if form else 200,
        form=shown,
        codes=[_grouped(code) for code in made.codes],
        renewed=made.renewed,
        made_at=made.made_at,
        action=url(request, action),
        switch_url=url(request, action if action == SIGNING_IN else ACCOUNT),
    )


def _grouped(code: str) -> str:
    bare = code.replace("-", "")
    return " ".join(bare[at : at + GROUP] for at in range(0, len(bare), GROUP))
