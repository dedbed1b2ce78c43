"""A second factor again, where the last one is old: before what the session alone must not do
(SE-07, SE-09).

A right code counts for every such act of the next minutes.
"""

from aiohttp import web

from services.gateway.http.forms import Form
from services.gateway.portal.credentials import check_code
from services.gateway.portal.form_errors import refused_code
from services.gateway.sessions.model import Session
from services.gateway.sessions.request_state import REQUEST_STATE
from services.gateway.sessions.sessions import SESSIONS
from shared.messaging.handlers import Refused


async def give_code(
    request: web.Request, found: Session, fields: dict[str, str], purpose: str
) -> Form | None:
    """Check the code of a form and record it; the form again where it was refused."""
    try:
        checked = await check_code(request, found, fields, purpose)
    except Refused as refused:
        return refused_code(request, fields, refused)
    token = request[REQUEST_STATE].token or ""
    await request.app[SESSIONS].record_code(token, checked.accepted_at)
    return None
