"""What the journal stores of each event and of each act of the desk, as data. Pure.

Three things are decided for every event: the section of the journal that it is listed in, whether
it is deleted after a year (LG-06), and which of its fields are stored as public, as a value about a
person, or not at all. Sealed fields are never stored. A test names an event or a field that has no
row here.
"""

import typing
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Literal, get_type_hints

from shared.contracts.base import EVENTS, Sealed

Section = Literal["account", "security", "agents", "mails", "dossiers"]
SECTIONS: tuple[Section, ...] = ("account", "security", "agents", "mails", "dossiers")
#: How long what expires is kept. The functions of the schema that delete know it too.
RETENTION = timedelta(days=365)

#: Fields of text that say nothing about a person, in every event.
PUBLIC = frozenset({
    "about", "act", "agent_id", "attempt", "by", "cause", "closed_on", "country",
    "dossier_id", "establishment_type", "fields", "flags", "from_account_id", "kind",
    "line", "mail_id", "number", "outcome", "position", "proposal_id", "purpose", "reason",
    "request_id", "role", "session_id", "state", "status", "template", "terms_version",
    "to_account_id", "transfer_id", "why",
})  # fmt: skip
#: Fields about a person or their establishment: stored apart, and removable.
PERSONAL = frozenset({
    "address", "city", "closed_reason", "company_name", "device", "first_name",
    "former_address", "group", "last_name", "network", "new_address", "position_other",
    "siret",
})  # fmt: skip
#: Fields of text that the journal does not store: the owner has them, or nobody needs them.
LEFT_OUT = frozenset({
    "dosage", "establishment", "language", "medicine", "pharmaceutical_form",
})  # fmt: skip
#: Which part of an account a look must open to show a value.
VALUE_PARTS = {
    "device": "sessions",
    "network": "sessions",
    "first_name": "name",
    "last_name": "name",
    "position_other": "position",
    **dict.fromkeys(("address", "former_address", "new_address"), "address"),
    **dict.fromkeys(("city", "closed_reason", "company_name", "group", "siret"), "establishment"),
}
#: Fields of these types are public whatever their name.
PLAIN_TYPES = (datetime, bool, int)


@dataclass(frozen=True, kw_only=True)
class EntryRule:
    """How one event, or one record of the desk itself, is stored.

    `expires`: it is deleted a year after it happened; otherwise it is kept as long as the account.
    `about` is what the subject is the id of. `agent` is the field with the id of the agent who did
    it, or `subject`. The tuples name fields that differ from `PUBLIC`, `PERSONAL` and `LEFT_OUT`.
    """

    section: Section
    expires: bool
    about: Literal["account", "agent"] = "account"
    agent: str = ""
    public: tuple[str, ...] = ()
    personal: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


def _kept(section: Section, **more: Any) -> EntryRule:
    return EntryRule(section=section, expires=False, **more)


def _year(section: Section, **more: Any) -> EntryRule:
    return EntryRule(section=section, expires=True, **more)


#: Nothing remains of a request that comes to no account, and the address of an account is known:
#: an event that only repeats it is stored without.
_NO_ADDRESS: dict[str, Any] = {"left_out": ("address",)}

