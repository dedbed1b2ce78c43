"""The team: who works here, invitations, and acts on an agent's account."""

import json
from datetime import datetime

from aiohttp import web

from services.gateway.clients.services import seal
from services.gateway.desk.features.team.team_texts import (
    BY_SLUG,
    WHY_INVITED,
    AgentAct,
    is_approvable,
    possible_acts,
    reasons,
    state_text,
)
from services.gateway.desk.support import (
    act,
    agent_of,
    ask_support,
    require_fresh_code,
    require_role,
)
from services.gateway.desk.texts import ROLES, role_text
from services.gateway.http.errors import HttpError
from services.gateway.http.forms import Form
from services.gateway.http.rendering import page
from services.gateway.http.site import CLOCK
from services.gateway.portal.flash import redirect_with_flash
from services.gateway.portal.form_errors import invalid_form
from services.gateway.sessions.request_state import REQUEST_STATE
from shared.contracts.base import Request
from shared.contracts.support.agents import (
    AgentsView,
    AgentView,
    ListAgents,
    RemoveAgent,
    SuspendAgent,
)
from shared.contracts.support.proposals import ProposalView, Propose
from shared.i18n.catalogue import translate

#: The languages of an invitation, in their own words.
LANGUAGES = (("fr", "Français"), ("en", "English"))


async def show_team(request: web.Request) -> web.Response:
    """Every agent; those without access last."""
    found, lang = agent_of(request), request[REQUEST_STATE].lang
    agents = await _agents(request)
    rows = [
        {
            "agent": one,
            "role": role_text(one.role, lang),
            "state": state_text(one, lang),
            "own": one.agent_id == found.account_id,
        }
        for one in agents
    ]
    supervisor = found.role == "supervisor"
    now = request.app[CLOCK]()
    return page(request, "team.html", rows=rows, supervisor=supervisor, now=now)


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
    code_at = await require_fresh_code(request, fields, "invite")
    if isinstance(code_at, Form):
        return code_at
    details = {name: fields[name] for name in ("address", "role", "language")}
    message = _proposal(request, "invite_agent", fields["reason"], details, code_at)
    answer = await act(request, fields, message, ProposalView, "invite")
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
    purpose = f"{one.name}/{agent.agent_id}"
    code_at = await require_fresh_code(request, fields, purpose)
    if isinstance(code_at, Form):
        return code_at
    if one.proposed:
        details = {"role": fields["role"]} if "role" in names else {}
        message: Request = _proposal(
            request, one.name, fields["reason"], details, code_at, subject_agent_id=agent.agent_id
        )
        answer: object = await act(request, fields, message, ProposalView, purpose)
    else:
        kind = SuspendAgent if one.name == "suspend_agent" else RemoveAgent
        message = kind(
            agent_id=agent_of(request).account_id,
            subject_id=agent.agent_id,
            reason=fields["reason"],
        )
        answer = await act(request, fields, message, AgentView, purpose)
    if isinstance(answer, Form):
        return answer
    flash = await _proposed(request) if one.proposed else one.flash
    return redirect_with_flash(request, "colleague", flash)


def _proposal(
    request: web.Request,
    name: str,
    reason: str,
    details: dict[str, str],
    code_at: datetime,
    subject_agent_id: str = "",
) -> Propose:
    return Propose(
        agent_id=agent_of(request).account_id,
        act=name,
        reason=reason,
        subject_agent_id=subject_agent_id,
        details=seal(request, Propose, "details", json.dumps(details)),
        code_at=code_at,
    )


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
