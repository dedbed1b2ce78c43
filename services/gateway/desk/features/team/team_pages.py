"""The team: who works here, invitations, and acts on an agent's account."""

from aiohttp import web

from services.gateway.desk.features.team.team_texts import (
    BY_SLUG,
    WHY_INVITED,
    AgentAct,
    is_approvable,
    possible_acts,
    reasons,
    state_text,
)
from services.gateway.desk.proposals import ActForm
from services.gateway.desk.proposals import propose as propose_act
from services.gateway.desk.support import (
    act,
    agent_of,
    ask_support,
    require_role,
    with_fresh_code,
)
from services.gateway.desk.texts import ROLES, role_text
from services.gateway.http.errors import HttpError
from services.gateway.http.forms import Form
from services.gateway.http.rendering import page
from services.gateway.http.site import CLOCK
from services.gateway.portal.flash import redirect_with_flash
from services.gateway.portal.form_errors import invalid_form
from services.gateway.sessions.request_state import REQUEST_STATE
from shared.contracts.support.agents import (
    AgentsView,
    AgentView,
    ListAgents,
    RemoveAgent,
    SuspendAgent,
)
from shared.i18n.catalogue import translate

#: The languages of an invitation, in their own words.
LANGUAGES = (("fr", "Français"), ("en", "English"))


async def show_team(request: web.Request) -> web.Response:
    """Every agent, those without access last, and who was proposed."""
    found, lang = agent_of(request), request[REQUEST_STATE].lang
    view = await ask_support(request, ListAgents(agent_id=found.account_id), AgentsView)
    rows = [
        {
            "agent": one,
            "role": role_text(one.role, lang),
            "state": state_text(one, lang),
            "own": one.agent_id == found.account_id,
        }
        for one in view.agents
    ]
    return page(
        request,
        "team.html",
        rows=rows,
        invitations=[(one, role_text(one.role, lang)) for one in view.invitations],
        supervisor=found.role == "supervisor",
        now=request.app[CLOCK](),
    )


async def show_invitation(request: web.Request, form: Form) -> web.Response:
    """The form of an invitation."""
    require_role(request, "supervisor")
    agents = await _agents(request)
    lang = request[REQUEST_STATE].lang
    roles = [(value, translate(label, lang)) for value, label in ROLES.items()]
    return page(
        request,
        "invite_agent.html",
        form=form,
        roles=roles,
        languages=LANGUAGES,
        reasons=reasons(lang, WHY_INVITED),
        approvable=is_approvable(agents, agent_of(request).account_id, request.app[CLOCK]()),
    )


async def invite(request: web.Request, fields: dict[str, str]) -> web.Response | Form:
    """Propose an agent: another supervisor approves."""
    names = ("address", "role", "language", "reason")
    if missing := [name for name in names if not fields[name].strip()]:
        return invalid_form(request, fields, *missing)
    details = {name: fields[name] for name in ("address", "role", "language")}
    wanted = ActForm(act="invite_agent", reason=fields["reason"], details=details)
    answer = await propose_act(request, fields, wanted)
    if isinstance(answer, Form):
        return answer
    return redirect_with_flash(request, "team", await _proposed(request))


async def show_agent(request: web.Request) -> web.Response:
    """One agent, and what can be done with the account."""
    found, lang = agent_of(request), request[REQUEST_STATE].lang
    agent = await _agent(request)
    own = agent.agent_id == found.account_id
    offered = possible_acts(agent, found.role == "supervisor", own)
    return page(
        request,
        "colleague.html",
        agent=agent,
        own=own,
        role=role_text(agent.role, lang),
        state=state_text(agent, lang),
        now=request.app[CLOCK](),
        acts=[(one.slug, translate(one.label, lang), one.proposed) for one in offered],
    )


async def show_act(request: web.Request, form: Form) -> web.Response:
    """The form of one act on an agent."""
    require_role(request, "supervisor")
    lang = request[REQUEST_STATE].lang
    agents, one = await _agents(request), _act(request)
    agent = _named(request, agents)
    return page(
        request,
        "act_on_agent.html",
        form=form,
        agent=agent,
        slug=one.slug,
        label=translate(one.label, lang),
        effect=translate(one.effect, lang),
        proposed=one.proposed,
        ends=one.ends,
        approvable=is_approvable(agents, agent_of(request).account_id, request.app[CLOCK]()),
        reasons=reasons(lang),
        roles=[
            (value, translate(label, lang)) for value, label in ROLES.items() if value != agent.role
        ]
        if one.name == "change_agent_role"
        else [],
    )


async def submit_act(request: web.Request, fields: dict[str, str]) -> web.Response | Form:
    """Do or propose an act on an agent."""
    one, agent = _act(request), await _agent(request)
    names = ("role", "reason") if one.name == "change_agent_role" else ("reason",)
    if missing := [name for name in names if not fields[name]]:
        return invalid_form(request, fields, *missing)
    if one.proposed:
        wanted = ActForm(
            act=one.name,
            reason=fields["reason"],
            subject_agent_id=agent.agent_id,
            details={"role": fields["role"]} if "role" in names else {},
        )
        answer: object = await propose_act(request, fields, wanted)
    else:
        answer = await _do(request, fields, one, agent)
    if isinstance(answer, Form):
        return answer
    flash = await _proposed(request) if one.proposed else one.flash
    return redirect_with_flash(request, "colleague", flash)


async def _do(
    request: web.Request, fields: dict[str, str], one: AgentAct, agent: AgentView
) -> AgentView | Form:
    """Do at once what needs nobody else: suspend an agent, or end the access."""
    purpose = f"{one.name}/{agent.agent_id}"
    kind = SuspendAgent if one.name == "suspend_agent" else RemoveAgent
    asked = kind(
        agent_id=agent_of(request).account_id,
        subject_id=agent.agent_id,
        reason=fields["reason"],
    )
    message = await with_fresh_code(request, fields, asked, purpose)
    if isinstance(message, Form):
        return message
    return await act(request, fields, message, AgentView, purpose)


def _act(request: web.Request) -> AgentAct:
    found = BY_SLUG.get(request.match_info["act"])
    if found is None:
        raise HttpError(404, reason="no such act")
    return found


async def _proposed(request: web.Request) -> str:
    """The message after a proposal."""
    own, now = agent_of(request).account_id, request.app[CLOCK]()
    approvable = is_approvable(await _agents(request), own, now)
    return "act_proposed" if approvable else "act_without_approver"


async def _agents(request: web.Request) -> tuple[AgentView, ...]:
    message = ListAgents(agent_id=agent_of(request).account_id)
    return (await ask_support(request, message, AgentsView)).agents


async def _agent(request: web.Request) -> AgentView:
    return _named(request, await _agents(request))


def _named(request: web.Request, agents: tuple[AgentView, ...]) -> AgentView:
    wanted = request.match_info["agent"]
    found = [one for one in agents if one.agent_id == wanted]
    if not found:
        raise HttpError(404, reason="no such agent")
    return found[0]