EVENT_RULES: Mapping[str, EntryRule] = {
    "registration.AccountRequested.v1": _year("account", **_NO_ADDRESS),
    "registration.ValidationResent.v1": _year("account", **_NO_ADDRESS),
    "registration.EmailVerified.v1": _year("account"),
    "registration.AccountCreated.v1": _kept("account"),
    "registration.AccountImported.v1": _kept("account"),
    "registration.RequestCancelled.v1": _year("account"),
    "registration.RequestExpired.v1": _year("account"),
    "registration.KnownAddressRequested.v1": _year("security", **_NO_ADDRESS),
    "registration.PasswordAccepted.v1": _year("security"),
    "registration.PasswordRefused.v1": _year("security"),
    "registration.SignInLocked.v1": _year("security"),
    "registration.UnlockOffered.v1": _year("security", **_NO_ADDRESS),
    "registration.PasswordResetRequested.v1": _year("security", **_NO_ADDRESS),
    "registration.UnknownAddressAsked.v1": _year("security", **_NO_ADDRESS),
    "registration.PasswordChanged.v1": _kept("security"),
    "registration.AddressProofRequested.v1": _year("security", **_NO_ADDRESS),
    "registration.AddressProofRenewed.v1": _year("security"),
    "registration.LostPhoneClaimed.v1": _year("security", **_NO_ADDRESS),
    "registration.LostPhoneReported.v1": _kept("security"),
    "registration.AccountFrozen.v1": _kept("security"),
    "registration.AccountThawed.v1": _kept("security"),
    "registration.DormantAccountWarned.v1": _kept("account"),
    "registration.AccountDeactivated.v1": _kept("account"),
    "registration.AccountReactivated.v1": _kept("account"),
    "registration.CredentialsRemoved.v1": _kept("security"),
    "registration.NameChanged.v1": _kept("account"),
    "registration.AddressChangeRequested.v1": _year("account", **_NO_ADDRESS),
    "registration.AddressChanged.v1": _kept("account"),
    "registration.RecoveryAddressRequested.v1": _year("security", **_NO_ADDRESS),
    "registration.RecoveryAddressChanged.v1": _kept("security"),
    "registration.AccountUnfreezeAllowed.v1": _kept("security"),
    "registration.PasswordResetRequired.v1": _kept("security"),
    "registration.AddressReleased.v1": _kept("account"),
    "registration.AccountAnonymised.v1": _kept("account"),
    "registration.AccountResumed.v1": _kept("security"),
    "registration.ResumptionHeld.v1": _kept("security"),
    "registration.ResumptionCodeRefused.v1": _year("security"),
    **dict.fromkeys(
        (
            "registration.ActNotCarriedOut.v1",
            "profile.ActNotCarriedOut.v1",
            "dossiers.ActNotCarriedOut.v1",
            "mailer.ActNotCarriedOut.v1",
        ),
        _kept("agents"),
    ),
    "mfa.AuthenticatorEnrolled.v1": _kept("security"),
    "mfa.AuthenticatorReplaced.v1": _kept("security"),
    "mfa.AuthenticatorRemoved.v1": _kept("security"),
    "mfa.RecoveryCodeUsed.v1": _kept("security"),
    "mfa.RecoveryCodesReplaced.v1": _kept("security"),
    "mfa.CodeRefused.v1": _year("security"),
    "mfa.CodeCheckLocked.v1": _year("security"),
    "profile.ProfileSaved.v1": _year("account"),
    "profile.AccountValidated.v1": _kept("account"),
    "profile.EstablishmentCheckDeferred.v1": _year("account"),
    "profile.EstablishmentChecked.v1": _kept("account"),
    "profile.DraftExpired.v1": _year("account"),
    "profile.InformationCorrected.v1": _kept("account"),
    "gateway.SessionOpened.v1": _year("security"),
    "gateway.SessionClosed.v1": _year("security"),
    "gateway.CorrectionRequested.v1": _kept("account", public=("answer_by",)),
    **dict.fromkeys(
        (
            "gateway.DepartureReported.v1",
            "gateway.MessageWritten.v1",
            "gateway.MailboxReported.v1",
        ),
        _kept("account", public=("answer_by",), left_out=("network",)),
    ),
    "support.RequestReceived.v1": _kept("account", public=("channel", "answer_by")),
    "support.RequestDelayed.v1": _kept("account", public=("answer_by",)),
    "support.RequestAnswered.v1": _kept("account", agent="agent_id"),
    "support.RequestReminded.v1": _kept("account", public=("closes_on",)),
    "support.RequestReplied.v1": _kept("account"),
    "support.RequestClosed.v1": _kept("account", agent="agent_id", public=("reply_until",)),
    "support.RequestTaken.v1": _kept("agents", agent="agent_id"),
    "support.RequestReleased.v1": _kept("agents", agent="agent_id"),
    "support.RequestMoved.v1": _kept("agents"),
    "support.FollowUpLinkRequested.v1": _year("mails"),
    "support.ReadyAnswerChanged.v1": _kept("agents", agent="agent_id", public=("name",)),
    "gateway.SessionsEndedByDesk.v1": _kept("security"),
    "mailer.MailAccepted.v1": _year("mails"),
    "mailer.MailDeferred.v1": _year("mails"),
    "mailer.MailRefused.v1": _year("mails"),
    "backoffice.DossierSaved.v1": _kept("dossiers"),
    "backoffice.DossierFiled.v1": _kept("dossiers"),
    "backoffice.DossierStatusChanged.v1": _kept("dossiers"),
    "backoffice.DossierDecided.v1": _kept("dossiers"),
    "backoffice.DossierWithdrawn.v1": _kept("dossiers"),
    "dossiers.DossiersTransferred.v1": _kept("dossiers"),
    "dossiers.DossierTransferUndone.v1": _kept("dossiers"),
    # What agents decide. Notices to agents, one for each, repeat it.
    **dict.fromkeys(
        (
            "support.ActProposed.v1",
            "support.ActApproved.v1",
            "support.ActRefused.v1",
            "support.ActStopped.v1",
            "support.ActExpired.v1",
            "support.ActDone.v1",
        ),
        _kept("agents", agent="agent_id"),
    ),
    "support.AgentInvited.v1": _kept("agents", about="agent", personal=("by",)),
    "support.AgentAccepted.v1": _year(
        "mails",
        about="agent",
        personal=("proposed_by", "approved_by"),
        left_out=("recipient",),
    ),
    "support.AgentEndAnnounced.v1": _year(
        "mails",
        about="agent",
        public=("acts", "requests"),
        personal=("by",),
        left_out=("recipient",),
    ),
    "support.JournalExportReady.v1": _kept(
        "agents", about="agent", personal=("approved_by",), left_out=("address",)
    ),
    "support.AgentJoined.v1": _kept("agents", about="agent", agent="subject"),
    "support.AgentSessionsEnded.v1": _kept("agents", about="agent", agent="by"),
    "support.AgentCredentialsRemoved.v1": _kept("agents", about="agent", agent="by"),
    "support.AgentReinstated.v1": _kept("agents", about="agent", agent="by"),
    "support.AgentSignedIn.v1": _year("agents", about="agent", agent="subject"),
    "support.AgentSignInRefused.v1": _year("agents", about="agent"),
    "desk.AgentSessionClosed.v1": _year("agents", about="agent", agent="subject"),
    "support.CallStarted.v1": _kept("agents", agent="agent_id"),
    "support.CallEnded.v1": _kept("agents", agent="agent_id"),
    "support.ResumptionCodeTold.v1": _kept("agents", agent="agent_id"),
    "support.ResumptionCodeVoided.v1": _kept("agents", agent="agent_id"),
    "support.LostPhoneStopped.v1": _kept("security", agent="agent_id"),
    "support.PhoneReplacementPlanned.v1": _kept("security"),
    "support.PhoneReplacementOpened.v1": _kept("security"),
    "support.PhoneRemovalPlanned.v1": _kept("agents"),
    "support.LostPhoneReleased.v1": _kept("agents"),
    "support.OtherNamesAccepted.v1": _kept("agents"),
    "support.ActForbidden.v1": _year("agents", agent="agent_id"),
    "support.ApprovalRequested.v1": _year("mails", personal=("proposed_by",), **_NO_ADDRESS),
    "support.ActStopAnnounced.v1": _year("mails", **_NO_ADDRESS),
    "support.SingleAgentActAnnounced.v1": _year("mails", **_NO_ADDRESS),
    **dict.fromkeys(
        ("support.DeadLettersReplayOrdered.v1", "support.DeadLettersDiscardOrdered.v1"),
        _kept(
            "agents",
            agent="agent_id",
            public=("service", "which"),
            left_out=("act_id", "letter", "fault"),
        ),
    ),
    "support.MailSendOrdered.v1": _kept("agents", agent="agent_id"),
    "support.MailDropOrdered.v1": _kept("agents", agent="agent_id"),
    "support.ChangePlanned.v1": _kept("account"),
    "support.ChangeStopped.v1": _kept("account"),
    **dict.fromkeys(
        (
            "support.AccountDeactivationOrdered.v1",
            "support.AccountReactivationOrdered.v1",
            "support.AccountFreezeOrdered.v1",
            "support.AccountUnfreezeOrdered.v1",
            "support.AddressReleaseOrdered.v1",
            "support.AddressChangeOrdered.v1",
            "support.NameChangeOrdered.v1",
            "support.PasswordMarkedCompromised.v1",
            "support.CredentialsRemovalOrdered.v1",
            "support.AnonymisationOrdered.v1",
            "support.InformationCorrectionOrdered.v1",
            "support.DossierTransferOrdered.v1",
            "support.DossierTransferUndoOrdered.v1",
            "support.SessionsEndOrdered.v1",
            "support.MailResendOrdered.v1",
        ),
        _kept("agents"),
    ),
}

