"""The words of the team's pages: states, reasons, and what each act on an agent does."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from services.gateway.desk.act_words import AGENT_EFFECTS, AGENT_REASONS
from shared.contracts.support.agents import AgentView
from shared.i18n.catalogue import N_, translate

STATES: dict[str, str] = {
    "proposed": N_("Invitation proposée"),
    "accepted": N_("Invitation à envoyer"),
    "invited": N_("Invitation envoyée"),
    "to_enrol": N_("Téléphone à enrôler"),
    "active": N_("En activité"),
    "suspended": N_("Accès suspendu"),
    "removed": N_("Accès retiré"),
}
#: Those of an invitation.
WHY_INVITED = ("new_colleague", "change_of_duties", "absence")


@dataclass(frozen=True)
class AgentAct:
    """An act on an agent: its address, its button, what it does, in which states it is possible.

    `proposed`: another supervisor must approve it. `ends`: whatever the agent did that is not
    carried out stops. `flash` is the message after it.
    """

    name: str
    slug: str
    label: str
    effect: str
    states: tuple[str, ...]
    flash: str
    proposed: bool = False
    ends: bool = False


WORKING = ("active", "to_enrol", "invited", "accepted")
ACTS = (
    AgentAct(
        "suspend_agent",
        "suspendre",
        N_("Suspendre l'accès"),
        AGENT_EFFECTS["suspend_agent"],
        WORKING,
        "agent_suspended",
        ends=True,
    ),
    AgentAct(
        "reinstate_agent",
        "reprendre",
        N_("Rétablir l'accès"),
        AGENT_EFFECTS["reinstate_agent"],
        ("suspended",),
        "act_proposed",
        proposed=True,
    ),
    AgentAct(
        "change_agent_role",
        "role",
        N_("Changer de rôle"),
        AGENT_EFFECTS["change_agent_role"],
        WORKING,
        "act_proposed",
        proposed=True,
    ),
    AgentAct(
        "reset_agent",
        "reinitialiser",
        N_("Réinitialiser l'accès"),
        AGENT_EFFECTS["reset_agent"],
        WORKING,
        "act_proposed",
        proposed=True,
        ends=True,
    ),
    AgentAct(
        "remove_agent",
        "retirer",
        N_("Retirer l'accès"),
        AGENT_EFFECTS["remove_agent"],
        (*WORKING, "suspended", "proposed"),
        "agent_removed",
        ends=True,
    ),
)
BY_SLUG = {act.slug: act for act in ACTS}


def possible_acts(agent: AgentView, supervisor: bool, own: bool) -> tuple[AgentAct, ...]:
    """The acts that are offered: to supervisors, and never on oneself."""
    if own or not supervisor:
        return ()
    return tuple(act for act in ACTS if agent.state in act.states)


def is_approvable(agents: Iterable[AgentView], own: str, now: datetime) -> bool:
    """Whether anybody but `own`, an agent's id, may approve at `now` what that agent proposes."""
    return any(
        one.role == "supervisor"
        and one.state == "active"
        and one.agent_id != own
        and not (one.newcomer_until and one.newcomer_until > now)
        for one in agents
    )


def state_text(agent: AgentView, lang: str) -> str:
    """The state of an agent, as people read it."""
    return translate(STATES[agent.state], lang)


def reasons(lang: str, only: Collection[str] = tuple(AGENT_REASONS)) -> list[tuple[str, str]]:
    """The reasons as options: value and label."""
    return [
        (value, translate(label, lang)) for value, label in AGENT_REASONS.items() if value in only
    ]
