"""The team's pages in their states."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from services.gateway.desk.features.team.team_pages import LANGUAGES
from services.gateway.desk.features.team.team_texts import (
    ACTS,
    STATES,
    WHY_INVITED,
    possible_acts,
    reasons,
)
from services.gateway.desk.texts import ROLES
from tests.support.pages.page_basis import NOW, State, form

FIELD_ERRORS = {
    "address": ["Saisissez une adresse professionnelle."],
    "role": ["Choisissez un rôle."],
    "code": ["Saisissez les 6 chiffres du code."],
}
ROLE_OPTIONS = list(ROLES.items())


def _agent(number: int = 1, **more: Any) -> SimpleNamespace:
    known = {
        "agent_id": f"0b0f8a52-3c1f-4b0e-9b0a-5b6f3f0f9d{number:02d}",
        "address": f"luc.bernard-delacroix{number}@agency.example",
        "first_name": "Luc",
        "last_name": "Bernard-Delacroix",
        "role": "agent",
        "state": "active",
        "since": NOW,
        "newcomer_until": None,
        "invited_by": "Paule Martin",
        "seen_at": NOW,
        "open_acts": 1,
        "open_requests": 2,
        "stopped": (),
    }
    return SimpleNamespace(**{**known, **more})


def _team() -> dict[str, Any]:
    agents = [
        _agent(1, role="supervisor", invited_by=""),
        _agent(2, newcomer_until=NOW + timedelta(hours=70)),
        _agent(3, state="invited", first_name="", last_name="", seen_at=None),
        _agent(4, state="suspended", role="auditor"),
    ]
    rows = [
        {"agent": one, "role": ROLES[one.role], "state": STATES[one.state], "own": at == 0}
        for at, one in enumerate(agents)
    ]
    proposed = SimpleNamespace(
        proposal_id=_agent(9).agent_id,
        address="nina.petit@agency.example.fr",
        proposed_by="Paule Martin",
        proposed_at=NOW,
        expires_at=NOW + timedelta(days=7),
    )
    invitations = [(proposed, ROLES["agent"])]
    return {"rows": rows, "invitations": invitations, "supervisor": True, "now": NOW}


def _colleague(agent: SimpleNamespace, *, own: bool = False) -> dict[str, Any]:
    offered = possible_acts(agent, supervisor=True, own=own)  # type: ignore[arg-type]
    return {
        "agent": agent,
        "own": own,
        "role": ROLES[agent.role],
        "state": STATES[agent.state],
        "now": NOW,
        "acts": [(act.slug, act.label, act.proposed) for act in offered],
    }


def _act(slug: str, shown: SimpleNamespace | None = None) -> dict[str, Any]:
    (act,) = (one for one in ACTS if one.slug == slug)
    return {
        "form": shown or form(),
        "agent": _agent(),
        "slug": slug,
        "label": act.label,
        "effect": act.effect,
        "proposed": act.proposed,
        "ends": not act.proposed,
        "approvable": slug != "role",
        "reasons": reasons("fr"),
        "roles": ROLE_OPTIONS if slug == "role" else [],
    }


def _invitation(shown: SimpleNamespace, approvable: bool = True) -> dict[str, Any]:
    return {
        "form": shown,
        "roles": ROLE_OPTIONS,
        "languages": LANGUAGES,
        "reasons": reasons("fr", WHY_INVITED),
        "approvable": approvable,
    }


def team_states(agent: Any) -> tuple[State, ...]:
    """The states; `agent(role)` is the signed-in agent."""
    supervisor = agent("supervisor")
    return (
        State("desk-team", "team.html", _team(), me=supervisor),
        State(
            "desk-team-auditor",
            "team.html",
            {**_team(), "supervisor": False},
            me=agent("auditor"),
        ),
        State("desk-colleague", "colleague.html", _colleague(_agent(2)), me=supervisor),
        State(
            "desk-colleague-own", "colleague.html", _colleague(_agent(1), own=True), me=supervisor
        ),
        State("desk-invite", "invite_agent.html", _invitation(form()), me=supervisor),
        State(
            "desk-invite-refused",
            "invite_agent.html",
            _invitation(form({"address": "luc"}, FIELD_ERRORS)),
            me=supervisor,
        ),
        State(
            "desk-invite-alone",
            "invite_agent.html",
            _invitation(form(), approvable=False),
            me=supervisor,
        ),
        State("desk-act_on_agent", "act_on_agent.html", _act("suspendre"), me=supervisor),
        State("desk-act_on_agent-role", "act_on_agent.html", _act("role"), me=supervisor),
    )
