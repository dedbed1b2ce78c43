"""Every mail: the data that its text uses, whether it carries a secret, where its link leads.

The data is what the record of a mail keeps of the event that caused it. A code or a token is never
part of it: secrets stay sealed until the message is built.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import product
from typing import Any

import msgspec

from shared.contracts.base import Event
from shared.contracts.mfa import events as mfa
from shared.contracts.profile.views import POSITIONS
from shared.contracts.registration import events as registration
from shared.contracts.registration import resumption
from shared.contracts.support import lost_phones
from shared.contracts.support import people_requests as support
from shared.domain.support_requests import KINDS


class TemplateData(msgspec.Struct, frozen=True, kw_only=True):
    """The data of a mail."""


class ValidationData(TemplateData, frozen=True, kw_only=True):
    """For the mail that confirms the address of a new account."""

    requested_at: datetime
    expires_at: datetime


class FinalisationData(TemplateData, frozen=True, kw_only=True):
    """For the mail sent when the account has been created."""

    first_name: str
    last_name: str
    terms_version: str
    terms_accepted_at: datetime
    enrol_before: datetime


class ConfirmationData(TemplateData, frozen=True, kw_only=True):
    """For the mail sent when the account is complete.

    `country` is ISO 3166-1 alpha-2; `position` is one of the profile's, `other` for what
    `position_other` says.
    """

    first_name: str
    last_name: str
    company_name: str
    city: str
    country: str
    position: str
    position_other: str
    validated_at: datetime


class KnownAccountData(TemplateData, frozen=True, kw_only=True):
    """For the mail to the holder of an account that somebody requested again (EM-15)."""

    requested_at: datetime


class SecretMailData(TemplateData, frozen=True, kw_only=True):
    """For a mail whose code or link gives access to something of an account."""

    requested_at: datetime
    expires_at: datetime
    thaws: bool = False
    about: str = ""


class NoAccountData(TemplateData, frozen=True, kw_only=True):
    """For the mail to an address without a usable account. `about` is `password` or `phone`.

    `closed`: the address has an account, which only the support desk can open again.
    """

    requested_at: datetime
    about: str
    closed: bool = False


class NoticeData(TemplateData, frozen=True, kw_only=True, omit_defaults=True):
    """For a security notice: what happened `at`, and what the event knows of it (AU-07)."""

    first_name: str
    last_name: str
    at: datetime
    device: str = ""
    network: str = ""
    by: str = ""
    kind: str = ""
    until: datetime | None = None
    left: int = 0
    failures: int = 0
    desk_only: bool = False
    undo_until: datetime | None = None
    months: int = 0
    deactivation_at: datetime | None = None
    again: bool = False
    number: str = ""
    signed_in: bool = False


class RequestData(TemplateData, frozen=True, kw_only=True, omit_defaults=True):
    """For a mail about a request to the support desk, at the moment `at`.

    Without names the address is nobody's yet: whoever typed it has no account or was not signed in.
    Days are ISO dates; `reason` is a code. What an agent wrote is sealed, not here.
    """

    number: str
    kind: str
    at: datetime
    first_name: str = ""
    last_name: str = ""
    channel: str = ""
    answer_by: str = ""
    closes_on: str = ""
    reply_until: str = ""
    reason: str = ""
    asks: bool = False
    expires_at: datetime | None = None
    due_at: datetime | None = None
    open_until: datetime | None = None
    again: bool = False


class ActData(TemplateData, frozen=True, kw_only=True, omit_defaults=True):
    """For a mail about what the support desk decided about an account, at the moment `at`.

    `act` and `reason` are slugs. `giver` and `receiver` are the masked addresses of a transfer.
    `changes` are (field of the information, former value, new value).
    """

    first_name: str
    last_name: str
    at: datetime
    act: str = ""
    reason: str = ""
    by: str = ""
    due_at: datetime | None = None
    giver: str = ""
    receiver: str = ""
    count: int = 0
    undone: bool = False
    undo_until: datetime | None = None
    changes: tuple[tuple[str, str, str], ...] = ()
    device: str = ""
    network: str = ""


@dataclass(frozen=True, kw_only=True)
class Template:
    """One kind of mail, written in `templates/<name>.j2`.

    `path` is the page of its link, on the desk with `on_desk`; with `has_not_me_link` it is the
    page « ce n'est pas moi ».
    `shows_link_code`: the page of the link takes something away and asks for the mail's digits.
    `choices` are the values that its text depends on: the start tries each combination.
    `event` is set for a notice that this event always causes, `at` being the event's field with
    the moment.
    """

    name: str
    data_type: type[TemplateData]
    carries_secret: bool = False
    path: str | None = None
    on_desk: bool = False
    has_not_me_link: bool = False
    shows_link_code: bool = False
    choices: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    event: type[Event] | None = None
    at: str = ""

    @property
    def variants(self) -> tuple[Mapping[str, Any], ...]:
        """The data of each combination of the choices."""
        combinations = product(*self.choices.values())
        return tuple(dict(zip(self.choices, values, strict=True)) for values in combinations)


TEMPLATES: dict[str, Template] = {}


def _template(name: str, data_type: type[TemplateData], **more: Any) -> Template:
    template = Template(name=name, data_type=data_type, **more)
    TEMPLATES[name] = template
    return template


#: A notice without the link « ce n'est pas moi ».
NO_DISAVOWAL = {"has_not_me_link": False, "shows_link_code": False}


def _notice(name: str, **more: Any) -> Template:
    """A security notice with its « ce n'est pas moi » link."""
    link = {"path": "/ce-n-est-pas-moi", "has_not_me_link": True, "shows_link_code": True}
    return _template(name, NoticeData, **link | more)


