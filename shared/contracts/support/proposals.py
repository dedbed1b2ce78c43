"""Requests about acts: proposed, approved, refused, stopped, listed; their replies.

`agent_id` is the agent whose session sends the request.

Requests of agents are refused with `not_found` (an object that one may not know), `forbidden`
(one's role), `own_act`, `own_account`, `invited_by_you`, `you_invited`, `same_inviter`, `too_new`
(params: hours), `code_needed`, or `stale` (params: state, at; by, where an agent did it): it
changed meanwhile.
"""

from datetime import datetime

import msgspec

from shared.contracts.base import Reply, Request, Sealed, request
from shared.contracts.support.acts import OWNER
from shared.contracts.support.coded import CodedRequest

#: What a proposal can be: waiting for a second person, for its date, or at its end.
STATES = ("proposed", "approved", "done", "refused", "stopped", "expired", "failed")


class ProposalView(Reply, frozen=True, kw_only=True):
    """An act as the desk shows it.

    `details` is sealed for the desk: a JSON object of the act's fields and `note`; once the act has
    ended, only what the looks of the agent that asked open today. `may` lists what
    the agent that asked may do with it (`approve`, `refuse`, `stop`), `why_not` is the slug of why
    they may not approve it. `failure` is the owner's reason in the state `failed`. `account` is the
    account's masked name and address and its establishment, sealed for the desk; None where
    registration does not know it or does not answer. `receiver` is the same of the account that
    receives the dossiers of a transfer. `names`, of `accept_other_names`, is the JSON of
    `BothNames`, sealed for the desk, as long as they wait for the decision. `subject_agent` is the
    name and address of the agent whom the act is about.
    """

    proposal_id: str
    number: str
    act: str
    state: str
    reason: str
    proposed_by: str
    proposed_by_name: str
    proposed_at: datetime
    expires_at: datetime | None = None
    account_id: str = ""
    account: Sealed | None = None
    receiver: Sealed | None = None
    subject_agent_id: str = ""
    request_number: str = ""
    approved_by: str = ""
    approved_by_name: str = ""
    approved_at: datetime | None = None
    single: bool = False
    due_at: datetime | None = None
    done_at: datetime | None = None
    ended_by: str = ""
    ended_by_name: str = ""
    ended_at: datetime | None = None
    ended_why: str = ""
    failure: str = ""
    details: Sealed | None = None
    may: tuple[str, ...] = ()
    why_not: str = ""
    names: Sealed | None = None
    subject_agent: str = ""


class ActView(Reply, frozen=True, kw_only=True):
    """An act as its form needs it.

    `fields` are those it takes, `reasons` the closed list. `two_people`: a second agent approves
    it; `delay_minutes`: it waits that long then; `fresh_code`: a code goes with it.
    `open_proposal_id`: it is proposed or planned for the account already. `account` as in
    `ProposalView`, `receiver` of the account that was asked about. `no_effect`: why the act would
    change nothing now, as in `Propose`; empty where it would. `transfers`, of `undo_transfer`, is
    sealed for the desk: the JSON of a list of `UndoableTransfer`, the latest first.
    """

    act: str
    fields: tuple[str, ...]
    reasons: tuple[str, ...]
    two_people: bool
    delay_minutes: int
    fresh_code: bool
    open_proposal_id: str = ""
    account: Sealed | None = None
    receiver: Sealed | None = None
    transfers: Sealed | None = None
    no_effect: str = ""


class UndoableTransfer(msgspec.Struct, frozen=True, kw_only=True):
    """A transfer of dossiers that can be undone. `to` is who received them, masked (name, address,
    establishment), empty where registration does not answer. `count` is how many, None until it is
    known.
    """

    transfer_id: str
    done_at: datetime
    undo_until: datetime
    to_account_id: str
    to: str = ""
    count: int | None = None