#: What the desk records without an event: `Journal.record`. The fields of each are named here.
RECORD_RULES: Mapping[str, EntryRule] = {
    # An agent gave a reason and an account was shown to them (one look).
    "AccountOpened": _year("agents", public=("role", "reason", "number", "fields")),
    # A field that the first reason did not open was shown, for another reason.
    "FieldsShown": _year("agents", public=("role", "reason", "number", "fields")),
    # What was searched for is not stored, only what kind of thing it was taken for.
    "SearchMade": _year("agents", public=("role", "kind", "found")),
    # The desk's own limit of accounts or searches a day was reached.
    "LimitReached": _year("agents", public=("role", "kind")),
    # A role, or a rule on one's own acts, refused something.
    "ActRefused": _year("agents", public=("role", "act", "why", "number")),
    # An auditor lets the person see a look later.
    "LookDeferred": _kept("agents", public=("role", "look_id", "until", "reason")),
    "JournalRead": _year("agents", public=("role", "agent", "from", "to")),
    "JournalExported": _kept("agents", public=("role", "export_id", "from", "to", "reason")),
    "JournalPurged": _kept("agents", public=("deleted",)),
    "JournalVerified": _kept(
        "agents",
        public=(
            "links",
            "findings",
            "first",
            "first_kind",
            "first_link",
            "first_until",
            "first_entry",
            "anchored_at",
        ),
    ),
    # An operator read the content of a message that could not be handled.
    "DeadLetterRevealed": _kept(
        "agents", public=("role", "user", "service", "event", "letter", "reason")
    ),
    # An operator gave such messages up.
    "DeadLettersDiscarded": _kept(
        "agents", public=("role", "user", "service", "which", "count", "reason")
    ),
    # An operator gave a mail up.
    "MailDropped": _kept("agents", public=("role", "user", "mail_id", "reason")),
}


