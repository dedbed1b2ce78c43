"""No page has an identifier to swap: the session decides whose data is shown (AZ-02)."""

import re

from aiohttp import web
from bs4 import Tag

from services.gateway.app import PAGES
from services.gateway.front_end import setup_routes
from services.gateway.http.routes import Routes
from tests.unit.gateway.templates.parsed_pages import FRENCH
from tests.unit.gateway.templates.parsed_pages import soup as read

IDENTIFIER = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-|[0-9a-f]{24}|\b[1-9]\d{5,}\b")
#: Made for each page or browser: those of others are refused.
TOKENS = ("csrf", "key", "token", "list", "nonce")
#: What a form may contain: a session of the own account, which a test swaps (404); a version of
#: public terms; the input itself.
NAMED = ("session", "version", "sha256")
TYPED = ("text", "email", "tel", "search")


def _names_something(element: Tag) -> bool:
    named = str(element.get("name", ""))
    if named in (*TOKENS, *NAMED) or str(element.get("type", "")) in TYPED:
        return False
    ours = (str(element.get(name, "")) for name in ("href", "action", "value"))
    return any(
        IDENTIFIER.search(text)
        for text in ours
        if not text.startswith(("https:", "mailto:", "tel:", "otpauth:", "data:"))
        and "/static/" not in text
        and "jeton=" not in text
    )


def test_az_02_no_address_of_the_portal_holds_an_identifier() -> None:
    """Except for static files, every address is fixed."""
    app = web.Application()
    setup_routes(app.router, Routes(PAGES))
    places = {
        resource.canonical for resource in app.router.resources() if "{" in resource.canonical
    }
    assert {place for place in places if not place.startswith("/static/")} == set()


def test_az_02_no_link_or_form_names_data_of_others() -> None:
    found = {
        (page.state.name, str(element)[:160])
        for page in FRENCH
        if page.state.me
        for element in read(page).select("main a, form, main input, main button, main option")
        if _names_something(element)
    }
    assert found == set()
