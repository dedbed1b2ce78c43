"""Enrolling a phone on the way in: the first one, or another one after a recovery code."""

from __future__ import annotations

from aiohttp import web

from services.gateway.clients.mfa import Enrolment
from services.gateway.http.errors import Elsewhere
from services.gateway.http.forms import Form
from services.gateway.portal import enrolment_page
from services.gateway.portal.app_keys import FACTOR, SESSIONS
from services.gateway.portal.enrolment_page import SIGNING_IN
from services.gateway.sessions import guards
from services.gateway.sessions.model import Session
from services.gateway.sessions.request_state import VISIT, note, redirect
from shared.messaging.handlers import Refused

CODE = "/connexion/code"


async def show(request: web.Request) -> web.Response:
    """The key of this session, made now where there is none."""
    found = guards.at(request, "enrolment")
    return enrolment_page.render(request, await _current(request, found), SIGNING_IN, Form())


async def submit(request: web.Request, fields: dict[str, str]) -> web.Response:
    """The first right code protects the account and opens the session."""
    found = guards.at(request, "enrolment")
    try:
        view = await enrolment_page.confirmed(request, found, fields)
    except Refused as refused:
        await _leave_if_over(request, found, refused)
        form, status = enrolment_page.refused_form(request, fields, refused)
        current = await _current(request, found)
        return enrolment_page.render(request, current, SIGNING_IN, form, status)
    note(request, "phone_changed" if view.replaced else "enrolled")
    return await guards.promote(
        request,
        found,
        fields["key"],
        failures=found.failures,
        recovery_due=view.recovery_due,
        first=not view.replaced,
        replaced_at=view.enrolled_at if view.replaced else None,
    )


async def restart(request: web.Request, fields: dict[str, str]) -> web.Response:
    """« Recommencer »: another key; the half-made one is void."""
    found = guards.at(request, "enrolment")
    try:
        await enrolment_page.restarted(request, found, fields)
    except Refused as refused:
        await _leave_if_over(request, found, refused)
        raise
    return redirect(SIGNING_IN.action)


async def away(request: web.Request, fields: dict[str, str]) -> web.Response:
    """The same page, where it can be shown."""
    found = guards.at(request, "enrolment")
    return await enrolment_page.away(request, found, fields, SIGNING_IN)


async def _current(request: web.Request, found: Session) -> Enrolment:
    if found.enrolment_id is not None:
        try:
            return await enrolment_page.described(request, found)
        except Refused as refused:
            await _leave_if_over(request, found, refused)
            raise
    try:
        made = await request.app[FACTOR].start(found.account_id, found.address)
    except Refused as refused:
        await _leave_if_over(request, found, refused)
        raise
    token = request[VISIT].token or ""
    await request.app[SESSIONS].note_due(token, "enrolment", made.enrolment_id)
    return made


async def _leave_if_over(request: web.Request, found: Session, refused: Refused) -> None:
    """The enrolment has run out, or somebody else's was confirmed first."""
    sessions, token = request.app[SESSIONS], request[VISIT].token or ""
    slug = refused.refusal.slug
    if slug == "enrolment_gone":
        factor = await request.app[FACTOR].describe(found.account_id)
        await sessions.note_due(token, "code" if factor.enrolled_at else "enrolment")
        note(request, "enrolment_gone")
        raise Elsewhere(CODE if factor.enrolled_at else SIGNING_IN.action)
    if slug == "already_enrolled":
        await sessions.note_due(token, "code")
        note(request, "already_enrolled")
        raise Elsewhere(CODE)
