"""A new phone, with password and a code of the old one (G-25, OT-12)."""

from aiohttp import web

from services.gateway.http.forms import Form
from services.gateway.portal.credentials import check_password
from services.gateway.portal.form_errors import form_page, refused_code
from services.gateway.portal.new_phone import start
from services.gateway.sessions import guards
from shared.messaging.handlers import Refused

#: What is needed, and the form for it.
show = form_page("account_phone.html")


async def submit(request: web.Request, fields: dict[str, str]) -> web.Response | Form:
    """The password first: a code is used up only where it was right."""
    found = guards.require_signed_in(request)
    try:
        await check_password(request, found, fields, "phone-password")
        return await start(request, found, fields)
    except Refused as refused:
        return refused_code(request, fields, refused)
