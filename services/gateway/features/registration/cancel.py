"""« Annuler » at every step: really abandons the creation (G-04, RE-14)."""

from __future__ import annotations

from aiohttp import web

from services.gateway.http.forms import Form
from services.gateway.portal.app_keys import REGISTRATION
from services.gateway.portal.form_errors import away_form
from services.gateway.sessions.request_state import (
    VISIT,
    current_view,
    forget,
    idempotency_key,
    note,
    page,
    presession,
    redirect,
)
from shared.messaging.errors import RequestTimeout, ServiceUnavailable
from shared.messaging.handlers import Refused

HERE = "/inscription/annuler"
CREATION = "/inscription/creation"


async def show(request: web.Request) -> web.Response:
    """Ask whether to give up; after it was done, say so."""
    if request[VISIT].flash == "cancelled":
        return page(request, "cancelled.html", flash=[], switch_url="/")
    view = await current_view(request)
    if view is not None and view.due == "created":
        note(request, "exists")
        return redirect(CREATION)
    return page(request, "cancel.html", view=view, form=Form())


async def submit(request: web.Request, fields: dict[str, str]) -> web.Response:
    """Give up: the request goes at registration, then here."""
    found = await presession(request)
    if found is not None:
        key = idempotency_key(request, "cancel", fields)
        try:
            await request.app[REGISTRATION].cancel(found.request_id, key=key)
        except Refused as refused:
            if refused.refusal.slug != "account_exists":
                raise
            note(request, "exists")
            return redirect(CREATION)
        except (ServiceUnavailable, RequestTimeout):
            form = away_form(request, fields)
            return page(request, "cancel.html", status=503, view=None, form=form)
        await forget(request)
    note(request, "cancelled")
    return redirect(HERE)
