"""Agents of the desk: their accounts, invitations and sign-in. The subject is the agent's id.

An agent's account is no applicant's account: registration knows nothing of it. The second factor is
kept by mfa under the agent's id. An agent's address and name travel in clear in these messages
only.
"""

from datetime import datetime

import msgspec

from shared.contracts.base import Event, Reply, Request, Sealed, event, request
from shared.contracts.support.coded import CodedRequest

OWNER = "support"


class AgentView(Reply, frozen=True, kw_only=True):
    """An agent as colleagues see one.

    `role` is `agent`, `supervisor`, `operator` or `auditor`; `state` one of `proposed`, `accepted`,
    `invited`, `to_enrol`, `active`, `suspended`, `removed`. `since` is when the state began;
    `newcomer_until`: until then the agent approves nothing. `invited_by` names who proposed the
    account, empty where the command line did. `seen_at` is the last sign-in. `open_acts` are those
    that the agent proposed or approved, `open_requests` those the agent has, and `stopped` the
    numbers of the acts that stopped when the access was suspended or removed: all of `ListAgents`
    only.
    """

    agent_id: str
    address: str
    first_name: str
    last_name: str
    language: str
    role: str
    state: str
    since: datetime
    newcomer_until: datetime | None = None
    invited_by: str = ""
    seen_at: datetime | None = None
    open_acts: int = 0
    open_requests: int = 0
    stopped: tuple[str, ...] = ()


