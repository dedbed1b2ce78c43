"""Sign-in: the form, and where a right password leads.

An account goes on to its second factor; a pending request at its due step, whatever the browser
(settled 2).
"""

from __future__ import annotations

from collections.abc import Collection

from aiohttp import web

from services.gateway.http.errors import Elsewhere, PageError
from services.gateway.http.forms import Form
from services.gateway.portal.app_keys import ACCESS, CLOCK, FACTOR, REGISTRATION, SESSIONS
from services.gateway.portal.field_texts import field_texts
from services.gateway.portal.form_errors import away_form, refuse_form
from services.gateway.portal.login_redirects import DESTINATIONS, HOME, destination
from services.gateway.sessions import guards
from services.gateway.sessions.request_state import (
    VISIT,
    bind,
    due_url,
    idempotency_key,
    note,
    page,
    redirect,
)
from shared.contracts.base import FieldError
from shared.messaging.handlers import Refused
from shared.runtime.telemetry import get_logger

log = get_logger("gateway")


async def show(request: web.Request) -> web.Response:
    """The form (G-02); whoever has begun goes on where they were."""
    _go_on(request)
    name = request.query.get("suite", "")
    known = name if name in DESTINATIONS else ""
    return page(request, "sign_in.html", form=Form(values={"next": known}))


async def submit(request: web.Request, fields: dict[str, str]) -> web.Response:
    """Ask registration; answers are alike for known and unknown addresses (AU-08, B-03)."""
    visit, app = request[VISIT], request.app
    if visit.session is not None and visit.session.full:
        raise Elsewhere(HOME)
    missing = _missing(fields)
    if missing:
        form = Form.again(fields)
        form.errors = field_texts(missing, visit.lang)
        return page(request, "sign_in.html", status=422, form=form)
    known = await app[SESSIONS].known_accounts(visit.browser) if visit.browser else ()
    asked_at = app[CLOCK]()
    try:
        signed = await app[ACCESS].sign_in(
            fields["address"],
            fields["password"],
            network=visit.network,
            known=known,
            key=idempotency_key(request, "sign-in", fields),
        )
        if signed.due == "request" and signed.request_id is not None:
            view = await app[REGISTRATION].describe(signed.request_id)
            await bind(request, view)
            note(request, "back")
            return redirect(due_url(view))
    except Refused as refused:
        if refused.refusal.slug == "request_gone":
            raise PageError(503, retry_after=5) from refused
        return _refused(request, fields, refused)
    due = await _due(request, signed.account_id or "", known)
    found = await guards.open_half(request, signed, due, fields["next"], asked_at)
    return redirect(guards.due_path(request, found))


async def away(request: web.Request, fields: dict[str, str]) -> web.Response:
    """The form with the address that was typed."""
    form = away_form(request, fields)
    return page(request, "sign_in.html", status=503, form=form)


def _missing(fields: dict[str, str]) -> tuple[FieldError, ...]:
    """What was left empty: no try yet, so nothing is asked and nothing counted."""
    typed = {"address": fields["address"].strip(), "password": fields["password"]}
    return tuple(FieldError(field=name, code="missing") for name in typed if not typed[name])


async def _due(request: web.Request, account_id: str, known: Collection[str]) -> str:
    # A browser is known for an account once it gave a code: there is a phone. Where it was removed
    # since, the page of the code says so.
    if account_id in known:
        return "code"
    factor = await request.app[FACTOR].describe(account_id)
    return "code" if factor.enrolled_at else "enrolment"


def _go_on(request: web.Request) -> None:
    found = request[VISIT].session
    if found is not None and found.full:
        raise Elsewhere(destination(request.query.get("suite", "")))
    if found is not None:
        raise Elsewhere(guards.due_path(request, found))


def _refused(request: web.Request, fields: dict[str, str], refused: Refused) -> web.Response:
    form = Form.again(fields)
    status = refuse_form(request, form, refused)
    action = "authn_login_lock" if status == 429 else "authn_login_fail"
    log.warning("A sign-in was refused.", action=action, network=request[VISIT].network)
    return page(request, "sign_in.html", status=status, form=form)
