"""The « code de reprise »: an account whose phone was lost is joined again (G-26).

It was told on a telephone number of the file; the mailbox alone leads no further than this page.
"""

from aiohttp import web

from services.gateway.clients.services import seal
from services.gateway.http.errors import Redirect
from services.gateway.http.forms import Form
from services.gateway.http.rendering import page
from services.gateway.http.routes import redirect, url
from services.gateway.portal.form_errors import refused_form
from services.gateway.portal.registration_steps import act, due_step, require_registration_step
from services.gateway.sessions.request_state import idempotency_key
from shared.contracts.registration.resumption import ResumeAccount
from shared.messaging.handlers import Refused

STEPS = ("resumption", "resumption_check")


async def show(request: web.Request, form: Form) -> web.Response:
    """The field for the code; or that the desk compares names."""
    view = await require_registration_step(request, *STEPS)
    return page(
        request,
        "resumption.html",
        form=form,
        held=view.due == "resumption_check",
        switch_url=url(request, "resumption"),
    )


async def submit(request: web.Request, fields: dict[str, str]) -> web.Response | Form:
    """Join the account; pressed twice, both lead to the next step."""
    view = await require_registration_step(request, *STEPS, "created")
    if view.due != "resumption":
        return redirect(request, due_step(view))
    message = ResumeAccount(
        request_id=view.request_id, code=seal(request, ResumeAccount, "code", fields["code"])
    )
    try:
        after = await act(request, message, idempotency_key(request, "resumption", fields))
    except Refused as refused:
        if refused.refusal.slug in ("request_gone", "not_verified"):
            raise Redirect("validation") from refused
        return refused_form(request, fields, refused, prefix="resumption")
    return redirect(request, due_step(after))
