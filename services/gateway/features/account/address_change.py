"""Another address: password and a code of the authenticator, then the new address proved (B-14).

The former address stays the user name until then. Whoever types an address that has an account sees
the same pages (B-03).
"""

from __future__ import annotations

from dataclasses import replace

from aiohttp import web

from services.gateway.features.registration.register import choose_address, slip_form
from services.gateway.features.sign_in.second_factor import log_refused
from services.gateway.http.errors import Elsewhere
from services.gateway.http.forms import Form
from services.gateway.portal.app_keys import CLOCK, FACTOR, HOLDER
from services.gateway.portal.form_errors import away_form, refuse_form
from services.gateway.sessions import guards
from services.gateway.sessions.request_state import VISIT, idempotency_key, note, page, redirect
from shared.contracts.registration import AddressChangeView
from shared.messaging.handlers import Refused

HERE = "/compte/adresse"
PROOF = "/compte/adresse/validation"
ACCOUNT = "/compte"
#: The refusal where no wish is left.
NO_CHANGE = "no_change"


async def show(request: web.Request) -> web.Response:
    """The form; a wish that waits for its code is pointed out."""
    found = guards.full(request)
    try:
        pending = await request.app[HOLDER].describe(found.account_id)
    except Refused:
        pending = None
    return _form(request, Form(), pending=pending)


async def submit(request: web.Request, fields: dict[str, str]) -> web.Response:
    """Address and password first: a code is used up only where they were right."""
    found, app, visit = guards.full(request), request.app, request[VISIT]
    fields = choose_address(fields)
    try:
        await app[HOLDER].judge(
            found.account_id,
            fields["address"],
            fields["password"],
            point_out_slip=not fields["kept"],
            key=idempotency_key(request, "address-judged", fields),
        )
        await app[FACTOR].check(
            found.account_id,
            fields["code"],
            device=visit.device,
            key=idempotency_key(request, "address-totp", fields),
        )
        await app[HOLDER].wish(
            found.account_id,
            fields["address"],
            fields["password"],
            language=visit.lang,
            device=visit.device,
            key=idempotency_key(request, "address-wished", fields),
        )
    except Refused as refused:
        if (form := slip_form(fields, refused)) is not None:
            return _form(request, form)
        await guards.leave_closed(request, refused)
        form = Form.again(fields)
        status = refuse_form(request, form, refused, prefix="totp")
        log_refused(request, status)
        return _form(request, form, status)
    return redirect(PROOF)


async def away(request: web.Request, fields: dict[str, str]) -> web.Response:
    """The form with the address as it was typed; sent again it is the same act."""
    guards.full(request)
    return _form(request, away_form(request, choose_address(fields)), 503)


async def show_proof(request: web.Request) -> web.Response:
    """Where the code went, and the field for it."""
    return _proof(request, await _described(request), Form())


async def submit_proof(request: web.Request, fields: dict[str, str]) -> web.Response:
    """The right code: another user name, and every other session ends before this answers."""
    found, visit = guards.full(request), request[VISIT]
    try:
        view = await request.app[HOLDER].confirm(
            found.account_id,
            fields["code"],
            device=visit.device,
            key=idempotency_key(request, "new-address", fields),
        )
    except Refused as refused:
        return await _refused(request, fields, refused)
    moved = replace(found, address=view.address)
    await guards.go_on(request, moved, fields["key"], view.changed_at, "address_changed")
    note(request, "address_changed")
    return redirect(ACCOUNT)


async def resend(request: web.Request, fields: dict[str, str]) -> web.Response:
    """Another code; the former one is worth nothing."""
    found, visit = guards.full(request), request[VISIT]
    try:
        await request.app[HOLDER].resend(
            found.account_id,
            language=visit.lang,
            device=visit.device,
            key=idempotency_key(request, "new-address-again", fields),
        )
    except Refused as refused:
        return await _refused(request, fields, refused)
    note(request, "resent_address")
    return redirect(PROOF)


async def cancel(request: web.Request, fields: dict[str, str]) -> web.Response:
    """Give the wish up: the address stays as it is."""
    found = guards.full(request)
    key = idempotency_key(request, "new-address-cancelled", fields)
    try:
        await request.app[HOLDER].cancel(found.account_id, key=key)
    except Refused as refused:
        await guards.leave_closed(request, refused)
        raise
    note(request, "address_kept")
    return redirect(ACCOUNT)


async def away_proof(request: web.Request, fields: dict[str, str]) -> web.Response:
    """The page as soon as it can be shown; the code is to be typed again.

    Where the code has done its work and only the answer was lost, the same form is asked again.
    """
    found, form = guards.full(request), away_form(request, fields)
    try:
        wish = await request.app[HOLDER].describe(found.account_id)
    except Refused as refused:
        if "code" in fields and refused.refusal.slug == NO_CHANGE:
            return await submit_proof(request, fields)
        _leave(request, refused)
        raise
    return _proof(request, wish, form, 503)


async def _refused(request: web.Request, fields: dict[str, str], refused: Refused) -> web.Response:
    await guards.leave_closed(request, refused)
    _leave(request, refused)
    form = Form.again(fields)
    status = refuse_form(request, form, refused, prefix="address")
    return _proof(request, await _described(request), form, status)


def _leave(request: web.Request, refused: Refused) -> None:
    """Back to the form where there is no wish any more, or somebody was quicker."""
    codes = {NO_CHANGE: "address_wish_gone", "address_taken": "address_taken"}
    if refused.refusal.slug in codes:
        note(request, codes[refused.refusal.slug])
        raise Elsewhere(HERE)


async def _described(request: web.Request) -> AddressChangeView:
    found = guards.full(request)
    try:
        return await request.app[HOLDER].describe(found.account_id)
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
    request: web.Request, wish: AddressChangeView, form: Form, status: int = 200
) -> web.Response:
    wait = (wish.resend_at - request.app[CLOCK]()).total_seconds()
    return page(
        request,
        "account_address_code.html",
        status=status,
        form=form,
        wish=wish,
        resend_in=max(0, -int(-wait // 1)),
        switch_url=PROOF,
    )
