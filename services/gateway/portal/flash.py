"""The message that a page shows once after a redirect."""

from collections.abc import Mapping
from datetime import datetime

from aiohttp import web

from services.gateway.http.rendering import RENDERER
from services.gateway.portal import texts
from services.gateway.sessions.request_state import REQUEST_STATE
from shared.contracts.registration.views import RequestView
from shared.i18n.catalogue import translate
from shared.i18n.dates import format_time


def flash_message(
    request: web.Request, code: str, variables: Mapping[str, object]
) -> tuple[str, str] | None:
    """The look and the text of a message, filled in from the variables of the page."""
    if code not in texts.FLASHES:
        return None
    lang = request[REQUEST_STATE].lang
    kind, text = texts.FLASHES[code]
    values: dict[str, object] = dict(request.app[RENDERER].names(lang))
    view, saved_at = variables.get("view"), variables.get("saved_at")
    if isinstance(view, RequestView):
        values |= {
            "address": view.address,
            "sent": format_time(view.code_sent_at, lang),
            "step": translate(texts.STEPS.get(view.due, ""), lang),
        }
    if isinstance(saved_at, datetime):
        values["saved"] = format_time(saved_at, lang)
    return kind, translate(text, lang, **values)
