"""Another e-mail address: password and a code, then the new address is verified (B-14).

The current address stays the user name until then. For an address that has an account the pages are
the same (B-03).
"""

from dataclasses import replace

from aiohttp import web

from services.gateway.clients.services import ask, seal
from services.gateway.http.errors import Redirect
from services.gateway.http.forms import Form
from services.gateway.http.rendering import page
from services.gateway.http.routes import redirect, url
from services.gateway.portal import session_pages
from services.gateway.portal.credentials import check_code
from services.gateway.portal.email_suggestions import (
    answers_question,
    choose_address,
    typo_form,
    unanswered_form,
)
from services.gateway.portal.flash import redirect_with_flash
from services.gateway.portal.form_errors import (
    leave_out_code_alert,
    refused_code,
    refused_form,
    seconds_until,
)
from services.gateway.sessions import guards
from services.gateway.sessions.model import Session
from services.gateway.sessions.request_state import REQUEST_STATE, flash, idempotency_key
from shared.contracts.registration.holder import (
    AnswerAddressChange,
    CancelAddressChange,
    ConfirmAddressChange,
    DescribeAddressChange,
    JudgeAddressChange,
    RequestAddressChange,
    ResendAddressChange,
)
from shared.contracts.registration.views import AddressChangedView, AddressChangeView, Done
from shared.messaging.errors import RequestTimeout
from shared.messaging.handlers import Refused

#: The refusal where no change is pending.
NO_CHANGE = "no_change"


async def pending_change(request: web.Request) -> AddressChangeView:
    """The pending change. Raises `Refused` with `no_change`."""
    message = DescribeAddressChange(account_id=guards.require_signed_in(request).account_id)
    return await ask(request, message, AddressChangeView)


async def show(request: web.Request, form: Form) -> web.Response:
    """The form; a pending change is pointed out."""
    try:
        pending = await pending_change(request)
    except Refused:
        pending = None
    return page(request, "account_address.html", form=form, pending=pending)


async def show_unavailable(request: web.Request, form: Form) -> web.Response:
    """The form with the address as it was typed; sent again it is the same act."""
    return page(request, "account_address.html", form=form, pending=None)


async def submit(request: web.Request, fields: dict[str, str]) -> web.Response | Form:
    """Address and password first: a code is used up only where they were right."""
    found, fields = guards.require_signed_in(request), choose_address(fields)
    try:
        if answers_question(fields):
            await check_code(request, found, fields, "address-totp")
            await _answer(request, found, fields)
        else:
            await _ask_for_change(request, found, fields)
    except Refused as refused:
        form = typo_form(fields, refused) or unanswered_form(request, fields, refused)
        if form is not None:
            return form
        await session_pages.end_if_account_closed(request, refused)
        return refused_code(request, fields, refused)
    return redirect(request, "confirm_new_address")


async def _ask_for_change(request: web.Request, found: Session, fields: dict[str, str]) -> None:
    state = request[REQUEST_STATE]
    check = JudgeAddressChange(
        account_id=found.account_id,
        address=fields["address"],
        password=seal(request, JudgeAddressChange, "password", fields["password"]),
        point_out_slip=not fields["kept"],
    )
    change = RequestAddressChange(
        account_id=found.account_id,
        address=fields["address"],
        password=seal(request, RequestAddressChange, "password", fields["password"]),
        language=state.lang,
        device=state.device,
    )
    await ask(request, check, Done, idempotency_key(request, "address-judged", fields))
    await check_code(request, found, fields, "address-totp")
    key = idempotency_key(request, "address-wished", fields)
    await ask(request, change, AddressChangeView, key)


async def _answer(request: web.Request, found: Session, fields: dict[str, str]) -> None:
    state = request[REQUEST_STATE]
    answer = AnswerAddressChange(
        account_id=found.account_id,
        question_id=fields["address_question"],
        address=fields["address"],
        language=state.lang,
        device=state.device,
    )
    key = idempotency_key(request, "address-answered", fields)
    await ask(request, answer, AddressChangeView, key)


async def show_code(request: web.Request, form: Form) -> web.Response:
    """Where the code went, and the field for it."""
    try:
        change = await pending_change(request)
    except Refused as refused:
        if form.status == 503:
            raise  # it may have been accepted: the same form finds out
        _leave(request, refused)
        raise
    if not change.tries_left:
        leave_out_code_alert(form)
    return page(
        request,
        "account_address_code.html",
        form=form,
        change=change,
        resend_in=seconds_until(request, change.resend_at),
        switch_url=url(request, "confirm_new_address"),
    )


async def submit_code(request: web.Request, fields: dict[str, str]) -> web.Response | Form:
    """The right code: another user name, and every other session ends before this answers."""
    found = guards.require_signed_in(request)
    message = ConfirmAddressChange(
        account_id=found.account_id,
        code=seal(request, ConfirmAddressChange, "code", fields["code"]),
        device=request[REQUEST_STATE].device,
    )
    key = idempotency_key(request, "new-address", fields)
    try:
        view = await _confirmed(request, message, key)
    except Refused as refused:
        return await _refused(request, fields, refused)
    moved = replace(found, address=view.address)
    await guards.rotate_session(request, moved, view.changed_at, "address_changed")
    return redirect_with_flash(request, "account", "address_changed")


async def resend(request: web.Request, fields: dict[str, str]) -> web.Response | Form:
    """Send another code; the former one is no longer valid."""
    found, state = guards.require_signed_in(request), request[REQUEST_STATE]
    message = ResendAddressChange(
        account_id=found.account_id, language=state.lang, device=state.device
    )
    key = idempotency_key(request, "new-address-again", fields)
    try:
        await ask(request, message, AddressChangeView, key)
    except Refused as refused:
        return await _refused(request, fields, refused)
    return redirect_with_flash(request, "confirm_new_address", "resent_address")


async def cancel(request: web.Request, fields: dict[str, str]) -> web.Response:
    """Cancel the change: the address stays as it is."""
    message = CancelAddressChange(account_id=guards.require_signed_in(request).account_id)
    try:
        await ask(request, message, Done, idempotency_key(request, "new-address-cancelled", fields))
    except Refused as refused:
        await session_pages.end_if_account_closed(request, refused)
        raise
    return redirect_with_flash(request, "account", "address_kept")


async def _confirmed(
    request: web.Request, message: ConfirmAddressChange, key: str
) -> AddressChangedView:
    """The answer to a code. Where it was lost, and no change is pending any more, it is asked for
    again: the code was accepted.
    """
    try:
        return await ask(request, message, AddressChangedView, key)
    except RequestTimeout:
        try:
            await pending_change(request)
        except Refused as refused:
            if refused.refusal.slug == NO_CHANGE:
                return await ask(request, message, AddressChangedView, key)
        raise


async def _refused(request: web.Request, fields: dict[str, str], refused: Refused) -> Form:
    await session_pages.end_if_account_closed(request, refused)
    _leave(request, refused)
    return refused_form(request, fields, refused, prefix="address")


def _leave(request: web.Request, refused: Refused) -> None:
    """Redirect to the form where the change has ended, or another account has the address."""
    codes = {NO_CHANGE: "address_wish_gone", "address_taken": "address_taken"}
    if refused.refusal.slug in codes:
        flash(request, codes[refused.refusal.slug])
        raise Redirect("change_address")
