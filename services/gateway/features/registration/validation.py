"""The proof of the address: code, fate of the message, another message (G-10, G-11, B-01)."""

from aiohttp import web

from services.gateway.clients.clients import CLIENTS
from services.gateway.http.errors import Redirect
from services.gateway.http.forms import Form
from services.gateway.http.rendering import page
from services.gateway.http.routes import redirect, url
from services.gateway.http.site import CLOCK
from services.gateway.http.sse import STREAMS, SseEvent
from services.gateway.portal.form_errors import refuse_form, unavailable_form
from services.gateway.portal.registration_steps import (
    GONE,
    current_request,
    due_step,
    require_registration_step,
)
from services.gateway.portal.texts import mail_text
from services.gateway.sessions.request_state import (
    REQUEST_STATE,
    ensure_cookie,
    extend_presession,
    flash,
    idempotency_key,
)
from shared.contracts.registration.views import RequestView
from shared.i18n.dates import format_time
from shared.messaging.errors import RequestTimeout, ServiceUnavailable
from shared.messaging.handlers import Refused


async def show(request: web.Request) -> web.Response:
    """The page that waits for the code."""
    return render(request, await require_registration_step(request, "validation"), Form())


async def submit(request: web.Request, fields: dict[str, str]) -> web.Response:
    """Prove the address by the code."""
    view = await require_registration_step(request, "validation")
    key = idempotency_key(request, "code", fields)
    try:
        await request.app[CLIENTS].registration.verify_code(
            view.request_id, fields["code"], key=key
        )
    except Refused as refused:
        _stop_if_over(refused)
        form = Form.again(fields)
        sent = format_time(view.code_sent_at, request[REQUEST_STATE].lang, zone=False)
        return render(request, view, form, refuse_form(request, form, refused, time=sent))
    except (ServiceUnavailable, RequestTimeout):
        return _unavailable(request, view, fields)
    return redirect(request, "address_verified")


async def resend(request: web.Request, fields: dict[str, str]) -> web.Response:
    """Send another message; only its code counts from then on."""
    view = await require_registration_step(request, "validation")
    state = request[REQUEST_STATE]
    try:
        renewed = await request.app[CLIENTS].registration.resend(
            view.request_id,
            language=state.lang,
            network=state.network,
            key=idempotency_key(request, "resend", fields),
        )
    except Refused as refused:
        _stop_if_over(refused)
        form = Form.again(fields)
        return render(request, view, form, refuse_form(request, form, refused))
    except (ServiceUnavailable, RequestTimeout):
        return _unavailable(request, view, fields)
    await extend_presession(request, renewed.expires_at)
    flash(request, "resent")
    return redirect(request, "validation")


async def state(request: web.Request) -> web.Response:
    """The state that the page follows, for browsers whose proxy buffers streams."""
    view = await current_request(request)
    if view is None:
        return web.json_response(
            {"state": None, "text": "", "due": GONE, "next": url(request, "register")}
        )
    return web.json_response(
        {
            "state": view.mail.state,
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
            return [("due", {"due": GONE, "next": url(request, "register")}, True)]
        mail = {"state": view.mail.state, "text": mail_text(view.mail, lang)}
        if view.due == "validation":
            return [("mail", mail, False)]
        return [("due", {"due": view.due, "next": _next(request, view)}, True)]

    return await request.app[STREAMS].follow(request, ensure_cookie(request), ask)


def render(request: web.Request, view: RequestView, form: Form, status: int = 200) -> web.Response:
    """The validation page with one form for the code and for another message."""
    wait = (view.resend_at - request.app[CLOCK]()).total_seconds()
    return page(
        request,
        "validation.html",
        status=status,
        view=view,
        form=form,
        mail_text=mail_text(view.mail, request[REQUEST_STATE].lang),
        resend_in=max(0, -int(-wait // 1)),
        switch_url=url(request, "validation"),
    )


def _next(request: web.Request, view: RequestView) -> str:
    return url(request, "address_verified" if view.due == "terms" else due_step(view))


def _stop_if_over(refused: Refused) -> None:
    """What the page cannot repair: the due step is elsewhere now."""
    if refused.refusal.slug in ("request_gone", "already_verified"):
        raise Redirect("validation") from refused


def _unavailable(request: web.Request, view: RequestView, fields: dict[str, str]) -> web.Response:
    form = unavailable_form(request, fields)
    return render(request, view, form, 503)
