"""An act between its proposal and its end: who may approve it, when it happens. Pure.

    proposed → approved → (delay until due_at) → done
    proposed → refused | expired          proposed, approved → stopped
    done → failed                          where the owner could not carry it out

An act that needs nobody else and no delay is done at once. Nobody approves their own act, one on
themselves, one of who invited them, of whom they invited or who has the same inviter, nor within 72
hours of joining (OT-15, AZ-01).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.support.agents import NEWCOMER_TIME, Agent
from services.support.permissions import Act, may_approve, may_do
from shared.contracts.base import Refusal
from shared.domain.working_days import add_working_days, paris_day
from shared.i18n.dates import PARIS
from shared.security.code_proofs import CODE_LIFETIME

#: Working days within which somebody must approve.
EXPIRY_DAYS = 5
#: The shortest delay of an act that nobody but its proposer could approve.
SINGLE_AGENT_DELAY = timedelta(hours=72)
#: How long after a sensitive change no lost phone is replaced by the desk.
SENSITIVE_PERIOD = timedelta(days=30)
#: How long a transfer of dossiers can be undone.
UNDO_PERIOD = timedelta(days=30)
OPEN_STATES = ("proposed", "approved")
#: Acts that end where the holder signs in with both factors: whoever does has not lost the phone.
STOPPED_BY_SIGN_IN = frozenset(("remove_lost_phone",))
#: Acts that end where the account is blocked: something is wrong with it.
STOPPED_BY_FREEZE = frozenset(
    (
        "remove_lost_phone",
        "change_address",
        "change_name",
        "change_telephone",
        "transfer_dossiers",
        "anonymise",
    )
)
#: Acts after which no lost phone is replaced for `SENSITIVE_PERIOD`.
SENSITIVE = frozenset(
    ("change_address", "change_name", "change_telephone", "unblock_account", "reactivate_account")
)
#: What of an establishment tells whose published number is called, and an agent corrects alone.
NAMES_ESTABLISHMENT = (
    "siret",
    "company_name",
    "country",
    "postal_code",
    "city",
    "address",
    "establishment_type",
)
FORBIDDEN = Refusal(slug="forbidden")
NOT_FOUND = Refusal(slug="not_found")
CODE_NEEDED = Refusal(slug="code_needed")


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """An act, as the table has it.

    `details` are the act's fields by name. `holder_agents` are the ids of agents whose own account
    it is about. `inviter_agent` is who invited the proposer, where somebody else could approve.
    `ended_by` says who stopped, refused or let it expire:
    `person`, `link`, `agent`, `sign_in`, `freeze`, `clock` or `owner`.
    """

    id: str
    act: str
    reason: str
    state: str
    proposed_by: str
    proposed_at: datetime
    serial: int = 0
    account_id: str | None = None
    subject_agent_id: str | None = None
    request_number: str = ""
    details: Mapping[str, str] = field(default_factory=dict, repr=False)
    note: str = field(default="", repr=False)
    expires_at: datetime | None = None
    approved_by: str | None = None
    approved_at: datetime | None = None
    single: bool = False
    due_at: datetime | None = None
    done_at: datetime | None = None
    ended_by: str = ""
    ended_agent_id: str | None = None
    ended_at: datetime | None = None
    ended_why: str = ""
    failure: str = ""
    link_hash: bytes | None = field(default=None, repr=False)
    holder_agents: tuple[str, ...] = ()
    inviter_agent: str | None = None

    @property
    def number(self) -> str:
        """What people call it."""
        return self.request_number or f"ACT-{self.serial}"

    @property
    def subject(self) -> str | None:
        """Whom its events are about: the account, or the agent."""
        return self.account_id or self.subject_agent_id


@dataclass(frozen=True, kw_only=True)
class Delays:
    """How long approved acts wait, and whether one agent may go alone after a long wait."""

    sensitive: timedelta
    lost_phone: timedelta
    single_agent: bool = False

    def of(self, act: Act) -> timedelta:
        """How long an approved act waits."""
        if not act.delay:
            return timedelta(0)
        return self.sensitive if act.delay == "sensitive" else self.lost_phone


def code_refusal(act: Act, code_at: datetime | None, now: datetime) -> Refusal | None:
    """`code_needed` where the act bears on access and no code was given just now."""
    if not act.fresh_code:
        return None
    fresh = code_at is not None and now - CODE_LIFETIME <= code_at <= now + CODE_LIFETIME
    return None if fresh else CODE_NEEDED


def proposal_refusal(
    act: Act, agent: Agent, *, subject_agent_id: str | None = None, own_account: bool = False
) -> Refusal | None:
    """Why an agent may not propose or do an act, or None. `own_account`: the account is theirs."""
    if not may_do(agent.role, act.name):
        return FORBIDDEN
    if own_account or subject_agent_id == agent.id:
        return Refusal(slug="own_account")
    return None


def approval_refusal(
    proposal: Proposal, agent: Agent, now: datetime, *, own_account: bool = False
) -> Refusal | None:
    """Why an agent may not approve an act, or None: the role, the person, then its state."""
    if not may_approve(agent.role, proposal.act):
        return FORBIDDEN
    if proposal.proposed_by == agent.id:
        return Refusal(slug="own_act")
    if own_account or agent.id in (proposal.subject_agent_id, *proposal.holder_agents):
        return Refusal(slug="own_account")
    if agent.proposed_by == proposal.proposed_by:
        return Refusal(slug="invited_by_you")
    if proposal.inviter_agent == agent.id:
        return Refusal(slug="you_invited")
    if proposal.inviter_agent is not None and agent.proposed_by == proposal.inviter_agent:
        return Refusal(slug="same_inviter")
    if agent.is_newcomer(now):
        hours = int(NEWCOMER_TIME.total_seconds() // 3600)
        return Refusal(slug="too_new", params={"hours": hours})
    if proposal.state != "proposed" or is_expired(proposal, now):
        return stale(proposal)
    return None


def refusing_refusal(proposal: Proposal, agent: Agent) -> Refusal | None:
    """Why an agent may not refuse an act; their own they stop instead."""
    if not may_approve(agent.role, proposal.act):
        return FORBIDDEN
    if proposal.proposed_by == agent.id:
        return Refusal(slug="own_act")
    return None if proposal.state == "proposed" else stale(proposal)


def stopping_refusal(proposal: Proposal, agent: Agent) -> Refusal | None:
    """Why an agent may not stop an act. Stopping harms nobody: whoever may propose it may."""
    if not may_do(agent.role, proposal.act):
        return FORBIDDEN
    return None if proposal.state in OPEN_STATES else stale(proposal)


def may(
    proposal: Proposal, agent: Agent, now: datetime, *, own_account: bool = False
) -> tuple[str, ...]:
    """What an agent may do with an act now."""
    refusals = {
        "approve": approval_refusal(proposal, agent, now, own_account=own_account),
        "refuse": refusing_refusal(proposal, agent),
        "stop": stopping_refusal(proposal, agent),
    }
    return tuple(name for name, refusal in refusals.items() if refusal is None)


def stale(proposal: Proposal) -> Refusal:
    """The act is no longer as it was shown."""
    at = proposal.done_at or proposal.ended_at or proposal.approved_at or proposal.expires_at
    params: dict[str, str | int] = {"state": proposal.state}
    if at is not None:
        params["at"] = at.isoformat()
    by = proposal.ended_agent_id or proposal.approved_by
    if by is not None:
        params["by"] = by
    return Refusal(slug="stale", params=params)


def expires_at(proposed_at: datetime) -> datetime:
    """When an act that nobody approved expires: the same time of day, working days later."""
    local = proposed_at.astimezone(PARIS)
    day = add_working_days(paris_day(proposed_at), EXPIRY_DAYS)
    return datetime.combine(day, local.timetz().replace(tzinfo=PARIS)).astimezone(
        proposed_at.tzinfo
    )


def is_expired(proposal: Proposal, now: datetime) -> bool:
    """Whether it waited too long for somebody to approve it."""
    return proposal.expires_at is not None and proposal.expires_at <= now


def is_due(proposal: Proposal, now: datetime) -> bool:
    """Whether it is approved and its date has come."""
    return proposal.state == "approved" and proposal.due_at is not None and proposal.due_at <= now


def due_at(act: Act, approved_at: datetime, delays: Delays, *, single: bool) -> datetime:
    """When an approved act is carried out."""
    delay = delays.of(act)
    return approved_at + (max(delay, SINGLE_AGENT_DELAY) if single else delay)


def inviter_of(proposal: Proposal, proposer: Agent, others: Iterable[Agent]) -> str | None:
    """Who invited the proposer and therefore does not approve the act, nor whom else they invited:
    one hostile supervisor could invite a second self, or two. None where nobody invited, or nobody
    else could ever approve it."""
    inviter = proposer.proposed_by
    could = any(
        agent.id not in (proposer.id, inviter, proposal.subject_agent_id, *proposal.holder_agents)
        and agent.proposed_by not in (proposer.id, inviter)
        for agent in others
        if may_approve(agent.role, proposal.act)
    )
    return inviter if could else None


def goes_alone(act: Act, proposer: Agent, others: Iterable[Agent], delays: Delays) -> bool:
    """Whether an act on an account needs no second person: the setting is on, and the desk has
    nobody else who could ever approve it."""
    if not (delays.single_agent and act.approvers and act.subject == "account"):
        return False
    return not any(
        agent.id != proposer.id and agent.proposed_by != proposer.id
        for agent in others
        if may_approve(agent.role, act.name)
    )


def is_asked(agent: Agent, proposal: Proposal, now: datetime) -> bool:
    """Whether an agent is asked to approve a new act by mail."""
    return approval_refusal(proposal, agent, now) is None


def is_announced(act: Act) -> bool:
    """Whether the holder is told of the planned act, with a link to object: lost phones tell in
    their own way."""
    return act.delay == "sensitive" and act.subject == "account"


def can_be_undone(transfer: Proposal, now: datetime) -> bool:
    """Whether it is a transfer of dossiers that was carried out less than `UNDO_PERIOD` ago."""
    if transfer.act != "transfer_dossiers" or transfer.state != "done":
        return False
    if "to_account_id" not in transfer.details:
        return False  # the leaver was anonymised
    return transfer.done_at is not None and now < undo_until(transfer.done_at)


def undo_until(done_at: datetime) -> datetime:
    """Until when a transfer can be undone."""
    return done_at + UNDO_PERIOD
