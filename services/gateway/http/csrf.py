"""Whether a POST comes from our own pages (WF-05): its origin, and the token of its form."""

from aiohttp import web

from services.gateway.http.errors import HttpError
from services.gateway.http.site import SITE
from services.gateway.sessions import request_state
from services.gateway.sessions.request_state import REQUEST_STATE
from services.gateway.sessions.tokens import is_valid_form_token


def require_same_origin(request: web.Request) -> None:
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


async def require_form_token(request: web.Request, token: str, *, public: bool = False) -> None:
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
