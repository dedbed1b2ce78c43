"""The proof of the address: code, fate of the message, another message (G-10, G-11, B-01)."""

from aiohttp import web

from services.gateway.clients.services import seal
from services.gateway.http.errors import Redirect
from services.gateway.http.forms import Form
from services.gateway.http.rendering import page
from services.gateway.http.routes import see_other, url
from services.gateway.http.sse import STREAMS, SseEvent
from services.gateway.portal.flash import redirect_with_flash
from services.gateway.portal.form_errors import (
    leave_out_code_alert,
    refused_form,
    seconds_until,
)
from services.gateway.portal.registration_steps import (
    GONE,
    act,
    current_request,
    due_step,
    main_action,
    require_registration_step,
    require_request_id,
)
from services.gateway.portal.texts import mail_text, validation_text
from services.gateway.sessions.request_state import (
    REQUEST_STATE,
    ensure_form_cookie,
    extend_presession,
    idempotency_key,
)
from shared.contracts.registration.requests import ResendValidation, VerifyCode
from shared.contracts.registration.views import RequestView
from shared.messaging.handlers import Refused


async def show(request: web.Request, form: Form) -> web.Response:
    """The page that waits for the code, with one form for it and for another message."""
    view, lang = await require_registration_step(request, "validation"), request[REQUEST_STATE].lang
    action = main_action(view)
    if action != "code":
        leave_out_code_alert(form)
    return page(
        request,
        "validation.html",
        view=view,
        form=form,
        action=action,
        mail_text=validation_text(view, lang),
        resend_in=seconds_until(request, view.resend_at),
        switch_url=_own(request),
    )


async def submit(request: web.Request, fields: dict[str, str]) -> web.Response | Form:
    """Prove the address by the code; pressed twice, both lead to the next step."""
    request_id = await require_request_id(request)
    message = VerifyCode(
        request_id=request_id, code=seal(request, VerifyCode, "code", fields["code"])
    )
    try:
        view = await act(request, message, idempotency_key(request, "code", fields))
    except Refused as refused:
        view = await require_registration_step(request, "validation")
        return refused_form(request, fields, refused, time=view.code_sent_at)
    return see_other(_next(request, view))


async def resend(request: web.Request, fields: dict[str, str]) -> web.Response | Form:
    """Send another message; only its code counts from then on."""
    view = await require_registration_step(request, "validation")
    state = request[REQUEST_STATE]
    message = ResendValidation(
        request_id=view.request_id, language=state.lang, network=state.network
    )
    key = idempotency_key(request, "resend", fields)
    try:
        renewed = await act(request, message, key)
    except Refused as refused:
        _stop_if_over(refused)
        return refused_form(request, fields, refused)
    await extend_presession(request, renewed.expires_at)
    return redirect_with_flash(request, "validation", "resent")


async def state(request: web.Request) -> web.Response:
    """The state that the page follows, for browsers whose proxy buffers streams."""
    view = await current_request(request)
    if view is None:
        return web.json_response({"state": None, "text": "", "due": GONE, "next": _own(request)})
    return web.json_response(
        {
            "state": view.mail.state,
            "action": main_action(view),
            "text": mail_text(view.mail, request[REQUEST_STATE].lang),
            "due": view.due,
            "next": _next(request, view),
        }
    )


async def follow(request: web.Request) -> web.StreamResponse:
    """What becomes of the message, live; ends when another step is due."""
    await require_registration_step(request, "validation", "terms", "created")
    lang = request[REQUEST_STATE].lang

    async def ask() -> list[SseEvent]:
        view = await current_request(request)
        if view is None:
            return [("due", {"due": GONE, "next": _own(request)}, True)]
        mail = {
            "state": view.mail.state,
            "action": main_action(view),
            "text": mail_text(view.mail, lang),
        }
        if view.due == "validation":
            return [("mail", mail, False)]
        return [("due", {"due": view.due, "next": _next(request, view)}, True)]

    return await request.app[STREAMS].follow(request, ensure_form_cookie(request), ask)


def _own(request: web.Request) -> str:
    """This page: without a request it leads on and says why."""
    return url(request, "validation")


def _next(request: web.Request, view: RequestView) -> str:
    return url(request, "address_verified" if view.due == "terms" else due_step(view))


def _stop_if_over(refused: Refused) -> None:
    """What the page cannot repair: the due step is elsewhere now."""
    if refused.refusal.slug in ("request_gone", "already_verified"):
        raise Redirect("validation") from refused
