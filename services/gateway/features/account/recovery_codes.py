"""Recovery codes, shown once (OT-14, B-13): after the enrolment, and on demand in the account.

Nothing of ours keeps them. Where the box was not ticked, the page shows them again from what the
form itself brought along, sealed for us and for this session alone.
"""

from __future__ import annotations

from datetime import datetime

from aiohttp import web

from services.gateway.clients.mfa import RecoveryCodes
from services.gateway.features.sign_in.second_factor import log_refused
from services.gateway.http.errors import Elsewhere
from services.gateway.http.forms import Form
from services.gateway.portal.app_keys import ACCESS, CLOCK, FACTOR, SEALED_PAGES, SESSIONS
from services.gateway.portal.field_texts import field_texts
from services.gateway.portal.form_errors import away_form, refuse_form
from services.gateway.sessions import guards
from services.gateway.sessions.model import Session
from services.gateway.sessions.request_state import VISIT, idempotency_key, note, page, redirect
from shared.contracts.base import FieldError
from shared.messaging.handlers import Refused
from shared.security.sealing import new_token

SIGNING_IN = "/connexion/codes-de-secours"
IN_ACCOUNT = "/compte/codes-de-secours/gardes"
ASKED = "/compte/codes-de-secours"
ACCOUNT = "/compte"
GROUP = 4


async def show_first(request: web.Request) -> web.Response:
    """The list after an enrolment, a new one each time until it is said to be kept.

    Made without asking for anything only as long as the second factor was just given (SE-09).
    """
    found = guards.full(request)
    factor = await request.app[FACTOR].describe(found.account_id)
    if not factor.recovery_on or factor.recovery_kept:
        raise Elsewhere(await guards.landing(request, found))
    if not found.code_is_fresh(request.app[SESSIONS].limits, request.app[CLOCK]()):
        raise Elsewhere(ASKED)
    made = await request.app[FACTOR].make_recovery_codes(
        found.account_id, device=request[VISIT].device, key=new_token()
    )
    return _render(request, found, made, SIGNING_IN)


async def keep_first(request: web.Request, fields: dict[str, str]) -> web.Response:
    """The person has them: on to where they wanted to go."""
    found = guards.full(request)
    return await _keep(request, found, fields, SIGNING_IN)


async def ask(request: web.Request) -> web.Response:
    """How many are left, and a form for a new list."""
    return await _ask(request, Form())


async def make(request: web.Request, fields: dict[str, str]) -> web.Response:
    """A new list, with the password and a code (SE-09)."""
    found, app, visit = guards.full(request), request.app, request[VISIT]
    try:
        await app[ACCESS].check_password(
            found.account_id,
            fields["password"],
            key=idempotency_key(request, "codes-password", fields),
        )
        await app[FACTOR].check(
            found.account_id,
            fields["code"],
            device=visit.device,
            key=idempotency_key(request, "codes-totp", fields),
        )
        made = await app[FACTOR].make_recovery_codes(
            found.account_id,
            device=visit.device,
            key=idempotency_key(request, "codes", fields),
        )
    except Refused as refused:
        form = Form.again(fields)
        prefix = "confirm" if refused.refusal.slug == "wrong_password" else "totp"
        status = refuse_form(request, form, refused, prefix=prefix)
        log_refused(request, status)
        return await _ask(request, form, status)
    return _render(request, found, made, IN_ACCOUNT)


async def keep(request: web.Request, fields: dict[str, str]) -> web.Response:
    """The person has them: back to the account."""
    found = guards.full(request)
    return await _keep(request, found, fields, IN_ACCOUNT)


async def away(request: web.Request, fields: dict[str, str]) -> web.Response:
    """The form again; sent again it is the same act."""
    form = away_form(request, fields)
    return page(request, "account_recovery.html", status=503, form=form, left=None)


async def _ask(request: web.Request, form: Form, status: int = 200) -> web.Response:
    found = guards.full(request)
    factor = await request.app[FACTOR].describe(found.account_id)
    if not factor.recovery_on:
        raise Elsewhere(ACCOUNT)
    left = factor.recovery_left
    return page(request, "account_recovery.html", status=status, form=form, left=left)


async def _keep(
    request: web.Request, found: Session, fields: dict[str, str], action: str
) -> web.Response:
    again = SIGNING_IN if action == SIGNING_IN else ASKED
    shown = request.app[SEALED_PAGES].open(fields["list"], found.id)
    if shown is None:
        raise Elsewhere(again)
    made_at, *codes = shown.split()
    made = RecoveryCodes(codes=codes, made_at=datetime.fromisoformat(made_at))
    if fields["kept"] != "1":
        form = Form.again(fields)
        missing = (FieldError(field="kept", code="missing"),)
        form.errors = field_texts(missing, request[VISIT].lang)
        return _render(request, found, made, action, form)
    key = idempotency_key(request, "kept", fields)
    try:
        await request.app[FACTOR].keep_recovery_codes(found.account_id, made.made_at, key=key)
    except Refused as refused:
        if refused.refusal.slug != "list_replaced":
            raise
        note(request, "codes_replaced")
        raise Elsewhere(again) from refused
    note(request, "codes_kept")
    there = ACCOUNT if action == IN_ACCOUNT else await guards.landing(request, found)
    return redirect(there)


def _render(
    request: web.Request,
    found: Session,
    made: RecoveryCodes,
    action: str,
    form: Form | None = None,
) -> web.Response:
    shown = form or Form()
    content = " ".join((made.made_at.isoformat(), *made.codes))
    shown.values = {"list": request.app[SEALED_PAGES].seal(content, found.id)}
    return page(
        request,
        "recovery_codes.html",
        status=422 if form else 200,
        form=shown,
        codes=[_grouped(code) for code in made.codes],
        renewed=made.renewed,
        made_at=made.made_at,
        action=action,
        switch_url=action if action == SIGNING_IN else ACCOUNT,
    )


def _grouped(code: str) -> str:
    bare = code.replace("-", "")
    return " ".join(bare[at : at + GROUP] for at in range(0, len(bare), GROUP))
