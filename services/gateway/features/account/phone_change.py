"""A new phone by whoever still holds the old one: password and a code of the old one (G-25, OT-12).

The new one replaces the old one only once its first code is right.
"""

from __future__ import annotations

from aiohttp import web

from services.gateway.features.sign_in.second_factor import log_refused
from services.gateway.http.errors import Elsewhere
from services.gateway.http.forms import Form
from services.gateway.portal import enrolment_page
from services.gateway.portal.app_keys import ACCESS, FACTOR, SESSIONS
from services.gateway.portal.enrolment_page import IN_ACCOUNT
from services.gateway.portal.form_errors import away_form, refuse_form
from services.gateway.sessions import guards
from services.gateway.sessions.model import Session
from services.gateway.sessions.request_state import VISIT, idempotency_key, note, page, redirect
from shared.messaging.handlers import Refused

HERE = "/compte/telephone"


async def show(request: web.Request) -> web.Response:
    """What is needed, and the form for it."""
    guards.full(request)
    return page(request, "account_phone.html", form=Form())


async def submit(request: web.Request, fields: dict[str, str]) -> web.Response:
    """The password first: a code is used up only where it was right."""
    found, app, visit = guards.full(request), request.app, request[VISIT]
    try:
        await app[ACCESS].check_password(
            found.account_id,
            fields["password"],
            key=idempotency_key(request, "phone-password", fields),
        )
        made = await app[FACTOR].start_replacement(
            found.account_id,
            found.address,
            fields["code"],
            device=visit.device,
            key=idempotency_key(request, "phone", fields),
        )
    except Refused as refused:
        form = Form.again(fields)
        prefix = "confirm" if refused.refusal.slug == "wrong_password" else "totp"
        status = refuse_form(request, form, refused, prefix=prefix)
        log_refused(request, status)
        return page(request, "account_phone.html", status=status, form=form)
    await app[SESSIONS].note_due(visit.token or "", found.due, made.enrolment_id)
    return redirect(IN_ACCOUNT.action)


async def away(request: web.Request, fields: dict[str, str]) -> web.Response:
    """The form again; sent again it is the same act."""
    form = away_form(request, fields)
    return page(request, "account_phone.html", status=503, form=form)


async def show_new(request: web.Request) -> web.Response:
    """The new phone's key."""
    found = _begun(request)
    try:
        made = await enrolment_page.described(request, found)
    except Refused as refused:
        raise _over(request, refused) from refused
    return enrolment_page.render(request, made, IN_ACCOUNT, Form())


async def submit_new(request: web.Request, fields: dict[str, str]) -> web.Response:
    """The first right code: the old phone is out, and so is every other session."""
    found = _begun(request)
    try:
        view = await enrolment_page.confirmed(request, found, fields)
    except Refused as refused:
        if refused.refusal.slug == "enrolment_gone":
            raise _over(request, refused) from refused
        form, status = enrolment_page.refused_form(request, fields, refused)
        made = await enrolment_page.described(request, found)
        return enrolment_page.render(request, made, IN_ACCOUNT, form, status)
    await guards.go_on(request, found, fields["key"], view.enrolled_at, "phone_replaced")
    note(request, "phone_changed")
    return redirect("/compte")


async def restart(request: web.Request, fields: dict[str, str]) -> web.Response:
    """« Recommencer »: another key; the half-made one is void."""
    found = _begun(request)
    try:
        await enrolment_page.restarted(request, found, fields)
    except Refused as refused:
        raise _over(request, refused) from refused
    return redirect(IN_ACCOUNT.action)


async def away_new(request: web.Request, fields: dict[str, str]) -> web.Response:
    """The same page, where it can be shown."""
    return await enrolment_page.away(request, _begun(request), fields, IN_ACCOUNT)


def _begun(request: web.Request) -> Session:
    found = guards.full(request)
    if found.enrolment_id is None:
        raise Elsewhere(HERE)
    return found


def _over(request: web.Request, refused: Refused) -> Exception:
    """The way back where the enrolment has run out."""
    if refused.refusal.slug != "enrolment_gone":
        return refused
    note(request, "enrolment_gone")
    return Elsewhere(HERE)
