"""Recovery codes, shown once (OT-14, B-13): after the enrolment, and on demand in the account.

The gateway does not store them. Where the box was not ticked, the page shows them again from a
hidden field of its form, sealed for this session.
"""

from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from services.gateway.clients.services import ask, open_sealed
from services.gateway.http.errors import Redirect
from services.gateway.http.forms import Form
from services.gateway.http.rendering import page
from services.gateway.http.routes import redirect, url
from services.gateway.portal import session_pages
from services.gateway.portal.credentials import (
    check_code,
    check_password,
    code_is_fresh,
    describe_factor,
)
from services.gateway.portal.form_errors import invalid_form, refused_code, unavailable_form
from services.gateway.sessions import guards
from services.gateway.sessions.model import Session
from services.gateway.sessions.request_state import REQUEST_STATE, flash, idempotency_key
from services.gateway.sessions.sealed_state import SEALED_STATE
from shared.contracts.mfa.requests import KeepRecoveryCodes, MakeRecoveryCodes, Noted
from shared.contracts.mfa.views import RecoveryCodesView
from shared.messaging.handlers import Refused
from shared.security.sealing import new_token

#: Where the list is confirmed: after an enrolment, and in the account.
SIGNING_IN = "first_recovery_codes"
IN_ACCOUNT = "confirm_recovery_codes"
ON_DEMAND = "recovery_codes"
ACCOUNT = "account"
GROUP = 4


@dataclass(frozen=True)
class RecoveryCodes:
    """A list of recovery codes in clear, for one page; `renewed`: one never confirmed ended."""

    codes: list[str]
    made_at: datetime
    renewed: bool = False

    def __repr__(self) -> str:
        return f"<recovery codes of {self.made_at}>"


async def show_first(request: web.Request) -> web.Response:
    """The list after an enrolment, a new one each time until it is confirmed.

    Without another code only as long as the last one is fresh (SE-09).
    """
    found = guards.require_signed_in(request)
    factor = await describe_factor(request, found.account_id)
    if not factor.recovery_on or factor.recovery_kept:
        raise Redirect(await session_pages.after_login(request, found))
    if not code_is_fresh(request, found):
        raise Redirect(ON_DEMAND)
    return _render(request, found, await _make(request, found, new_token()), SIGNING_IN, Form())


async def confirm_first(request: web.Request, fields: dict[str, str]) -> web.Response:
    """The person has them: on to where they wanted to go."""
    return await _confirm(request, fields, SIGNING_IN)


async def show(request: web.Request) -> web.Response:
    """How many are left, and a form for a new list."""
    return await _show(request, Form())


async def submit(request: web.Request, fields: dict[str, str]) -> web.Response:
    """A new list, with the password and a code (SE-09)."""
    found = guards.require_signed_in(request)
    try:
        await check_password(request, found, fields, "codes-password")
        await check_code(request, found, fields, "codes-totp")
        made = await _make(request, found, idempotency_key(request, "codes", fields))
    except Refused as refused:
        return await _show(request, refused_code(request, fields, refused))
    return _render(request, found, made, IN_ACCOUNT, Form())


async def confirm(request: web.Request, fields: dict[str, str]) -> web.Response:
    """The person has them: back to the account."""
    return await _confirm(request, fields, IN_ACCOUNT)


async def on_unavailable(request: web.Request, fields: dict[str, str]) -> web.Response:
    """The form again, without the number of codes that are left."""
    form = unavailable_form(request, fields)
    return page(request, "account_recovery.html", form=form, left=None)


async def _show(request: web.Request, form: Form) -> web.Response:
    found = guards.require_signed_in(request)
    factor = await describe_factor(request, found.account_id)
    if not factor.recovery_on:
        raise Redirect(ACCOUNT)
    return page(request, "account_recovery.html", form=form, left=factor.recovery_left)


async def _make(request: web.Request, found: Session, key: str) -> RecoveryCodes:
    """A new list of recovery codes."""
    message = MakeRecoveryCodes(account_id=found.account_id, device=request[REQUEST_STATE].device)
    view = await ask(request, message, RecoveryCodesView, key)
    codes = open_sealed(request, RecoveryCodesView, "codes", view.codes).split()
    return RecoveryCodes(codes, view.made_at, view.renewed)


async def _confirm(request: web.Request, fields: dict[str, str], action: str) -> web.Response:
    found = guards.require_signed_in(request)
    again = SIGNING_IN if action == SIGNING_IN else ON_DEMAND
    shown = request.app[SEALED_STATE].open(fields["list"], found.id)
    if shown is None:
        raise Redirect(again)
    made_at, *codes = shown.split()
    made = RecoveryCodes(codes, datetime.fromisoformat(made_at))
    if fields["kept"] != "1":
        return _render(request, found, made, action, invalid_form(request, fields, "kept"))
    message = KeepRecoveryCodes(account_id=found.account_id, made_at=made.made_at)
    try:
        await ask(request, message, Noted, idempotency_key(request, "kept", fields))
    except Refused as refused:
        if refused.refusal.slug != "list_replaced":
            raise
        flash(request, "codes_replaced")
        raise Redirect(again) from refused
    flash(request, "codes_kept")
    there = ACCOUNT if action == IN_ACCOUNT else await session_pages.after_login(request, found)
    return redirect(request, there)


def _render(
    request: web.Request, found: Session, made: RecoveryCodes, action: str, form: Form
) -> web.Response:
    content = " ".join((made.made_at.isoformat(), *made.codes))
    form.values = {"list": request.app[SEALED_STATE].seal(content, found.id)}
    return page(
        request,
        "recovery_codes.html",
        form=form,
        codes=[_grouped(code) for code in made.codes],
        renewed=made.renewed,
        made_at=made.made_at,
        action=url(request, action),
        switch_url=url(request, action if action == SIGNING_IN else ACCOUNT),
    )


def _grouped(code: str) -> str:
    bare = code.replace("-", "")
    return " ".join(bare[at : at + GROUP] for at in range(0, len(bare), GROUP))
