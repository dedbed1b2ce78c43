"""Events of acts: proposed, decided, stopped; and what their owners are ordered to carry out.

The subject is the account that the act is about, if any. An order is published once the act may be
carried out: the owner carries it out once and says so with an event of its own, or publishes
`ActNotCarriedOut` of its own where it cannot.
"""

from datetime import datetime

from shared.contracts.base import Event, Sealed, event

OWNER = "support"


class ActEvent(Event, frozen=True, kw_only=True):
    """The fields of every event of an act.

    `act` and `reason` are slugs of closed lists. `agent_id` is who did what the event says, empty
    where no agent did. `number` is what people call it: the request's, or the act's own.
    """

    proposal_id: str
    act: str
    number: str
    reason: str
    agent_id: str = ""


@event(OWNER)
class ActProposed(ActEvent, frozen=True, kw_only=True):
    """An agent proposed an act that a second person must approve, or did one that needs nobody."""

    proposed_at: datetime
    expires_at: datetime | None = None


@event(OWNER)
class ActApproved(ActEvent, frozen=True, kw_only=True):
    """The act was approved; it is carried out at `due_at`. `single`: without a second person."""

    approved_at: datetime
    due_at: datetime
    single: bool = False


@event(OWNER)
class ActRefused(ActEvent, frozen=True, kw_only=True):
    """A second agent refused the act; nothing changed. `why` is a reason of the closed list."""

    why: str
    refused_at: datetime


@event(OWNER)
class ActStopped(ActEvent, frozen=True, kw_only=True):
    """The act was stopped before it was carried out; nothing changed.

    `by` is `person`, `link` (of the mail that announced it), `agent`, `sign_in`, `freeze`
    or `departure` (the access of an agent who proposed or approved it ended, or became another one
    by `agent_id`; empty where the agent begins anew).
    """

    by: str
    stopped_at: datetime


@event(OWNER)
class ActExpired(ActEvent, frozen=True, kw_only=True):
    """Nobody approved the act in time; nothing changed."""

    expired_at: datetime


@event(OWNER)
class ActDone(ActEvent, frozen=True, kw_only=True):
    """The act was decided and its order published. `agent_id` is who proposed it."""

    done_at: datetime


@event(OWNER)
class ActForbidden(Event, frozen=True, kw_only=True):
    """An agent tried what they may not do; nothing changed. `why` is the slug of the refusal."""

    agent_id: str
    act: str
    attempt: str
    why: str
    proposal_id: str = ""
    attempted_at: datetime


class AgentNotice(Event, frozen=True, kw_only=True):
    """Something that one agent is told by mail, at `address`."""

    proposal_id: str
    act: str
    number: str
    address: str
    language: str


@event(OWNER)
class ApprovalRequested(AgentNotice, frozen=True, kw_only=True):
    """This agent may approve an act that was proposed, by whom `proposed_by` names."""

    proposed_by: str = ""
    proposed_at: datetime
    expires_at: datetime


@event(OWNER)
class ActStopAnnounced(AgentNotice, frozen=True, kw_only=True):
    """An act in which this agent had a part was stopped.

    `by` as in `ActStopped`; `changed` where its owner found the value changed since the proposal,
    `owner` where its owner could not do it.
    """

    by: str
    stopped_at: datetime


@event(OWNER)
class SingleAgentActAnnounced(AgentNotice, frozen=True, kw_only=True):
    """This auditor learns by mail that an act waits without a second person until `due_at`, or
    (`by_inviter`) that who invited its proposer, or has the same inviter, approved it, because
    nobody else could."""

    approved_at: datetime
    due_at: datetime
    by_inviter: bool = False


@event(OWNER)
class ChangePlanned(Event, frozen=True, kw_only=True):
    """A change of the subject's account is planned; its holder may object until `due_at`.

    `link_token` (256 bits, base64url) is sealed for the mailer: it opens the page where the holder
    objects. `from_account_id` and `to_account_id` are set where dossiers are transferred.
    """

    proposal_id: str
    act: str
    reason: str
    planned_at: datetime
    due_at: datetime
    link_token: Sealed
    from_account_id: str = ""
    to_account_id: str = ""


@event(OWNER)
class ChangeStopped(Event, frozen=True, kw_only=True):
    """A change that was announced to its holder is not made. `by` as in `ActStopAnnounced`."""

    proposal_id: str
    act: str
    by: str
    stopped_at: datetime


class Order(Event, frozen=True, kw_only=True):
    """The fields of every order: which act it carries out, for what reason."""

    proposal_id: str
    reason: str
    ordered_at: datetime


@event(OWNER)
class AccountDeactivationOrdered(Order, frozen=True, kw_only=True):
    """Registration deactivates the account."""


@event(OWNER)
class AccountReactivationOrdered(Order, frozen=True, kw_only=True):
    """Registration reactivates the account."""


@event(OWNER)
class AccountFreezeOrdered(Order, frozen=True, kw_only=True):
    """Registration freezes the account; only the desk unfreezes it."""


@event(OWNER)
class AccountUnfreezeOrdered(Order, frozen=True, kw_only=True):
    """Registration lets the holder open a frozen account again, by a new password and the second
    factor."""


@event(OWNER)
class AddressReleaseOrdered(Order, frozen=True, kw_only=True):
    """Registration takes the address from a deactivated account: it may be used for another one."""


@event(OWNER)
class AddressChangeOrdered(Order, frozen=True, kw_only=True):
    """Registration gives the account another address, sealed for it, unless the address was changed
    after `proposed_at`."""

    new_address: Sealed
    proposed_at: datetime | None = None


@event(OWNER)
class NameChangeOrdered(Order, frozen=True, kw_only=True):
    """Registration gives the account's holder another name, sealed for it, unless the name was
    changed after `proposed_at`."""

    first_name: Sealed
    last_name: Sealed
    proposed_at: datetime | None = None


@event(OWNER)
class PasswordMarkedCompromised(Order, frozen=True, kw_only=True):
    """Others may know the password: it opens nothing until it is replaced (PW-09)."""


@event(OWNER)
class CredentialsRemovalOrdered(Order, frozen=True, kw_only=True):
    """Registration removes the credentials of an account whose phone is lost (G-26)."""


@event(OWNER)
class AnonymisationOrdered(Order, frozen=True, kw_only=True):
    """Every owner removes name, address and telephone of the account; its dossiers stay."""


@event(OWNER)
class InformationCorrectionOrdered(Order, frozen=True, kw_only=True):
    """Profile corrects validated information. `changes` is sealed for it: a JSON object of fields
    of `ProfileFields` and their new values. A telephone number that was changed after `proposed_at`
    is left alone."""

    changes: Sealed
    proposed_at: datetime | None = None


@event(OWNER)
class DossierTransferOrdered(Order, frozen=True, kw_only=True):
    """The dossiers of the subject's account become another account's; until `undo_until` that can
    be undone."""

    to_account_id: str
    undo_until: datetime


@event(OWNER)
class DossierTransferUndoOrdered(Order, frozen=True, kw_only=True):
    """A transfer of the subject's dossiers is undone. `transfer_id` is its proposal."""

    transfer_id: str


@event(OWNER)
class SessionsEndOrdered(Order, frozen=True, kw_only=True):
    """The gateway ends the sessions of the subject's account, or of everybody (`everyone`)."""

    everyone: bool = False


@event(OWNER)
class MailResendOrdered(Order, frozen=True, kw_only=True):
    """The mailer sends a mail of the subject's account again."""

    mail_id: str