#: Records of a look at an account.
LOOKS = ("AccountOpened", "FieldsShown")
#: What people see of their own account, but for these events.
PERSON_SECTIONS: tuple[Section, ...] = ("account", "security", "mails")
_NOT_FOR_PERSON = frozenset(
    (
        "profile.EstablishmentCheckDeferred.v1",
        "support.ApprovalRequested.v1",
        "support.ActStopAnnounced.v1",
        "support.SingleAgentActAnnounced.v1",
    )
)


def person_types() -> tuple[str, ...]:
    """The events that the account's holder sees."""
    return tuple(
        name
        for name, rule in EVENT_RULES.items()
        if rule.section in PERSON_SECTIONS
        and rule.about == "account"
        and name not in _NOT_FOR_PERSON
    )


@dataclass(frozen=True)
class StoredFields:
    """The fields of an event that are stored: in the entry, and apart as values of a person."""

    public: tuple[str, ...]
    personal: tuple[str, ...]


class UnknownField(Exception):
    """A field of an event that no row of this file decides about."""


@cache
def stored_fields(event_type: str) -> StoredFields:
    """What is stored of the fields of an event. UnknownField, KeyError for an unknown event."""
    event, rule = EVENTS[event_type], EVENT_RULES[event_type]
    public: list[str] = []
    personal: list[str] = []
    hints = get_type_hints(event)
    for name in event.__struct_fields__:
        kinds = _kinds(hints[name])
        if Sealed in kinds or name in rule.left_out or name == rule.agent:
            continue
        if name in rule.personal:
            personal.append(name)
        elif name in rule.public:
            public.append(name)
        elif name in LEFT_OUT:
            continue
        elif name in PERSONAL:
            personal.append(name)
        elif name in PUBLIC or kinds <= set(PLAIN_TYPES):
            public.append(name)
        else:
            raise UnknownField(
                f"services/support/journal_rules.py does not say whether the field {name} of "
                f"{event_type} is public, about a person, or left out"
            )
    return StoredFields(tuple(public), tuple(personal))


def _kinds(hint: Any) -> set[Any]:
    """The types that a field may have, without None."""
    return set(typing.get_args(hint) or (hint,)) - {type(None)}
