"""From the declarations of pages to routes: the checks of every POST, in order.

Origin, body, guard, token and key are checked before a view runs. The view receives a dictionary
with every field of the page (empty where the browser left it out) and the form's key.
"""

from aiohttp import web

from services.gateway.http.errors import UNAVAILABLE_ERRORS, HttpError, Redirect
from services.gateway.http.forms import read_fields, read_json
from services.gateway.http.routes import FormView, JsonQuestion, Page, Routes, View
from services.gateway.http.site import SITE
from services.gateway.sessions import request_state
from services.gateway.sessions.guards import resume_promoted
from services.gateway.sessions.request_state import REQUEST_STATE
from services.gateway.sessions.tokens import FORM_KEY, is_valid_form_token
from shared.runtime.telemetry import get_logger

TOKEN_HEADER = "X-Impex-Csrf"  # noqa: S105 - the name of a header

log = get_logger("gateway")


def add_routes(router: web.UrlDispatcher, routes: Routes) -> None:
    """Add the routes of every declared page."""
    for one in routes.declared:
        if isinstance(one, JsonQuestion):
            router.add_post(one.path, json_endpoint(one))
            continue
        if one.show is not None:
            router.add_get(one.path, page_endpoint(one, one.show), allow_head=one.head)
        if one.submit is not None:
            router.add_post(one.path, form_endpoint(one, one.submit))


def page_endpoint(page: Page, show: View) -> View:
    """The view behind the page's guard."""

    async def receive(request: web.Request) -> web.StreamResponse:
        if page.guard is not None:
            page.guard(request)
        return await show(request)

    return receive


def form_endpoint(page: Page, submit: FormView) -> View:
    """The view behind the checks of a form.

    The guard comes before the token: the token of a session that has ended is never valid.
    """

    async def receive(request: web.Request) -> web.StreamResponse:
        _require_same_origin(request)
        fields, token = await _read_body(request, page)
        answer = await _check_guard(request, page, fields)
        if answer is not None:
            return answer
        try:
            answer = await _check_token(request, page, fields, token)
            if answer is not None:
                return answer
            _check_key(page, fields)
            return await submit(request, dict(fields))
        except UNAVAILABLE_ERRORS as error:
            if page.on_unavailable is None:
                raise
            log.info("A service is unavailable.", action="dependency_away", reason=str(error))
            return await page.on_unavailable(request, fields)

    return receive


def json_endpoint(question: JsonQuestion) -> View:
    """The view behind a question that a script asks while somebody types."""

    async def receive(request: web.Request) -> web.StreamResponse:
        _require_same_origin(request)
        value = await read_json(request, question.field)
        await _require_form_token(request, request.headers.get(TOKEN_HEADER, ""), public=True)
        return await question.answer(request, value)

    return receive


async def _read_body(request: web.Request, page: Page) -> tuple[dict[str, str], str]:
    names = ("csrf", *(("key",) if page.needs_key else ()), *page.fields.split())
    given = await read_fields(request, names)
    token = given.pop("csrf", "")
    return {name: given.get(name, "") for name in names if name != "csrf"}, token


async def _check_guard(
    request: web.Request, page: Page, fields: dict[str, str]
) -> web.StreamResponse | None:
    if page.guard is None:
        return None
    saves_input = page.on_session_expired is not None
    if saves_input and page.on_unavailable and request[REQUEST_STATE].problem is not None:
        return await page.on_unavailable(request, fields)
    await resume_promoted(request, fields.get("key", ""))
    try:
        page.guard(request)
    except Redirect:
        if page.on_session_expired is not None:
            await page.on_session_expired(request, fields)
        raise
    return None


async def _check_token(
    request: web.Request, page: Page, fields: dict[str, str], token: str
) -> web.StreamResponse | None:
    try:
        await _require_form_token(request, token, public=page.guard is None)
    except HttpError:
        if page.on_session_expired is None:
            raise
        answer = await page.on_session_expired(request, fields)
        if answer is None:
            raise
        return answer
    return None


def _check_key(page: Page, fields: dict[str, str]) -> None:
    if page.needs_key and not FORM_KEY.fullmatch(fields["key"]):
        raise HttpError(400, event="input_validation_fail", reason="no form key")


def _require_same_origin(request: web.Request) -> None:
    """Refuse requests from other sites: Sec-Fetch-Site decides, Origin only where it is absent
    (WF-05). For a client that sends neither, the form's token alone decides.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        if site not in ("same-origin", "none"):
            raise HttpError(403, event="malicious_csrf", reason=f"Sec-Fetch-Site is {site[:20]}")
        return
    origin = request.headers.get("Origin")
    if origin is not None and origin != request.app[SITE].origin:
        raise HttpError(403, event="malicious_csrf", reason="another Origin")


async def _require_form_token(request: web.Request, token: str, *, public: bool = False) -> None:
    """Refuse a form that was not made for this browser's session or pre-session (WF-05).

    A `public` page may have been opened without the session that its form is posted with: browsers
    send no strict cookie with a link of another site, such as a mail read there. What such a page
    is bound to is the pre-session.
    """
    state, ring = request[REQUEST_STATE], request.app[SITE].session_keys
    cookie = None if state.session is None else state.token
    if cookie is not None and is_valid_form_token(ring, cookie, token):
        state.bound = cookie
        return
    if state.session is None or public:
        await request_state.presession(request)
        cookie = state.cookie.cookie if state.cookie else None
    if cookie is None or not is_valid_form_token(ring, cookie, token):
        reason = "no pre-session" if cookie is None else "the form's token does not fit"
        raise HttpError(403, event="malicious_csrf", reason=reason)
    state.bound = cookie
