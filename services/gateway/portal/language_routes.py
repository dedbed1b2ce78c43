"""The language switch of every page: stored for a year, and back to the page (AU-15).

The switch of a page with a form sends the fields of the form along: they are on the page in the
other language, passwords and codes excepted.
"""

from dataclasses import replace

from aiohttp import web

from services.gateway.http.errors import HttpError
from services.gateway.http.form_routes import FORM_QUERY, filled_in_form, left_form, show_again
from services.gateway.http.forms import Form
from services.gateway.http.routes import ROUTES, Page, see_other, url
from services.gateway.sessions.request_state import (
    LANGUAGE_COOKIE,
    LANGUAGE_SECONDS,
    REQUEST_STATE,
    plain_cookie_name,
)
from shared.i18n.catalogue import LANGUAGES

#: Fields that a page fills in by itself: without others there is nothing to keep.
UNSEEN = frozenset(
    ("key", "mark", "dialog", "action", "list", "version", "sha256", "shown", "session")
)


async def choose(request: web.Request, fields: dict[str, str]) -> web.StreamResponse:
    """Store the language and go back."""
    lang, routes = fields["lang"], request.app[ROUTES]
    if lang not in LANGUAGES:
        raise HttpError(400, event="input_validation_fail", reason="unknown language")
    state = request[REQUEST_STATE]
    name = plain_cookie_name(request.app, LANGUAGE_COOKIE)
    state.cookies[name] = (lang, LANGUAGE_SECONDS)
    filled_in = filled_in_form(request, LANGUAGE)
    if filled_in is LANGUAGE:
        return see_other(routes.language_target(fields["next"]))
    state.lang = lang
    form = Form.again(fields, same=True)
    form.values.pop("lang", None)
    form.status = 200
    shown = routes.shown_on(filled_in)
    before = await left_form(request, shown) if request.query.get(FORM_QUERY) else None
    if before is None and not any(form.values[name] for name in form.values.keys() - UNSEEN):
        query = shown.form_query(fields) if shown.form_query else {}
        return see_other(url(request, shown.name, **query))
    if before is not None:
        if "version" in before.values:
            # A page of two versions carries the newer one, as if both had been compared already.
            form.values["version"] = before.values["version"]
        form = replace(before, values=form.values, errors={}, alert=None, key=form.key, typed=True)
        form.translate(lang)
    return await show_again(request, filled_in, fields, form)


LANGUAGE = Page(
    "language", "/langue", submit=choose, fields="lang next", needs_key=False, of_any_form=True
)
PAGES = (LANGUAGE,)
