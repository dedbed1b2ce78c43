"""« Annuler » at every step deletes the request (G-04, RE-14)."""

from aiohttp import web

from services.gateway.clients.services import ask
from services.gateway.http.forms import Form
from services.gateway.http.rendering import page
from services.gateway.http.routes import url
from services.gateway.portal.flash import redirect_with_flash
from services.gateway.portal.recent_requests import RECENT_REQUESTS
from services.gateway.portal.registration_steps import current_request
from services.gateway.sessions.request_state import (
    REQUEST_STATE,
    end_presession,
    idempotency_key,
    presession,
)
from services.gateway.sessions.saved_forms import SAVED_FORMS
from shared.contracts.registration.requests import CancelRequest
from shared.contracts.registration.views import Done
from shared.messaging.handlers import Refused


async def show(request: web.Request, form: Form) -> web.Response:
    """Ask for confirmation; after the POST, confirm the deletion."""
    if request[REQUEST_STATE].flash == "cancelled":
        return page(request, "cancelled.html", flash=[], switch_url=url(request, "welcome"))
    view = await current_request(request)
    if view is not None and view.due == "created":
        return redirect_with_flash(request, "creation", "exists")
    return page(request, "cancel.html", view=view, form=form)


async def show_unavailable(request: web.Request, form: Form) -> web.Response:
    """The form without what is known of the request."""
    return page(request, "cancel.html", view=None, form=form)


async def submit(request: web.Request, fields: dict[str, str]) -> web.Response:
    """Delete the request, first in registration, and what was typed in this browser."""
    found = await presession(request)
    if found is not None:
        message = CancelRequest(request_id=found.request_id)
        try:
            await ask(request, message, Done, idempotency_key(request, "cancel", fields))
        except Refused as refused:
            if refused.refusal.slug != "account_exists":
                raise
            return redirect_with_flash(request, "creation", "exists")
        finally:
            request.app[RECENT_REQUESTS].pop(found.request_id)
        await end_presession(request)
    await request.app[SAVED_FORMS].delete_of_browser(request[REQUEST_STATE].form_browser or "")
    return redirect_with_flash(request, "cancel_registration", "cancelled")
