"""Another e-mail address: password and a code, then the new address is verified (B-14).

The current address stays the user name until then. For an address that has an account the pages are
the same (B-03).
"""

from dataclasses import replace

from aiohttp import web

from services.gateway.clients.clients import CLIENTS
from services.gateway.http.errors import Redirect
from services.gateway.http.forms import Form
from services.gateway.http.rendering import page
from services.gateway.http.routes import redirect, url
from services.gateway.http.site import CLOCK
from services.gateway.portal import session_pages
from services.gateway.portal.email_suggestions import choose_address, typo_form
from services.gateway.portal.form_errors import log_refused_code, refuse_form, unavailable_form
from services.gateway.sessions import guards
from services.gateway.sessions.request_state import REQUEST_STATE, flash, idempotency_key
from shared.contracts.registration.views import AddressChangeView
from shared.messaging.handlers import Refused

#: The refusal where no change is pending.
NO_CHANGE = "no_change"


async def show(request: web.Request) -> web.Response:
    """The form; a pending change is pointed out."""
    found = guards.require_signed_in(request)
    try:
        pending = await request.app[CLIENTS].address_change.describe(found.account_id)
    except Refused:
        pending = None
    return _form(request, Form(), pending=pending)


async def submit(request: web.Request, fields: dict[str, str]) -> web.Response:
    """Address and password first: a code is used up only where they were right."""
    found, app, state = guards.require_signed_in(request), request.app, request[REQUEST_STATE]
    fields = choose_address(fields)
    try:
        await app[CLIENTS].address_change.check_change(
            found.account_id,
            fields["address"],
            fields["password"],
            point_out_slip=not fields["kept"],
            key=idempotency_key(request, "address-judged", fields),
        )
        await app[CLIENTS].mfa.check(
            found.account_id,
            fields["code"],
            device=state.device,
            key=idempotency_key(request, "address-totp", fields),
        )
        await app[CLIENTS].address_change.request_change(
            found.account_id,
            fields["address"],
            fields["password"],
            language=state.lang,
            device=state.device,
            key=idempotency_key(request, "address-wished", fields),
        )
    except Refused as refused:
        if (form := typo_form(fields, refused)) is not None:
            return _form(request, form)
        await session_pages.end_if_account_closed(request, refused)
        form = Form.again(fields)
        status = refuse_form(request, form, refused, prefix="totp")
        log_refused_code(request, status)
        return _form(request, form, status)
    return redirect(request, "confirm_new_address")


async def on_unavailable(request: web.Request, fields: dict[str, str]) -> web.Response:
    """The form with the address as it was typed; sent again it is the same act."""
    guards.require_signed_in(request)
    return _form(request, unavailable_form(request, choose_address(fields)), 503)


async def show_code(request: web.Request) -> web.Response:
    """Where the code went, and the field for it."""
    return _proof(request, await _described(request), Form())


async def submit_code(request: web.Request, fields: dict[str, str]) -> web.Response:
    """The right code: another user name, and every other session ends before this answers."""
    found, state = guards.require_signed_in(request), request[REQUEST_STATE]
    try:
        view = await request.app[CLIENTS].address_change.confirm(
            found.account_id,
            fields["code"],
            device=state.device,
            key=idempotency_key(request, "new-address", fields),
        )
    except Refused as refused:
        return await _refused(request, fields, refused)
    moved = replace(found, address=view.address)
    await guards.rotate_session(request, moved, fields["key"], view.changed_at, "address_changed")
    flash(request, "address_changed")
    return redirect(request, "account")


async def resend(request: web.Request, fields: dict[str, str]) -> web.Response:
    """Send another code; the former one is no longer valid."""
    found, state = guards.require_signed_in(request), request[REQUEST_STATE]
    try:
        await request.app[CLIENTS].address_change.resend(
            found.account_id,
            language=state.lang,
            device=state.device,
            key=idempotency_key(request, "new-address-again", fields),
        )
    except Refused as refused:
        return await _refused(request, fields, refused)
    flash(request, "resent_address")
    return redirect(request, "confirm_new_address")


async def cancel(request: web.Request, fields: dict[str, str]) -> web.Response:
    """Cancel the change: the address stays as it is."""
    found = guards.require_signed_in(request)
    key = idempotency_key(request, "new-address-cancelled", fields)
    try:
        await request.app[CLIENTS].address_change.cancel(found.account_id, key=key)
    except Refused as refused:
        await session_pages.end_if_account_closed(request, refused)
        raise
    flash(request, "address_kept")
    return redirect(request, "account")


async def code_unavailable(request: web.Request, fields: dict[str, str]) -> web.Response:
    """The page again, where it can be shown; the code has to be typed again.

    Where the code was accepted and only the answer was lost, the same form is sent again.
    """
    found, form = guards.require_signed_in(request), unavailable_form(request, fields)
    try:
        change = await request.app[CLIENTS].address_change.describe(found.account_id)
    except Refused as refused:
        if "code" in fields and refused.refusal.slug == NO_CHANGE:
            return await submit_code(request, fields)
        _leave(request, refused)
        raise
    return _proof(request, change, form, 503)


async def _refused(request: web.Request, fields: dict[str, str], refused: Refused) -> web.Response:
    await session_pages.end_if_account_closed(request, refused)
    _leave(request, refused)
    form = Form.again(fields)
    status = refuse_form(request, form, refused, prefix="address")
    return _proof(request, await _described(request), form, status)


def _leave(request: web.Request, refused: Refused) -> None:
    """Redirect to the form where the change has ended, or another account has the address."""
    codes = {NO_CHANGE: "address_wish_gone", "address_taken": "address_taken"}
    if refused.refusal.slug in codes:
        flash(request, codes[refused.refusal.slug])
        raise Redirect("change_address")


async def _described(request: web.Request) -> AddressChangeView:
    found = guards.require_signed_in(request)
    try:
        return await request.app[CLIENTS].address_change.describe(found.account_id)
    except Refused as refused:
        _leave(request, refused)
        raise


def _form(
    request: web.Request,
    form: Form,
    status: int = 200,
    pending: AddressChangeView | None = None,
) -> web.Response:
    return page(request, "account_address.html", status=status, form=form, pending=pending)


def _proof(
    request: web.Request, change: AddressChangeView, form: Form, status: int = 200
) -> web.Response:
    wait = (change.resend_at - request.app[CLOCK]()).total_seconds()
    return page(
        request,
        "account_address_code.html",
        status=status,
        form=form,
        change=change,
        resend_in=max(0, -int(-wait // 1)),
        switch_url=url(request, "confirm_new_address"),
    )
