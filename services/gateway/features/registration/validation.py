"""The proof of the address: code, fate of the message, another message (G-10, G-11, B-01)."""

from __future__ import annotations

from aiohttp import web

from services.gateway.http.errors import Elsewhere
from services.gateway.http.forms import Form
from services.gateway.http.sse import Said
from services.gateway.portal.app_keys import CLOCK, REGISTRATION, STREAMS
from services.gateway.portal.form_errors import away_form, refuse_form
from services.gateway.portal.texts import mail_text
from services.gateway.sessions.request_state import (
    GONE,
    VISIT,
    current_view,
    due,
    due_url,
    ensure_cookie,
    idempotency_key,
    note,
    page,
    prolong,
    redirect,
)
from shared.contracts.registration import RequestView
from shared.i18n.dates import format_time
from shared.messaging.errors import RequestTimeout, ServiceUnavailable
from shared.messaging.handlers import Refused

VERIFIED = "/inscription/adresse-validee"
HERE = "/inscription/validation"


async def show(request: web.Request) -> web.Response:
    """The page that waits for the code."""
    return render(request, await due(request, "validation"), Form())


async def submit(request: web.Request, fields: dict[str, str]) -> web.Response:
    """Prove the address by the code."""
    view = await due(request, "validation")
    key = idempotency_key(request, "code", fields)
    try:
        await request.app[REGISTRATION].verify_code(view.request_id, fields["code"], key=key)
    except Refused as refused:
        _stop_if_over(refused)
        form = Form.again(fields)
        sent = format_time(view.code_sent_at, request[VISIT].lang, zone=False)
        return render(request, view, form, refuse_form(request, form, refused, time=sent))
    except (ServiceUnavailable, RequestTimeout):
        return _away(request, view, fields)
    return redirect(VERIFIED)


async def resend(request: web.Request, fields: dict[str, str]) -> web.Response:
    """Send another message; only its code counts from then on."""
    view = await due(request, "validation")
    visit = request[VISIT]
    try:
        renewed = await request.app[REGISTRATION].resend(
            view.request_id,
            language=visit.lang,
            network=visit.network,
            key=idempotency_key(request, "resend", fields),
        )
    except Refused as refused:
        _stop_if_over(refused)
        form = Form.again(fields)
        return render(request, view, form, refuse_form(request, form, refused))
    except (ServiceUnavailable, RequestTimeout):
        return _away(request, view, fields)
    await prolong(request, renewed)
    note(request, "resent")
    return redirect(HERE)


async def state(request: web.Request) -> web.Response:
    """What the page follows, asked once: for browsers whose proxy holds streams back."""
    view = await current_view(request)
    if view is None:
        return web.json_response({"state": None, "text": "", "due": GONE, "next": "/inscription"})
    return web.json_response(
        {
            "state": view.mail.state,
            "text": mail_text(view.mail, request[VISIT].lang),
            "due": view.due,
            "next": _next(view),
        }
    )


async def follow(request: web.Request) -> web.StreamResponse:
    """What becomes of the message, live; ends when another step is due."""
    await due(request, "validation", "terms", "created")
    lang = request[VISIT].lang

    async def ask() -> list[Said]:
        view = await current_view(request)
        if view is None:
            return [("due", {"due": GONE, "next": "/inscription"}, True)]
        mail = {"state": view.mail.state, "text": mail_text(view.mail, lang)}
        if view.due == "validation":
            return [("mail", mail, False)]
        return [("due", {"due": view.due, "next": _next(view)}, True)]

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
        mail_text=mail_text(view.mail, request[VISIT].lang),
        resend_in=max(0, -int(-wait // 1)),
        switch_url=HERE,
    )


def _next(view: RequestView) -> str:
    return VERIFIED if view.due == "terms" else due_url(view)


def _stop_if_over(refused: Refused) -> None:
    """What the page cannot repair: the due step is elsewhere now."""
    if refused.refusal.slug in ("request_gone", "already_verified"):
        raise Elsewhere(HERE) from refused


def _away(request: web.Request, view: RequestView, fields: dict[str, str]) -> web.Response:
    form = away_form(request, fields)
    return render(request, view, form, 503)
