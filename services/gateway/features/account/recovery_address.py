"""The recovery address: added with a code of the authenticator, proved by a mailed one (OT-19).

It is told of recoveries and opens nothing. Removing it takes a code too: whoever has the session
alone does not silence it.
"""

from aiohttp import web

from services.gateway.clients.services import ask, seal
from services.gateway.http.forms import Form
from services.gateway.http.rendering import page
from services.gateway.http.routes import redirect
from services.gateway.portal import session_pages
from services.gateway.portal.credentials import check_code
from services.gateway.portal.flash import redirect_with_flash
from services.gateway.portal.form_errors import refused_code, refused_form
from services.gateway.sessions import guards
from services.gateway.sessions.request_state import REQUEST_STATE, flash, idempotency_key
from shared.contracts.registration.recovery_address import (
    CheckRecoveryAddress,
    ConfirmRecoveryAddress,
    DescribeRecoveryAddress,
    RecoveryAddressView,
    RemoveRecoveryAddress,
    RequestRecoveryAddress,
)
from shared.contracts.registration.views import Done
from shared.messaging.handlers import Refused


async def recovery_address(request: web.Request) -> RecoveryAddressView:
    """The recovery address of the account, and the one that waits for its code."""
    account_id = guards.require_signed_in(request).account_id
    return await ask(request, DescribeRecoveryAddress(account_id=account_id), RecoveryAddressView)


async def show(request: web.Request, form: Form) -> web.Response:
    """The address, the form for one, and the field for its code."""
    own = await recovery_address(request)
    return page(request, "recovery_address.html", form=form, own=own, asks_code=False)


async def show_code(request: web.Request, form: Form) -> web.Response:
    """The same page with the field for the mailed code; without a wish it leads back."""
    own = await recovery_address(request)
    if not own.pending and form.status != 503:
        return redirect(request, "recovery_address")
    return page(request, "recovery_address.html", form=form, own=own, asks_code=True)


async def show_removal(request: web.Request, form: Form) -> web.Response:
    """« Retirer » asks for a code."""
    own = await recovery_address(request)
    return page(request, "recovery_address_removal.html", form=form, own=own)


async def submit(request: web.Request, fields: dict[str, str]) -> web.Response | Form:
    """The address, then a code of the authenticator, which is used up once it was right; then a
    message goes to the address."""
    found = guards.require_signed_in(request)
    check = CheckRecoveryAddress(account_id=found.account_id, address=fields["address"])
    message = RequestRecoveryAddress(
        account_id=found.account_id,
        address=fields["address"],
        language=request[REQUEST_STATE].lang,
    )
    try:
        await ask(request, check, Done, idempotency_key(request, "recovery-checked", fields))
        await check_code(request, found, fields, "recovery-address-totp")
        key = idempotency_key(request, "recovery-address", fields)
        await ask(request, message, RecoveryAddressView, key)
    except Refused as refused:
        await session_pages.end_if_account_closed(request, refused)
        return refused_code(request, fields, refused)
    return redirect(request, "confirm_recovery_address")


async def confirm(request: web.Request, fields: dict[str, str]) -> web.Response | Form:
    """The mailed code proves the address."""
    message = ConfirmRecoveryAddress(
        account_id=guards.require_signed_in(request).account_id,
        code=seal(request, ConfirmRecoveryAddress, "code", fields["code"]),
        device=request[REQUEST_STATE].device,
    )
    key = idempotency_key(request, "recovery-address-code", fields)
    try:
        await ask(request, message, RecoveryAddressView, key)
    except Refused as refused:
        await session_pages.end_if_account_closed(request, refused)
        if refused.refusal.slug == "no_change":
            flash(request, "recovery_address_gone")
            return redirect(request, "recovery_address")
        return refused_form(request, fields, refused, prefix="recovery_address")
    return redirect_with_flash(request, "recovery_address", "recovery_address_added")


async def remove(request: web.Request, fields: dict[str, str]) -> web.Response | Form:
    """Remove the address, with a code."""
    found = guards.require_signed_in(request)
    message = RemoveRecoveryAddress(
        account_id=found.account_id, device=request[REQUEST_STATE].device
    )
    try:
        await check_code(request, found, fields, "recovery-address-removal")
        key = idempotency_key(request, "recovery-address-removed", fields)
        await ask(request, message, Done, key)
    except Refused as refused:
        await session_pages.end_if_account_closed(request, refused)
        return refused_code(request, fields, refused)
    return redirect_with_flash(request, "recovery_address", "recovery_address_removed")
