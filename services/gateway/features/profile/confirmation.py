"""The summary before the information is frozen, and the confirmation (G-34, AX-06).

Confirmed twice, in two tabs, or after an answer that was lost, it is confirmed once: its owner sees
to that. Where another tab has saved meanwhile, the summary is shown anew.
"""

from __future__ import annotations

from aiohttp import web

from services.gateway.clients.profile import Information
from services.gateway.features.profile import profile_form
from services.gateway.features.profile.profile_pages import HERE, VALIDATION, summary, wrong
from services.gateway.http.errors import Elsewhere, PageError
from services.gateway.http.forms import Form
from services.gateway.portal.app_keys import PROFILE, SEALED_PAGES, SESSIONS
from services.gateway.portal.form_errors import away_form
from services.gateway.sessions import guards
from services.gateway.sessions.model import Session
from services.gateway.sessions.request_state import VISIT, idempotency_key, note, page, redirect
from shared.messaging.handlers import Refused

#: A draft is saved as often at most: longer is no number of ours.
LONGEST_VERSION = 9


async def show(request: web.Request) -> web.Response:
    """The draft as it would be kept; whoever is not so far goes where they belong."""
    found = guards.full(request)
    known = await request.app[PROFILE].describe(found.account_id)
    if known.validated or known.fields is None or known.errors:
        raise Elsewhere(HERE)
    return _render(request, found, known)


async def submit(request: web.Request, fields: dict[str, str]) -> web.Response:
    """Freeze what was shown."""
    found, version = guards.full(request), fields["version"]
    if not (version.isascii() and version.isdigit() and len(version) <= LONGEST_VERSION):
        raise PageError(400, event="input_validation_fail", reason="not a version")
    try:
        known = await request.app[PROFILE].validate(
            found.account_id, int(version), key=idempotency_key(request, "validation", fields)
        )
    except Refused as refused:
        return await _refused(request, found, refused)
    if known.validated_at is not None:
        await request.app[SESSIONS].note_validated(found.account_id, known.validated_at)
    note(request, "validated")
    return redirect(HERE)


async def away(request: web.Request, fields: dict[str, str]) -> web.Response:
    """The same summary, from what its form brought along: confirmed again it is the same act."""
    found = guards.full(request)
    form = away_form(request, fields)
    shown = request.app[SEALED_PAGES].open(fields["shown"], found.id)
    if shown is None:
        raise PageError(503, retry_after=form.retry_after)
    lang = request[VISIT].lang
    return page(
        request,
        "information_validation.html",
        status=503,
        form=form,
        confirmation=form,
        listed=profile_form.listed(profile_form.decode(shown), found.address, lang),
        notes={},
        changed=False,
        switch_url=VALIDATION,
    )


async def _refused(request: web.Request, found: Session, refused: Refused) -> web.Response:
    slug = refused.refusal.slug
    if slug == "nothing_saved":
        raise Elsewhere(HERE)
    if slug not in ("changed", "not_ready"):
        raise refused
    known = await request.app[PROFILE].describe(found.account_id)
    if known.validated or known.fields is None:
        raise Elsewhere(HERE)
    if known.errors:
        return await wrong(
            request, Form(values=profile_form.values(known.fields)), known, known.errors
        )
    return _render(request, found, known, 409)


def _render(
    request: web.Request, found: Session, known: Information, status: int = 200
) -> web.Response:
    return page(
        request,
        "information_validation.html",
        status=status,
        **summary(request, found, known),
        changed=status == 409,
        switch_url=VALIDATION,
    )
