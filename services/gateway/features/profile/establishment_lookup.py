"""The look-up of a SIRET while it is typed (B-07, SI-05 to SI-07).

The answer is data, never a page (WF-08). Nothing of it is logged or stored.
"""

from aiohttp import web

from services.gateway.clients.services import ask
from services.gateway.http.sliding_window import count_lookup
from services.gateway.portal.profile_messages import information_text
from services.gateway.sessions import guards
from services.gateway.sessions.request_state import REQUEST_STATE
from shared.contracts.base import FieldError
from shared.contracts.profile.requests import FindEstablishment
from shared.contracts.profile.views import EstablishmentView


async def establishment(request: web.Request, siret: str) -> web.Response:
    """The state of a SIRET, and its entry in the public register."""
    guards.require_signed_in(request)
    count_lookup(request)
    view = await ask(request, FindEstablishment(siret=siret), EstablishmentView)
    return web.json_response(
        {
            "state": view.state,
            "text": _state_text(view, request[REQUEST_STATE].lang),
            "company_name": view.company_name,
            "address": view.address,
            "address_extra": view.address_extra,
            "postal_code": view.postal_code,
            "city": view.city,
            "hospital_pharmacy": view.hospital_pharmacy,
        }
    )


def _state_text(view: EstablishmentView, lang: str) -> str:
    """The state in words; the key is right but where it is `invalid`."""

    def text(code: str, **params: str | int) -> str:
        return information_text(FieldError(field="siret", code=code, params=params), lang)

    if view.state == "invalid":
        return information_text(view.error, lang) if view.error else text("wrong_key")
    if view.state == "deferred":
        return f"{text('right')} {text('check_deferred')}"
    if view.state == "found":
        return text("found", company=view.company_name)
    if view.state == "closed":
        return text("closed", date=view.closed_on)
    return text("unlisted" if view.state == "unlisted" else "right")
