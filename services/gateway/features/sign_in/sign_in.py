"""Sign-in: the form, and where a right password leads.

An account continues with its second factor, a pending request at its due step, in any browser.
"""

from collections.abc import Collection
from datetime import timedelta

from aiohttp import web

from services.gateway.clients.services import ask, seal
from services.gateway.http.errors import UNAVAILABLE_ERRORS, Redirect
from services.gateway.http.form_routes import show_again
from services.gateway.http.forms import Form
from services.gateway.http.rendering import page
from services.gateway.http.routes import ROUTES, redirect, url
from services.gateway.http.site import CLOCK
from services.gateway.portal import session_pages
from services.gateway.portal.credentials import describe_factor
from services.gateway.portal.form_errors import invalid_form, refused_form
from services.gateway.portal.recent_requests import RECENT_REQUESTS
from services.gateway.portal.registration_steps import due_step, known_request
from services.gateway.sessions import guards
from services.gateway.sessions.request_state import (
    REQUEST_STATE,
    bind_to_request,
    flash,
    idempotency_key,
)
from services.gateway.sessions.sessions import SESSIONS, PasswordSignIn
from shared.contracts.registration.requests import DescribeRequest, SignIn
from shared.contracts.registration.views import RequestView, SignInView
from shared.messaging.handlers import Refused
from shared.runtime.telemetry import get_logger

#: How old a stored reply to a sign-in may be; a reply without `checked_at` counts as that old.
MAX_REPLY_AGE = timedelta(seconds=SignIn.REPLY_SECONDS)

#: Pages that the form's other buttons lead to, with the address.
ADDRESS_PAGES = ("forgotten_password", "lost_phone")

log = get_logger("gateway")


async def show(request: web.Request, form: Form) -> web.StreamResponse:
    """The form (G-02); a session that has begun goes on with its due step."""
    _resume(request, form)
    if not form.typed:
        name = request.query.get("suite", "")
        form.values = {"next": name if request.app[ROUTES].find_login_target(name) else ""}
    created = await _created(request)
    if created is not None:
        form.values = {"address": created.address, **form.values}
    return _render(request, form, created=created is not None)


async def show_unavailable(request: web.Request, form: Form) -> web.Response:
    """The form as it was typed."""
    return _render(request, form, created=False)


async def submit(request: web.Request, fields: dict[str, str]) -> web.StreamResponse | Form:
    """Check the password; answers are alike for known and unknown addresses (AU-08, B-03)."""
    state, app = request[REQUEST_STATE], request.app
    if state.session is not None and state.session.full:
        raise Redirect("home")
    if fields["to"] in ADDRESS_PAGES:
        return await _carry_address(request, fields["to"], fields["address"])
    # Empty fields are not an attempt, so nothing is counted.
    typed = {"address": fields["address"], "password": fields["password"]}
    if missing := [name for name in typed if not typed[name]]:
        return invalid_form(request, fields, *missing)
    known = await app[SESSIONS].known_accounts(state.browser) if state.browser else ()
    message = SignIn(
        address=fields["address"],
        password=seal(request, SignIn, "password", fields["password"]),
        network=state.network,
        known_accounts=tuple(known),
    )
    key = idempotency_key(request, "sign-in", fields)
    try:
        signed = await ask(request, message, SignInView, key)
        if signed.due == "request" and signed.request_id is not None:
            pending = DescribeRequest(request_id=signed.request_id)
            view = await ask(request, pending, RequestView)
            app[RECENT_REQUESTS].put(view, app[CLOCK]())
            await bind_to_request(request, view.request_id, view.expires_at)
            flash(request, "back")
            return redirect(request, due_step(view))
    except Refused as refused:
        if refused.refusal.slug == "request_gone":
            # It has ended since the password was checked; the reply may be a stored one.
            flash(request, "gone")
            raise Redirect("register") from refused
        form = refused_form(request, fields, refused)
        action = "authn_login_lock" if form.status == 429 else "authn_login_fail"
        log.warning("A sign-in was refused.", action=action, network=state.network)
        return form
    account_id, now = signed.account_id or "", app[CLOCK]()
    sign_in = PasswordSignIn(
        account_id=account_id,
        address=signed.address or "",
        first_name=signed.first_name or "",
        last_name=signed.last_name or "",
        enrol_before=signed.enrol_before or now,
        failures=signed.failures,
        due=await _due(request, account_id, known),
        next=fields["next"],
        proved_at=signed.checked_at or now - MAX_REPLY_AGE,
        terms_bind_at=signed.terms_bind_at,
    )
    found = await guards.start_partial(request, sign_in)
    return redirect(request, session_pages.next_step(request, found))


async def _carry_address(request: web.Request, name: str, address: str) -> web.StreamResponse:
    """Go on to a page that asks for the address, with what was typed here."""
    there = request.app[ROUTES].at(url(request, name))
    if there is None or not address:
        return redirect(request, name)
    return await show_again(request, there, {}, Form(values={"address": address}, typed=True))


async def _due(request: web.Request, account_id: str, known: Collection[str]) -> str:
    # A browser is known for an account once it gave a code: there is a phone. Where it was removed
    # since, the page of the code says so.
    if account_id in known:
        return "code"
    factor = await describe_factor(request, account_id)
    return "code" if factor.enrolled_at else "enrolment"


def _render(request: web.Request, form: Form, *, created: bool) -> web.Response:
    """The page; `created`: this browser has just made an account, whose address is known (P-11)."""
    return page(request, "sign_in.html", form=form, created=created)


async def _created(request: web.Request) -> RequestView | None:
    """This browser's request whose account exists; the page is useful without it."""
    try:
        view = await known_request(request)
    except UNAVAILABLE_ERRORS:
        return None
    return view if view is not None and view.due == "created" else None


def _resume(request: web.Request, form: Form) -> None:
    found = request[REQUEST_STATE].session
    if found is not None and found.full:
        raise session_pages.login_target(request, request.query.get("suite", ""))
    if found is not None and not form.typed:
        raise Redirect(session_pages.next_step(request, found))