VALIDATION = _template("validation", ValidationData, carries_secret=True, path="/inscription/lien")
FINALISATION = _template("finalisation", FinalisationData, path="/connexion")
KNOWN_ACCOUNT = _template("known_account", KnownAccountData, path="/connexion")
CONFIRMATION = _template(
    "confirmation", ConfirmationData, path="/accueil", choices={"position": POSITIONS}
)

PASSWORD_RESET = _template(
    "password_reset",
    SecretMailData,
    carries_secret=True,
    path="/mot-de-passe",
    choices={"thaws": (False, True)},
)
ADDRESS_CODE = _template("address_code", SecretMailData, carries_secret=True)
RECOVERY_ADDRESS_CODE = _template("recovery_address_code", SecretMailData, carries_secret=True)
NEW_ADDRESS_CODE = _template("new_address_code", SecretMailData, carries_secret=True)
LOST_PHONE = _template(
    "lost_phone",
    SecretMailData,
    carries_secret=True,
    path="/telephone-perdu/confirmer",
    shows_link_code=True,
)
UNLOCK = _template(
    "unlock",
    SecretMailData,
    carries_secret=True,
    path="/debloquer",
    shows_link_code=True,
    choices={"about": ("sign_in", "requests")},
)
NO_ACCOUNT = _template(
    "no_account",
    NoAccountData,
    path="/connexion",
    choices={"closed": (False, True), "about": ("password", "phone")},
)

#: Strangers provoke it: its link takes nothing away.
SIGN_IN_LOCKED = _notice("sign_in_locked", path="/mot-de-passe-oublie", **NO_DISAVOWAL)
CODE_REFUSED = _notice("code_refused", choices={"kind": ("totp", "recovery")})
NEW_DEVICE = _notice("new_device", choices={"failures": (0, 1, 4)})
OPENED_AFTER_FAILURES = _notice("opened_after_failures")
ADDRESS_CHANGE_ASKED = _notice("address_change_asked")
#: To the former address, and to the new one.
ADDRESS_CHANGED = _notice("address_changed", choices={"by": ("holder", "desk")})
ADDRESS_IN_FORCE = _notice("address_in_force", choices={"by": ("holder", "desk")})

RECOVERY_ADDRESS_CHANGED = _notice(
    "recovery_address_changed", choices={"kind": ("added", "removed")}
)

