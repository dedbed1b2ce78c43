"""Sign-in of agents: address and password, checked by support; the second factor follows."""

from datetime import timedelta

from aiohttp import web

from services.gateway.clients.services import ask, seal
from services.gateway.desk import session_pages
from services.gateway.desk.navigation import home_of
from services.gateway.http.errors import Redirect
from services.gateway.http.forms import Form
from services.gateway.http.rendering import page
from services.gateway.http.routes import ROUTES, redirect
from services.gateway.http.site import CLOCK
from services.gateway.portal.credentials import describe_factor
from services.gateway.portal.form_errors import invalid_form, refused_form
from services.gateway.sessions import guards
from services.gateway.sessions.model import Session
from services.gateway.sessions.request_state import REQUEST_STATE, idempotency_key
from services.gateway.sessions.sessions import SESSIONS, PasswordSignIn
from shared.contracts.support.agents import AgentSignInView, SignInAgent
from shared.messaging.handlers import Refused
from shared.runtime.telemetry import get_logger

#: Within this time a phone may be enrolled: the life of a session with the password alone.
ENROL_TIME = timedelta(hours=1)

log = get_logger("desk")


async def welcome(request: web.Request) -> web.Response:
    """Go on to where the agent begins, else to the sign-in."""
    found = request[REQUEST_STATE].session
    if found is None:
        return redirect(request, "sign_in")
    if not found.full:
        return redirect(request, session_pages.next_step(request, found))
    return redirect(request, home_of(request.app[ROUTES], found.role))


async def show(request: web.Request, form: Form) -> web.Response:
    """The form; a session that has begun goes on with its due step."""
    found = request[REQUEST_STATE].session
    if found is not None and not form.typed:
        target = request.app[ROUTES].find_login_target(request.query.get("suite", ""))
        if found.full and target is not None:
            raise Redirect(target[0].name, **target[1])
        raise Redirect(session_pages.next_step(request, found))
    if not form.typed:
        name = request.query.get("suite", "")
        form.values = {"next": name if request.app[ROUTES].find_login_target(name) else ""}
    return page(request, "desk_sign_in.html", form=form)


async def submit(request: web.Request, fields: dict[str, str]) -> web.Response | Form:
    """Check the password; answers are alike for every address that does not open (AU-08)."""
    state = request[REQUEST_STATE]
    if state.session is not None and state.session.full:
        raise Redirect("welcome")
    typed = {"address": fields["address"], "password": fields["password"]}
    if missing := [name for name in typed if not typed[name]]:
        return invalid_form(request, fields, *missing)
    sessions = request.app[SESSIONS]
    known = await sessions.known_accounts(state.browser) if state.browser else ()
    message = SignInAgent(
        address=fields["address"],
        password=seal(request, SignInAgent, "password", fields["password"]),
        network=state.network,
        known_accounts=tuple(known),
    )
    try:
        key = idempotency_key(request, "agent-sign-in", fields)
        signed = await ask(request, message, AgentSignInView, key)
    except Refused as refused:
        form = refused_form(request, fields, refused)
        action = "authn_login_lock" if form.status == 429 else "authn_login_fail"
        log.warning("A sign-in of an agent was refused.", action=action, network=state.network)
        return form
    found = await start_session(request, signed, fields["next"])
    return redirect(request, session_pages.next_step(request, found))


async def start_session(request: web.Request, signed: AgentSignInView, following: str) -> Session:
    """A session of the agent with the password alone, whose second factor is due.

    `enrol_before` of the reply lets a phone be enrolled with the password, as long as it lasts and
    there is none; afterwards nothing but a code goes on.
    """
    agent, now = signed.agent, request.app[CLOCK]()
    may_enrol = signed.enrol_before is not None and now < signed.enrol_before
    enrolled = (await describe_factor(request, agent.agent_id)).enrolled_at is not None
    sign_in = PasswordSignIn(
        account_id=agent.agent_id,
        address=agent.address,
        first_name=agent.first_name,
        last_name=agent.last_name,
        failures=signed.failures,
        due="enrolment" if may_enrol and not enrolled else "code",
        next=following,
        proved_at=signed.checked_at,
        role=agent.role,
    )
    return await guards.start_partial(request, sign_in)
