"""Recovery codes (OT-14, B-13): after the enrolment, and on demand in the account.

Looking at them changes nothing: a press makes a list, and the page shows the same one until the
person confirms that it is in a safe place.
"""

from datetime import datetime

from aiohttp import web

from services.gateway.clients.services import ask
from services.gateway.http.errors import HttpError, Redirect
from services.gateway.http.forms import Form
from services.gateway.http.rendering import page
from services.gateway.http.routes import redirect, url
from services.gateway.http.site import SITE
from services.gateway.portal import session_pages
from services.gateway.portal.credentials import (
    check_code,
    check_password,
    code_is_fresh,
    describe_factor,
)
from services.gateway.portal.form_errors import invalid_form, refused_code
from services.gateway.portal.recovery_code_list import (
    RecoveryCodes,
    delete_list,
    find_list,
    make_list,
)
from services.gateway.sessions import guards
from services.gateway.sessions.model import Session
from services.gateway.sessions.request_state import REQUEST_STATE, flash, idempotency_key
from services.gateway.sessions.sessions import SESSIONS
from shared.contracts.mfa.requests import KeepRecoveryCodes, Noted
from shared.contracts.mfa.views import FactorView
from shared.messaging.handlers import Refused

#: Where the list is confirmed: after an enrolment, and in the account.
SIGNING_IN = "first_recovery_codes"
IN_ACCOUNT = "confirm_recovery_codes"
ON_DEMAND = "recovery_codes"
ACCOUNT = "account"
GROUP = 4


async def show_first(request: web.Request, form: Form) -> web.Response:
    """The list after an enrolment, or the button that makes one.

    Without another code only as long as the last one is fresh (SE-09).
    """
    found = guards.require_signed_in(request)
    factor = await describe_factor(request, found.account_id)
    if not factor.recovery_on or factor.recovery_kept:
        raise await session_pages.after_login(request, found)
    if not code_is_fresh(request, found):
        raise Redirect(ON_DEMAND)
    made = await _unconfirmed(request, found, factor)
    if made is None:
        return page(request, "recovery_codes_due.html", form=form)
    return _render(request, made, SIGNING_IN, form)


async def submit_first(request: web.Request, fields: dict[str, str]) -> web.Response | Form:
    """The person has them: on to where they wanted to go. Without a list, make one."""
    if fields["list"]:
        return await _confirm(request, fields, SIGNING_IN)
    found = guards.require_signed_in(request)
    if not code_is_fresh(request, found):
        raise Redirect(ON_DEMAND)
    await make_list(request, found.account_id, idempotency_key(request, "first-codes", fields))
    return redirect(request, SIGNING_IN)


async def show(request: web.Request, form: Form) -> web.Response:
    """The list to be confirmed; else how many codes are left, and a form for a new list."""
    found = guards.require_signed_in(request)
    factor = await describe_factor(request, found.account_id)
    if not factor.recovery_on:
        raise Redirect(ACCOUNT)
    if not factor.recovery_kept and code_is_fresh(request, found):
        made = await _unconfirmed(request, found, factor)
        if made is not None:
            return _render(request, made, IN_ACCOUNT, form)
    return page(request, "account_recovery.html", form=form, left=factor.recovery_left)


async def show_unavailable(request: web.Request, form: Form) -> web.Response:
    """The form, without the number of codes that are left."""
    return page(request, "account_recovery.html", form=form, left=None)


async def submit(request: web.Request, fields: dict[str, str]) -> web.Response | Form:
    """A new list, with the password and a code (SE-09)."""
    found = guards.require_signed_in(request)
    try:
        await check_password(request, found, fields, "codes-password")
        checked = await check_code(request, found, fields, "codes-totp")
        await make_list(request, found.account_id, idempotency_key(request, "codes", fields))
    except Refused as refused:
        return refused_code(request, fields, refused)
    token = request[REQUEST_STATE].token or ""
    await request.app[SESSIONS].record_code(token, checked.accepted_at)
    return redirect(request, ON_DEMAND)


async def confirm(request: web.Request, fields: dict[str, str]) -> web.Response | Form:
    """The person has them: back to the account."""
    return await _confirm(request, fields, IN_ACCOUNT)


async def _unconfirmed(
    request: web.Request, found: Session, factor: FactorView
) -> RecoveryCodes | None:
    """The list to be confirmed, where its codes are still the account's."""
    return await find_list(request, found.account_id) if factor.recovery_left else None


async def _confirm(
    request: web.Request, fields: dict[str, str], action: str
) -> web.Response | Form:
    found = guards.require_signed_in(request)
    try:
        made_at = datetime.fromisoformat(fields["list"])
    except ValueError:
        raise HttpError(400, event="input_validation_fail", reason="not a moment") from None
    if fields["kept"] != "1":
        return invalid_form(request, fields, "kept")
    message = KeepRecoveryCodes(account_id=found.account_id, made_at=made_at)
    try:
        await ask(request, message, Noted, idempotency_key(request, "kept", fields))
    except Refused as refused:
        if refused.refusal.slug != "list_replaced":
            raise
        if (made := await find_list(request, found.account_id)) and made.made_at == made_at:
            await delete_list(request, found.account_id)  # its codes are no longer the account's
        flash(request, "codes_replaced")
        raise Redirect(SIGNING_IN if action == SIGNING_IN else ON_DEMAND) from refused
    await delete_list(request, found.account_id)
    flash(request, "codes_kept")
    if action == IN_ACCOUNT:
        return redirect(request, ACCOUNT)
    raise await session_pages.after_login(request, found)


def _render(request: web.Request, made: RecoveryCodes, action: str, form: Form) -> web.Response:
    form.values = {"list": made.made_at.isoformat()}
    return page(
        request,
        "recovery_codes.html",
        form=form,
        codes=[_grouped(code) for code in made.codes],
        renewed=made.renewed,
        made_at=made.made_at,
        base=request.app[SITE].origin,
        action=url(request, action),
        switch_url=url(request, action if action == SIGNING_IN else ON_DEMAND),
    )


def _grouped(code: str) -> str:
    bare = code.replace("-", "")
    return " ".join(bare[at : at + GROUP] for at in range(0, len(bare), GROUP))
