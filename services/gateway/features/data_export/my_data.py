"""« Mes données »: the data stored about a person, as a page and as two files (B-11, GD-02).

Needs a fresh code (SE-09). The page and the files name the services that did not answer.
"""

import msgspec
from aiohttp import web

from services.gateway.features.data_export.data_export_page import build_sections
from services.gateway.features.data_export.personal_data import PersonalData, collect
from services.gateway.http.errors import Redirect
from services.gateway.http.forms import Form
from services.gateway.http.rendering import RENDERER, page
from services.gateway.http.routes import redirect, url
from services.gateway.http.site import CLOCK
from services.gateway.portal.credentials import code_is_fresh
from services.gateway.portal.fresh_code import give_code
from services.gateway.sessions import guards
from services.gateway.sessions.model import Session
from services.gateway.sessions.request_state import REQUEST_STATE
from shared.runtime.telemetry import get_logger

log = get_logger("gateway")


async def show(request: web.Request, form: Form) -> web.Response:
    """Every category under its heading; before that a code, where the last one is old."""
    found = guards.require_signed_in(request)
    if not code_is_fresh(request, found):
        return await show_unavailable(request, form)
    data = await collect(request, found.account_id)
    lang = request[REQUEST_STATE].lang
    _trace(found, data, "page")
    return page(
        request,
        "personal_data.html",
        parts=build_sections(data, lang, request.app[RENDERER].brand.names(lang)),
        missing=data.missing,
        made_at=request.app[CLOCK](),
    )


async def prove(request: web.Request, fields: dict[str, str]) -> web.Response | Form:
    """Check the code."""
    found = guards.require_signed_in(request)
    refused = await give_code(request, found, fields, "data-totp")
    return refused or redirect(request, "my_data")


async def download(request: web.Request) -> web.Response:
    """The data as JSON; its name and its first lines say so where something is missing."""
    found = guards.require_signed_in(request)
    if not code_is_fresh(request, found):
        raise Redirect("my_data")
    data = await collect(request, found.account_id)
    _trace(found, data, "file")
    now = request.app[CLOCK]()
    content = {
        "account_id": found.account_id,
        "made_at": now,
        "complete": not data.missing,
        "missing": data.missing,
        "services": data.documents,
    }
    body = msgspec.json.format(msgspec.json.encode(content), indent=2)
    response = web.Response(body=body, content_type="application/json", charset="utf-8")
    return _attached(response, data, f"{now:%Y-%m-%d}", "json")


async def document(request: web.Request) -> web.Response:
    """The data in words, as one HTML file that needs no network."""
    found = guards.require_signed_in(request)
    if not code_is_fresh(request, found):
        raise Redirect("my_data")
    data = await collect(request, found.account_id)
    lang = request[REQUEST_STATE].lang
    _trace(found, data, "document")
    now = request.app[CLOCK]()
    parts = build_sections(data, lang, request.app[RENDERER].brand.names(lang), rows=None)
    response = page(request, "personal_data_file.html", parts=parts, made_at=now)
    return _attached(response, data, f"{now:%Y-%m-%d}", "html")


def _attached(response: web.Response, data: PersonalData, day: str, kind: str) -> web.Response:
    """Named by its day, and by what is missing."""
    name = f"impexweb-{day}{'-incomplet' if data.missing else ''}.{kind}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


async def show_unavailable(request: web.Request, form: Form) -> web.Response:
    """The form for a code."""
    return page(request, "personal_data_code.html", form=form, switch_url=url(request, "my_data"))


def _trace(found: Session, data: PersonalData, form: str) -> None:
    log.info(
        "A data export was shown.",
        action="personal_data_exported",
        account=found.account_id,
        form=form,
        missing=list(data.missing),
    )