# Notices that one event always causes.
_notice(
    "password_changed",
    event=registration.PasswordChanged,
    at="changed_at",
    choices={"by": ("reset", "person")},
)
_notice("phone_enrolled", event=mfa.AuthenticatorEnrolled, at="enrolled_at")
PHONE_REPLACED = _notice("phone_replaced", choices={"by": ("phone", "recovery", "delay")})
#: To the recovery address, which is told of recoveries only.
PHONE_REPLACED_SECOND = _notice("phone_replaced_second", choices={"by": ("delay",)})
_notice("phone_removed", event=mfa.AuthenticatorRemoved, at="removed_at")
_notice("recovery_code_used", event=mfa.RecoveryCodeUsed, at="used_at", choices={"left": (9, 1, 0)})
_notice("recovery_codes_replaced", event=mfa.RecoveryCodesReplaced, at="replaced_at")
_notice(
    "codes_locked",
    event=mfa.CodeCheckLocked,
    at="locked_at",
    choices={"kind": ("totp", "recovery")},
)
_notice("account_thawed", event=registration.AccountThawed, at="thawed_at")
_notice(
    "account_frozen",
    path="/mot-de-passe-oublie",
    **NO_DISAVOWAL,
    event=registration.AccountFrozen,
    at="frozen_at",
    choices={
        "by": ("holder", "lost_phone", "desk"),
        "desk_only": (False, True),
        "signed_in": (False, True),
    },
)
_notice(
    "account_deactivated",
    path=None,
    **NO_DISAVOWAL,
    event=registration.AccountDeactivated,
    at="deactivated_at",
    choices={"by": ("desk", "inactivity")},
)
_notice(
    "account_dormant",
    path="/connexion",
    **NO_DISAVOWAL,
    event=registration.DormantAccountWarned,
    at="warned_at",
    choices={"again": (False, True)},
)


def _request_mail(name: str, event: type[Event], at: str, **choices: tuple[Any, ...]) -> Template:
    """A mail about a request to the support desk; its link opens the page of the request."""
    named = {"first_name": ("Anne", "")}
    return _template(
        name,
        RequestData,
        carries_secret=True,
        path="/suivi/demande",
        choices=named | choices,
        event=event,
        at=at,
    )


REQUEST_MAILS = (
    _request_mail(
        "request_received",
        support.RequestReceived,
        "received_at",
        kind=("lost_phone", "message"),
        channel=("portal", "call", "mail"),
    ),
    _request_mail("request_delayed", support.RequestDelayed, "delayed_at", kind=KINDS),
    _request_mail("request_answered", support.RequestAnswered, "answered_at", asks=(False, True)),
    _request_mail("request_reminded", support.RequestReminded, "reminded_at"),
    _request_mail(
        "request_closed",
        support.RequestClosed,
        "closed_at",
        # They decide about the state.
        reason=(
            "done_as_asked",
            "answered",
            "nothing_to_change",
            "not_verified",
            "not_possible",
            "not_ours",
            "act_stopped",
            "by_person",
            "no_reply",
        ),
    ),
    _request_mail("request_link", support.FollowUpLinkRequested, "requested_at"),
)


#: The acts that are announced, and why the desk acts.
ANNOUNCED_ACTS = (
    "change_address",
    "change_name",
    "change_telephone",
    "unblock_account",
    "reactivate_account",
    "transfer_dossiers",
    "anonymise",
)
ACT_REASONS = (
    "requested_by_person",
    "requested_by_establishment",
    "typing_error",
    "mailbox_out_of_service",
    "departure",
    "suspicious_access",
    "legal_duty",
)
CHANGE_PLANNED = _template(
    "change_planned",
    ActData,
    carries_secret=True,
    path="/opposition",
    choices={"act": ANNOUNCED_ACTS, "reason": ACT_REASONS},
)
CHANGE_STOPPED = _template(
    "change_stopped",
    ActData,
    choices={"act": ANNOUNCED_ACTS, "by": ("agent", "freeze", "link", "changed", "owner")},
)
ACCOUNT_REACTIVATED = _template("account_reactivated", ActData, path="/connexion")
UNFREEZE_ALLOWED = _template("unfreeze_allowed", ActData, path="/mot-de-passe-oublie")
NAME_CHANGED = _template("name_changed", ActData)
INFORMATION_CORRECTED = _template(
    "information_corrected", ActData, path="/compte/correction", choices={"reason": ACT_REASONS}
)
DOSSIERS_TRANSFERRED = _template(
    "dossiers_transferred", ActData, choices={"undone": (False, True), "count": (0, 1, 12)}
)
SESSIONS_ENDED = _template(
    "sessions_ended", ActData, path="/connexion", choices={"reason": ACT_REASONS}
)
PASSWORD_COMPROMISED = _template("password_compromised", ActData)
ADDRESS_RELEASED = _template("address_released", ActData)
ACCOUNT_ANONYMISED = _template("account_anonymised", ActData, choices={"reason": ACT_REASONS})


