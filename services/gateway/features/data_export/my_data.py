"""« Mes données »: everything that is held about a person, as a page and as a file (B-11, GD-02).

Behind a code that was given a short while ago (SE-09). What a service that is away holds is
missing, and both say so.
"""

from __future__ import annotations

import msgspec
from aiohttp import web

from services.gateway.clients.data_export import PersonalData
from services.gateway.features.data_export.data_export_page import shown
from services.gateway.features.sign_in.second_factor import log_refused
from services.gateway.http.errors import Elsewhere
from services.gateway.http.forms import Form
from services.gateway.portal.app_keys import CLOCK, FACTOR, PAGES, PERSONAL, SESSIONS
from services.gateway.portal.form_errors import away_form, refuse_form
from services.gateway.sessions import guards
from services.gateway.sessions.model import Session
from services.gateway.sessions.request_state import VISIT, idempotency_key, page, redirect
from shared.messaging.handlers import Refused
from shared.runtime.telemetry import get_logger

HERE = "/compte/mes-donnees"
FILE = "/compte/mes-donnees.json"

log = get_logger("gateway")


async def show(request: web.Request) -> web.Response:
    """Every matter under its heading; before that a code, where the last one is old."""
    found = guards.full(request)
    if not _fresh(request, found):
        return _ask(request, Form())
    data = await request.app[PERSONAL].gather(found.account_id)
    lang = request[VISIT].lang
    _trace(found, data, "page")
    return page(
        request,
        "personal_data.html",
        parts=shown(data, lang, request.app[PAGES].names(lang)),
        missing=data.missing,
        made_at=request.app[CLOCK](),
    )


async def prove(request: web.Request, fields: dict[str, str]) -> web.Response:
    """The code that is asked for first."""
    found, visit = guards.full(request), request[VISIT]
    try:
        await request.app[FACTOR].check(
            found.account_id,
            fields["code"],
            device=visit.device,
            key=idempotency_key(request, "data-totp", fields),
        )
    except Refused as refused:
        form = Form.again(fields)
        status = refuse_form(request, form, refused, prefix="totp")
        log_refused(request, status)
        return _ask(request, form, status)
    await request.app[SESSIONS].note_code(visit.token or "")
    return redirect(HERE)


async def away(request: web.Request, fields: dict[str, str]) -> web.Response:
    """The code is to be typed again."""
    guards.full(request)
    return _ask(request, away_form(request, fields), 503)


async def download(request: web.Request) -> web.Response:
    """The same as JSON; its name and its first lines say so where something is missing."""
    found = guards.full(request)
    if not _fresh(request, found):
        raise Elsewhere(HERE)
    data = await request.app[PERSONAL].gather(found.account_id)
    _trace(found, data, "file")
    now = request.app[CLOCK]()
    document = {
        "account_id": found.account_id,
        "made_at": now,
        "complete": not data.missing,
        "missing": data.missing,
        "services": data.documents,
    }
    body = msgspec.json.format(msgspec.json.encode(document), indent=2)
    name = f"impexweb-{now:%Y-%m-%d}{'-incomplet' if data.missing else ''}.json"
    response = web.Response(body=body, content_type="application/json", charset="utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _fresh(request: web.Request, found: Session) -> bool:
    return found.code_is_fresh(request.app[SESSIONS].limits, request.app[CLOCK]())


def _ask(request: web.Request, form: Form, status: int = 200) -> web.Response:
    return page(request, "personal_data_code.html", status=status, form=form, switch_url=HERE)


def _trace(found: Session, data: PersonalData, form: str) -> None:
    log.info(
        "Somebody looked at what is held about them.",
        action="personal_data_exported",
        account=found.account_id,
        form=form,
        missing=list(data.missing),
    )