class ProposedInvitation(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody whom one supervisor proposed and no second person has approved yet."""

    proposal_id: str
    address: str
    role: str
    proposed_by: str
    proposed_at: datetime
    expires_at: datetime | None = None


class AgentsView(Reply, frozen=True, kw_only=True):
    """All agents, removed ones last; and the invitations that wait for a second person."""

    agents: tuple[AgentView, ...]
    invitations: tuple[ProposedInvitation, ...] = ()


class AgentSignInView(Reply, frozen=True, kw_only=True):
    """A right password: the second factor, or its enrolment, comes next.

    `enrol_before`: until then a second factor may be enrolled with the password alone, because the
    mailed link was used a moment ago; None where the agent must give a code.
    """

    agent: AgentView
    checked_at: datetime
    failures: int = 0
    enrol_before: datetime | None = None


class InvitationView(Reply, frozen=True, kw_only=True):
    """An invitation that can be accepted. `kind` is `invitation` or `reset`."""

    kind: str
    address: str
    role: str
    first_name: str
    last_name: str
    expires_at: datetime


class AgentNoted(Reply, frozen=True, kw_only=True):
    """Carried out; nothing to return."""


@request(OWNER, AgentSignInView, changes=True, reply_seconds=300)
class SignInAgent(Request, frozen=True, kw_only=True):
    """Sign in by address and password.

    `known_accounts` are the agents who signed in with this browser before, as the asker knows.
    Refused with `wrong_credentials` (also for unknown, suspended and removed agents) or
    `too_many_tries` (retry_after).
    """

    address: str
    password: Sealed
    network: str
    known_accounts: tuple[str, ...] = ()


@request(OWNER, AgentView, changes=False)
class DescribeAgent(Request, frozen=True, kw_only=True):
    """The agent of a session. Refused with `forbidden` where the agent may not work any more."""

    agent_id: str


@request(OWNER, AgentNoted, changes=True)
class RecordAgentSignIn(Request, frozen=True, kw_only=True):
    """Both factors were given: `to_enrol` becomes `active`, and the sign-in is in the journal.

    `enrolled`: this sign-in enrolled the second factor. Refused with `forbidden`.
    """

    agent_id: str
    device: str
    network: str
    enrolled: bool = False


@request(OWNER, InvitationView, changes=False)
class DescribeInvitation(Request, frozen=True, kw_only=True):
    """What a mailed link invites to. Refused with `link_gone`: used, expired, replaced, unknown."""

    link_token: Sealed


@request(OWNER, AgentSignInView, changes=True, reply_seconds=300)
class AcceptInvitation(Request, frozen=True, kw_only=True):
    """Use a mailed link: name and password of an agent, who then enrols a second factor.

    Refused with `link_gone`, or `invalid_fields` (first_name, last_name, password: `too_short` and
    `too_long` with params min and max, `too_simple`, `personal`, `not_the_link`).
    """

    link_token: Sealed
    password: Sealed
    first_name: str
    last_name: str
    language: str


@request(OWNER, AgentNoted, changes=True, reply_seconds=300)
class CheckAgentPassword(Request, frozen=True, kw_only=True):
    """Check what `ChangeAgentPassword` would be given, before the code of the second factor, which
    is valid once, is used up. A wrong password counts as there.

    Refused as `ChangeAgentPassword`."""

    agent_id: str
    password: Sealed
    new_password: Sealed
    network: str


@request(OWNER, AgentNoted, changes=True)
class ChangeAgentPassword(Request, frozen=True, kw_only=True):
    """Change one's own password, after a code. Refused with `wrong_password`, `too_many_tries`,
    `forbidden`, or `invalid_fields` as `AcceptInvitation`."""

    agent_id: str
    password: Sealed
    new_password: Sealed
    network: str


@request(OWNER, AgentsView, changes=False)
class ListAgents(Request, frozen=True, kw_only=True):
    """All agents, for supervisors and auditors. Refused with `forbidden`."""

    agent_id: str


@request(OWNER, AgentView, changes=True)
class SuspendAgent(CodedRequest, frozen=True, kw_only=True):
    """Suspend another agent at once: acts that they proposed or approved and that are not carried
    out stop, their requests go back to the queue. `code_proof` as in `CodedRequest`. Refused with
    `forbidden`, `not_found`, `own_account`, `code_needed`, `last_supervisor`, `unknown_choice`
    (params: field), `stale` (not in a state that can be suspended)."""

    subject_id: str
    reason: str


@request(OWNER, AgentView, changes=True)
class RemoveAgent(CodedRequest, frozen=True, kw_only=True):
    """Remove another agent's account; the address may be invited again. Does and is refused as
    `SuspendAgent`."""

    subject_id: str
    reason: str


@event(OWNER)
class AgentInvited(Event, frozen=True, kw_only=True):
    """An agent gets a mailed link, once, until `expires_at`.

    `kind` is `invitation` or `reset` (password and second factor are given anew). `by` is the name
    of who proposed it, empty where the command line did. `link_token` is sealed for the mailer.
    """

    kind: str
    address: str
    language: str
    role: str
    by: str
    link_token: Sealed
    requested_at: datetime
    expires_at: datetime


@event(OWNER)
class AgentAccepted(Event, frozen=True, kw_only=True):
    """A new agent was agreed to: every supervisor gets a mail.

    One event for each `recipient`, whose `language` it bears. `proposed_by` and `approved_by` are
    names, empty where the command line did it.
    """

    recipient: str
    language: str
    address: str
    role: str
    proposed_by: str
    approved_by: str
    accepted_at: datetime


@event(OWNER)
class AgentEndAnnounced(Event, frozen=True, kw_only=True):
    """An agent's access ended, begins anew or is another one: every supervisor gets a mail.

    One event for each `recipient`, whose `language` it bears. `state` is `suspended`, `removed`,
    `reset` or `role_changed`, `by` the name of who did it, empty for `reset`, `acts` the numbers of
    the acts that stopped with it, `requests` those of the requests that went back to the queue.
    """

    recipient: str
    language: str
    address: str
    state: str
    by: str
    acts: tuple[str, ...]
    requests: tuple[str, ...]
    ended_at: datetime


@event(OWNER)
class AgentJoined(Event, frozen=True, kw_only=True):
    """The invited agent chose a password and enrolled a second factor."""

    role: str
    joined_at: datetime


@event(OWNER)
class AgentSessionsEnded(Event, frozen=True, kw_only=True):
    """The desk's sessions of the agent that were proved before `ended_at` must end.

    `reason` is `suspended`, `removed`, `reset`, `role_changed` or `password_changed`; `by` is the
    id of the agent who did it, empty where the command line did.
    """

    reason: str
    by: str
    ended_at: datetime


@event(OWNER)
class AgentCredentialsRemoved(Event, frozen=True, kw_only=True):
    """Password and second factor of the agent are void: the account was removed, or begins anew by
    a mailed link."""

    by: str
    removed_at: datetime


@event(OWNER)
class AgentReinstated(Event, frozen=True, kw_only=True):
    """A suspended agent may work again."""

    by: str
    reinstated_at: datetime


@event(OWNER)
class AgentSignedIn(Event, frozen=True, kw_only=True):
    """An agent gave both factors."""

    device: str
    network: str
    signed_in_at: datetime


@event(OWNER)
class AgentSignInRefused(Event, frozen=True, kw_only=True):
    """A wrong password for the desk; without a subject the address is no agent's.

    `locked_until` is set where no password is checked until then.
    """

    network: str
    refused_at: datetime
    locked_until: datetime | None = None