class AgentData(TemplateData, frozen=True, kw_only=True, omit_defaults=True):
    """For a mail to an agent of the desk: what happened `at`, and what the event knows of it.

    `agent` is the address of the agent whom it is about. Names are empty where the command line
    acted.
    """

    at: datetime
    kind: str = ""
    role: str = ""
    by: str = ""
    agent: str = ""
    proposed_by: str = ""
    approved_by: str = ""
    expires_at: datetime | None = None
    act: str = ""
    number: str = ""
    due_at: datetime | None = None
    proposal_id: str = ""
    by_inviter: bool = False
    state: str = ""
    acts: tuple[str, ...] = ()
    requests: tuple[str, ...] = ()
    device: str = ""
    network: str = ""
    until: datetime | None = None


ROLES = ("agent", "supervisor", "operator", "auditor")
AGENT_INVITED = _template(
    "agent_invited",
    AgentData,
    carries_secret=True,
    path="/invitation",
    on_desk=True,
    choices={"kind": ("invitation", "reset"), "by": ("", "Paule Martin"), "role": ROLES},
)
AGENT_ACCEPTED = _template(
    "agent_accepted",
    AgentData,
    path="/assistance/equipe",
    on_desk=True,
    choices={
        "role": ROLES,
        "proposed_by": ("", "Paule Martin"),
        "approved_by": ("", "Luc Bernard"),
    },
)
AGENT_ENDED = _template(
    "agent_ended",
    AgentData,
    path="/assistance/equipe",
    on_desk=True,
    choices={
        "state": ("suspended", "removed", "reset", "role_changed"),
        "by": ("Paule Martin",),
        "acts": ((), ("ACT-7", "TEL-2B7F-9KQ4")),
        "requests": ((), ("COR-2B7F-9KQ4",)),
    },
)
#: Security notices of an agent's own account; `kind` is the applicants' mail that says the same.
AGENT_NOTICE = _template(
    "agent_notice",
    AgentData,
    path="/moi",
    on_desk=True,
    choices={
        "kind": (
            "phone_enrolled",
            "phone_replaced",
            "phone_removed",
            "codes_locked",
            "password_changed",
        )
    },
)
AGENT_SIGN_IN_LOCKED = _template("agent_sign_in_locked", AgentData, path="/moi", on_desk=True)