class ProposalRow(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a list of acts. `may_stop`: the agent may stop it. `receiver_id` is the account
    that receives the dossiers of a transfer, `subject_agent` the name of the agent whom the act is
    about."""

    proposal_id: str
    number: str
    act: str
    state: str
    reason: str
    proposed_by_name: str
    proposed_at: datetime
    expires_at: datetime | None = None
    due_at: datetime | None = None
    account_id: str = ""
    subject_agent_id: str = ""
    receiver_id: str = ""
    may_approve: bool = False
    may_stop: bool = False
    subject_agent: str = ""


class ProposalsView(Reply, frozen=True, kw_only=True):
    """A page of acts. `total` counts what matches, `to_approve` what the agent may approve now.

    `accounts` is sealed for the desk: a JSON object of the masked names and addresses of the
    accounts, with their establishments, by id, as far as registration and profile answered; in a
    list of one account's acts, of those that receive its dossiers.
    """

    rows: tuple[ProposalRow, ...]
    page: int
    pages: int
    total: int
    to_approve: int
    accounts: Sealed | None = None


@request(OWNER, ActView, changes=False)
class DescribeAct(Request, frozen=True, kw_only=True):
    """What the form of an act needs. `to_account_id` is that of a transfer, as it was typed.
    Refused with `forbidden` where the role may not propose it, with `not_found` for an act that has
    no page."""

    agent_id: str
    act: str
    account_id: str = ""
    to_account_id: str = ""


class ProposalChecked(Reply, frozen=True, kw_only=True):
    """What an act's form says is acceptable."""


@request(OWNER, ProposalChecked, changes=True, reply_seconds=300)
class CheckProposal(Request, frozen=True, kw_only=True):
    """Check what `Propose` would be given, before the code of the second factor, which is valid
    once, is used up. Only the reply is stored, so that a form sent twice is one act."""

    agent_id: str
    act: str
    reason: str
    account_id: str = ""
    subject_agent_id: str = ""
    request_number: str = ""
    details: Sealed | None = None
    note: Sealed | None = None


@request(OWNER, ProposalView, changes=True)
class Propose(CodedRequest, frozen=True, kw_only=True):
    """Propose an act, or do it where it needs nobody else.

    `details` is sealed for support: a JSON object of the act's fields, by name. `note` is sealed
    free text, at most 500 characters. `request_number` is that of a request of the account, or of
    somebody who was not signed in. Refused also with `unknown_choice` (params: field),
    `invalid_fields` (errors), or `no_effect` (params: why): the act would change nothing now, since
    the account is `active`, `no_password`, `frozen` (by its holder), `frozen_by_desk`, `thawing`,
    `deactivated` or `address_released`, or has `no_session` or `no_transfer` to undo.
    """

    act: str
    reason: str
    account_id: str = ""
    subject_agent_id: str = ""
    request_number: str = ""
    details: Sealed | None = None
    note: Sealed | None = None


@request(OWNER, ProposalView, changes=True)
class ApproveProposal(CodedRequest, frozen=True, kw_only=True):
    """Approve an act that somebody else proposed. Its delay begins, or it is carried out."""

    proposal_id: str


@request(OWNER, ProposalView, changes=True)
class RefuseProposal(Request, frozen=True, kw_only=True):
    """Refuse an act, with a reason of the closed list."""

    agent_id: str
    proposal_id: str
    reason: str


@request(OWNER, ProposalView, changes=True)
class StopProposal(Request, frozen=True, kw_only=True):
    """Stop an act that is proposed or waits for its date, with a reason of the closed list."""

    agent_id: str
    proposal_id: str
    reason: str


@request(OWNER, ProposalsView, changes=False)
class ListProposals(Request, frozen=True, kw_only=True):
    """Acts, those that expire or fall due first. `show` is `to_approve`, `open` or `all`;
    `account_id` restricts them to one account."""

    agent_id: str
    show: str = "open"
    account_id: str = ""
    page: int = 1


@request(OWNER, ProposalView, changes=False)
class DescribeProposal(Request, frozen=True, kw_only=True):
    """An act, with its details."""

    agent_id: str
    proposal_id: str


class PlannedAct(msgspec.Struct, frozen=True, kw_only=True):
    """An act that its holder is told of."""

    proposal_id: str
    number: str
    act: str
    reason: str
    due_at: datetime


class PlannedActsView(Reply, frozen=True, kw_only=True):
    """What is planned for an account, the next first."""

    acts: tuple[PlannedAct, ...]


class PlannedActView(Reply, frozen=True, kw_only=True):
    """What a mailed link to object is worth: `valid`, `stopped`, `done` or `gone`."""

    state: str
    act: str = ""
    number: str = ""
    due_at: datetime | None = None


@request(OWNER, PlannedActsView, changes=False)
class ListPlannedActs(Request, frozen=True, kw_only=True):
    """What is planned for an account, for its holder's pages."""

    account_id: str


@request(OWNER, PlannedActView, changes=True)
class StopPlannedAct(Request, frozen=True, kw_only=True):
    """The signed-in holder objects to an act on their account. Refused with `not_found`."""

    account_id: str
    proposal_id: str


@request(OWNER, PlannedActView, changes=False)
class DescribeObjection(Request, frozen=True, kw_only=True):
    """What a mailed link to object is worth. `link_token` is sealed for support."""

    link_token: Sealed


@request(OWNER, PlannedActView, changes=True)
class ObjectToAct(Request, frozen=True, kw_only=True):
    """The holder of a mailed link objects: the act is stopped. Done already is no error."""

    link_token: Sealed