#: A lost phone that the desk handles.
PHONE_REMOVAL_PLANNED = _template(
    "phone_removal_planned",
    RequestData,
    carries_secret=True,
    path="/suivi/demande",
    choices={"kind": ("lost_phone",)},
)
#: The same to the recovery address.
PHONE_REMOVAL_PLANNED_SECOND = _template(
    "phone_removal_planned_second",
    RequestData,
    carries_secret=True,
    path="/suivi/demande",
    choices={"kind": ("lost_phone",)},
)
#: Without an agent: at the start and in the middle, then that the enrolment is open; and the same
#: to the recovery address.
PHONE_REPLACEMENT_PLANNED, PHONE_REPLACEMENT_PLANNED_SECOND = (
    _template(
        name,
        RequestData,
        carries_secret=True,
        path="/suivi/demande",
        choices={"kind": ("lost_phone",), "again": (False, True)},
    )
    for name in ("phone_replacement_planned", "phone_replacement_planned_second")
)
PHONE_REPLACEMENT_OPEN, PHONE_REPLACEMENT_OPEN_SECOND = (
    _template(
        name,
        RequestData,
        carries_secret=True,
        path="/suivi/demande",
        choices={"kind": ("lost_phone",)},
    )
    for name in ("phone_replacement_open", "phone_replacement_open_second")
)
#: `by` is what the call was for.
CALL_WITHOUT_RESULT = _notice(
    "call_without_result",
    choices={
        "by": ("check", "code"),
        "kind": (
            "no_answer",
            "not_requested",
            "doubt",
            "wrong_words",
            "time_over",
            "stopped",
        ),
    },
)
RESUMPTION_CODE_TOLD = _notice("resumption_code_told")
_notice(
    "lost_phone_stopped",
    event=lost_phones.LostPhoneStopped,
    at="stopped_at",
    choices={
        "by": (
            "sign_in",
            "freeze",
            "calls",
            "person",
            "agent",
            "changed",
            "closed",
            "replaced",
            "setting",
            "clock",
        )
    },
)
_notice(
    "lost_phone_released",
    path="/inscription",
    **NO_DISAVOWAL,
    event=lost_phones.LostPhoneReleased,
    at="released_at",
)
_notice(
    "resumption_code_voided",
    path="/inscription",
    **NO_DISAVOWAL,
    event=lost_phones.ResumptionCodeVoided,
    at="voided_at",
)
_notice("account_resumed", event=resumption.AccountResumed, at="resumed_at")
APPROVAL_REQUESTED = _template(
    "approval_requested",
    AgentData,
    path="/assistance/approbations/{proposal_id}",
    on_desk=True,
    choices={"act": ANNOUNCED_ACTS},
)
MORE_ACCOUNTS_ASKED = _template(
    "more_accounts_asked",
    AgentData,
    path="/assistance/approbations/{proposal_id}",
    on_desk=True,
    choices={"proposed_by": ("Paule Martin",)},
)
ACT_STOPPED = _template(
    "act_stopped",
    AgentData,
    path="/assistance/approbations/{proposal_id}",
    on_desk=True,
    choices={
        "act": ANNOUNCED_ACTS[:1],
        "by": ("sign_in", "freeze", "agent", "departure", "link", "changed", "owner"),
    },
)
JOURNAL_EXPORT_READY = _template(
    "journal_export_ready", AgentData, path="/assistance/journal/exports", on_desk=True
)
SINGLE_AGENT_ACT = _template(
    "single_agent_act",
    AgentData,
    path="/assistance/approbations/{proposal_id}",
    on_desk=True,
    choices={"act": ANNOUNCED_ACTS[:1], "by_inviter": (False, True)},
)


def examples(template: Template) -> Iterator[TemplateData]:
    """Sample data for each variant of a mail, to try its text with."""
    then = datetime.fromisoformat("2026-01-01T08:00:00+00:00")
    known = {
        "first_name": "Anne",
        "last_name": "Durand",
        "terms_version": "1",
        "company_name": "Pharmacie Durand",
        "city": "Lyon",
        "country": "FR",
        "position_other": "Personne qualifiée",
        "device": "Firefox, Windows",
        "network": "192.0.2.0/24",
        "left": 9,
        "months": 17,
        "failures": 3,
        "number": "ACT-12",
        "kind": "correction",
        **dict.fromkeys(("answer_by", "closes_on", "reply_until"), "2026-01-12"),
        "giver": "a***@example.org",
        "receiver": "z***@example.org",
        "changes": [("city", "Lyon", "Paris"), ("position", "other", "responsible_pharmacist")],
        "agent": "luc@example.org",
    }
    moments = ("requested_at", "expires_at", "terms_accepted_at", "enrol_before", "validated_at")
    values = known | dict.fromkeys(
        (*moments, "at", "until", "undo_until", "due_at", "open_until", "deactivation_at"), then
    )
    for variant in template.variants:
        given = {k: v for k, v in values.items() if k in template.data_type.__struct_fields__}
        yield msgspec.convert(given | dict(variant), template.data_type)
