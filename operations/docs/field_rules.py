"""Formats, limits and examples of the fields of messages, by the name of the field.

One name means one thing in every message, so one row describes it; a row `Class.field`, or
`owner/Class.field`, is for an exception. Limits are those of the owner that reads the field, taken
from its rules: what is beyond them is readable, and refused by the owner.
"""

from collections.abc import Mapping
from typing import Any

from services.dossiers.dossier_updates import DOSSIER_ID, MAX_LENGTHS, MAX_VERSION
from services.dossiers.list_query import MAX_PAGE_SIZE, MAX_SEARCH_LENGTH
from services.mailer.handlers.notices import MAX_DEVICE_LENGTH
from services.registration.email_addresses import MAX_ADDRESS
from services.support.answer_texts import MAX_TEXT, MAX_TITLE
from services.support.handlers.lost_phone_calls import MAX_FOUND_AT
from services.support.journal_views import MAX_DEFERRAL_DAYS
from services.support.permissions import (
    ACT_REASONS,
    ACTS,
    AGENT_REASONS,
    LIMIT_REASONS,
    LOOK_REASONS,
)
from services.support.request_states import CLOSING_REASONS
from shared.contracts.backoffice import KINDS
from shared.contracts.dossiers import REFUSAL_REASONS, TABS
from shared.domain.support_requests import KINDS as REQUEST_KINDS
from shared.domain.support_requests import NUMBER
from shared.domain.typed_text import MAX_NAME
from shared.i18n.catalogue import LANGUAGES
from shared.messaging.publisher_notices import MAX_REPEATED

Rule = Mapping[str, Any]

UUID = "0199d2c4-6c00-7a31-9c52-6f1f0a4be201"
ACCOUNT = "8f14e45f-ceea-467f-9b3c-2d8b6e1f0a77"
AGENT = "5b1f6c1e-7a43-4d5e-9a86-0d2f3f6f1c22"
REQUEST_NUMBER = "COR-A44X2-YZ7EW"
DAY = "2026-01-20"
#: Statuses that pages translate; another application may send a text of its own.
STATUSES = (
    "draft", "filed", "under_review", "information_requested", "granted", "acknowledged", "refused",
    "withdrawn",
)  # fmt: skip
ROLES = ("agent", "supervisor", "operator", "auditor")


def _text(example: str, length: int | None = None) -> Rule:
    limit = {} if length is None else {"maxLength": length}
    return {**limit, "examples": [example]}


def _uuid(example: str = UUID, *, optional: bool = False) -> Rule:
    # Where a text may be empty, it has no format that an empty one would break.
    return {"examples": [example]} if optional else {"format": "uuid", "examples": [example]}


def _known(*values: str) -> Rule:
    """The values of today: a later version may add one."""
    return {"x-extensible-enum": list(values), "examples": [next(filter(None, values))]}


def _day() -> Rule:
    return {"description": "A day of Paris (ISO 8601), or empty.", "examples": [DAY]}


def _closed(*values: str) -> Rule:
    return {"enum": list(values), "examples": [values[0]]}


def _number(least: int, most: int | None = None, example: int = 1) -> Rule:
    bound = {} if most is None else {"maximum": most}
    return {"minimum": least, **bound, "examples": [example]}


_NAME = {"minLength": 1, "maxLength": MAX_NAME}
_ADDRESS = {"format": "email", "maxLength": MAX_ADDRESS, "examples": ["zoe.durand@exemple.fr"]}
_HASH = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

FIELDS: Mapping[str, Rule] = {
    # Ids.
    "account_id": _uuid(ACCOUNT),
    "from_account_id": _uuid(ACCOUNT),
    "to_account_id": _uuid("2c6ee24b-0941-4a3b-8f3e-61c35b7a6d90"),
    "agent_id": _uuid(AGENT),
    "subject_agent_id": _uuid(AGENT, optional=True),
    "subject_id": _uuid(AGENT),
    "proposed_by": _uuid(AGENT),
    "approved_by": _uuid(AGENT, optional=True),
    "ended_by": _uuid(AGENT, optional=True),
    "recipient": _uuid(AGENT),
    "by_agent": _uuid(AGENT, optional=True),
    "ApprovalRequested.proposed_by": _text("Anne Martin"),
    "AgentAccepted.proposed_by": _text("Anne Martin"),
    "AgentAccepted.approved_by": _text("Anne Martin"),
    "proposal_id": _uuid(),
    "open_proposal_id": _uuid(optional=True),
    "request_id": _uuid(),
    "question_id": _uuid(),
    "session_id": _uuid(),
    "enrolment_id": _uuid(),
    "mail_id": _uuid(),
    "cause": _uuid(),
    "transfer_id": _uuid(),
    "call_id": _uuid(optional=True),
    "entry_id": _uuid(),
    "export_id": _uuid(),
    "account_ids": _uuid(ACCOUNT),
    "known_accounts": _uuid(ACCOUNT),
    # People and their addresses.
    "first_name": {**_NAME, "examples": ["Zoé"]},
    "last_name": {**_NAME, "examples": ["d’Été-Müller"]},
    "name": _text("Zoé d’Été-Müller", 2 * MAX_NAME + 1),
    "agent_name": _text("Anne Martin"),
    "approved_by_name": _text("Anne Martin"),
    "proposed_by_name": _text("Anne Martin"),
    "ended_by_name": _text("Anne Martin"),
    "invited_by": _text("Anne Martin"),
    "address": _ADDRESS,
    "new_address": _ADDRESS,
    "former_address": _ADDRESS,
    "suggestion": _ADDRESS,
    "pending": _text("zoe.durand@exemple.fr", MAX_ADDRESS),
    "masked_address": _text("z…d@exemple.fr"),
    "language": _closed(*LANGUAGES),
    "support/RequestView.language": _closed(*LANGUAGES, ""),
    "AgentEndAnnounced.recipient": _text("anne.martin@exemple.fr", MAX_ADDRESS),
    "AgentAccepted.recipient": _text("anne.martin@exemple.fr", MAX_ADDRESS),
    "network": {
        "description": "The client's network: an IPv4 /24 or an IPv6 /64, as in RFC 4632.",
        "examples": ["192.0.2.0/24"],
    },
    "device": {
        "description": "Browser and system as a person reads them.",
        **_text("Firefox, Windows", MAX_DEVICE_LENGTH),
    },
    "front_end": _known("gateway", "desk"),
    # Dossiers.
    "dossier_id": {
        "pattern": f"^{DOSSIER_ID.pattern}$",
        "minLength": 1,
        "maxLength": 64,
        "examples": ["d-2026-000417"],
    },
    "establishment": _text("Pharmacie des Trois Fontaines", MAX_LENGTHS["establishment"]),
    "medicine": _text("Élinoxa", MAX_LENGTHS["medicine"]),
    "dosage": _text("1 000 UI", MAX_LENGTHS["dosage"]),
    "pharmaceutical_form": _text(
        "poudre pour solution injectable", MAX_LENGTHS["pharmaceutical_form"]
    ),
    "DossierEvent.kind": _closed(*KINDS),
    "DossierEvent.number": _text("AI-2026-00417", MAX_LENGTHS["number"]),
    "DossierRow.kind": _closed(*KINDS),
    "DossierRow.number": _text("AI-2026-00417", MAX_LENGTHS["number"]),
    "status": {
        "description": f"A code that pages translate ({', '.join(STATUSES)}), or a short text.",
        **_text("granted", MAX_LENGTHS["status"]),
    },
    "statuses": _text("granted", MAX_LENGTHS["status"]),
    "tab": _closed(*TABS),
    "search": _text("elinoxa", MAX_SEARCH_LENGTH),
    "DossierEvent.version": _number(1, MAX_VERSION),
    "DossierAccepted.version": _number(1, MAX_VERSION),
    "DossierAccepted.message_id": _uuid(),
    "DossierAccepted.type": _text("backoffice.DossierFiled.v1"),
    # As the publisher wrote it, whatever that is.
    "DossierRefused.message_id": _text(UUID, MAX_REPEATED),
    "DossierRefused.type": _text("backoffice.DossierFiled.v1", MAX_REPEATED),
    "DossierRefused.reason": _known(*REFUSAL_REASONS),
    "DossierRefused.detail": _text("status is empty"),
    "DossierRefused.dossier_id": _text("d-2026-000417", 64),
    "size": _number(1, MAX_PAGE_SIZE, 20),
    "ListDossiers.kind": _closed("", *KINDS),
    "ReadDossiers.kind": _closed("", *KINDS),
    "ListDossiers.sort": _text("filed_on"),
    "ReadDossiers.sort": _text("filed_on"),
    # Establishments.
    "may_call": _text("codes"),
    "no_effect": _text("frozen"),
    "slug": _text("invalid_fields"),
    "siret": {
        "description": "Fourteen digits, or empty outside France.",
        "pattern": r"^(\d{14})?$",
        "examples": ["73282932000074"],
    },
    "company_name": _text("Pharmacie des Trois Fontaines", 200),
    "city": _text("Besançon", 200),
    "address_extra": _text("Bâtiment B", 200),
    "postal_code": _text("25000", 12),
    "country": {
        "description": "ISO 3166-1 alpha-2.",
        "pattern": "^[A-Z]{2}$",
        "examples": ["FR"],
    },
    "group": _text("FR:73282932000074"),
    "position_other": _text("Assistante", 100),
    "closed_reason": _text("Transfert du siège"),
    "fields": _text("city"),
    "RequestView.due": _known(
        "validation", "terms", "created", "resumption", "resumption_check", "resumed"
    ),
    # Mails and links.
    "template": _text("validation"),
    "terms_version": _text("2026-01"),
    "terms_sha256": {"pattern": "^[0-9a-f]{64}$", "examples": [_HASH]},
    "sha256": {"pattern": "^[0-9a-f]{64}$", "examples": [_HASH]},
    "TermsView.version": _text("2026-01"),
    "TermsView.text": _text("# Conditions générales d'utilisation"),
    "date": _text(DAY),
    "binding": _text(DAY),
    "document": _text("{}"),
    "word": _text("pharmacien"),
    "source": _text("context"),
    "attempts": _number(0, example=2),
    "answer": _text("550 5.1.1 no such mailbox"),
    "MailAttempt.number": _number(1),
    "smtp_code": _number(200, 599, 550),
    # The desk.
    "number": {
        "description": "The number of a request to the desk, or of an act.",
        "pattern": rf"^({NUMBER.pattern}|ACT-\d+)?$",
        "examples": [REQUEST_NUMBER],
    },
    "request_number": {"pattern": f"^({NUMBER.pattern})?$", "examples": [REQUEST_NUMBER]},
    "SendFollowUpLink.number": _text(REQUEST_NUMBER, 200),
    "linked": _text(REQUEST_NUMBER),
    "act": _known(*ACTS),
    "attempt": _text("propose"),
    "action": _text("answered"),
    "actions": _text("take"),
    "kind": _known(*REQUEST_KINDS),
    "CodeCheckLocked.kind": _known("totp", "recovery"),
    "channel": _known("portal", "call", "mail"),
    "reason": _known(*dict.fromkeys((*ACT_REASONS, *LIMIT_REASONS, *AGENT_REASONS))),
    "reasons": _known(*dict.fromkeys((*ACT_REASONS, *LIMIT_REASONS, *AGENT_REASONS))),
    "AccountView.reasons": _known(*LOOK_REASONS),
    "OpenAccount.reason": _known(*LOOK_REASONS),
    "LookRow.reason": _known(*LOOK_REASONS),
    **dict.fromkeys(
        ("RequestView.reason", "PersonRequestView.reason", "DeskEntry.reason"),
        _known(*CLOSING_REASONS),
    ),
    "by": _text("Anne Martin"),
    "EmailVerified.by": _known("code", "link"),
    "LostPhoneStopped.by": _known(
        "calls", "person", "link", "agent", "sign_in", "freeze", "owner", "changed", "closed",
        "replaced", "setting", "clock",
    ),
    # Empty once the agent is removed.
    "AgentView.first_name": _text("Zoé", MAX_NAME),
    "AgentView.last_name": _text("d’Été-Müller", MAX_NAME),
    "InvitationView.first_name": _text("Zoé", MAX_NAME),
    "InvitationView.last_name": _text("d’Été-Müller", MAX_NAME),
    "CheckCode.about": _text(_HASH),
    "proof": _text("k1.eyJhIjoiYiJ9.signature"),
    "role": _known(*ROLES),
    "agent_role": _known(*ROLES),
    "state": _text("valid"),
    "outcome": _text("warned"),
    "purpose": _known("check", "code"),
    "line": _known("file", "switchboard"),
    "found_at": _text("https://exemple.fr/contact", MAX_FOUND_AT),
    "close": _text("answered"),
    "about": _text("person"),
    "why": _text("forbidden"),
    "why_not": _text("own_act"),
    "ProposalView.failure": _text("changed_since"),
    "ended_why": _text("doubt"),
    "may": _known("approve", "refuse", "stop"),
    "title_fr": _text("Adresse corrigée", MAX_TITLE),
    "title_en": _text("Address corrected", MAX_TITLE),
    "text_fr": _text("Votre adresse est corrigée.", MAX_TEXT),
    "text_en": _text("Your address is corrected.", MAX_TEXT),
    "mail": _text("accepted"),
    "after": {"description": "Where the page before ended, if any.", **_text("42")},
    "away": {"description": "The services that did not answer.", "examples": ["profile"]},
    "choices": _text("mailbox_report"),
    "open": _text("address"),
    "masked": _text("telephone"),
    "kinds": _text("address"),
    "section": _text("security"),
    "type": _text("registration.PasswordChanged.v1"),
    "first_kind": _text("changed"),
    "facts": _text("person"),
    # Days.
    "answer_by": _day(),
    "closed_on": _day(),
    "closes_on": _day(),
    "planned_on": _day(),
    "promised_first": _day(),
    "reply_until": _day(),
    # Errors and settings.
    "field": _text("password"),
    "code": _text("too_short"),
    "params": {"examples": [8]},
    "default": _text("30"),
    "unit": _text("seconds"),
    "meaning": _text("How long a request for an account lives."),
    "value": _text("30"),
    "service": _text("registration"),
    "SettingRow.name": _text("IMPEX_RESEND_SECONDS"),
    "key_id": _text("k1"),
    "box": {
        "description": "Base64url with padding (RFC 4648).",
        "pattern": "^[A-Za-z0-9_-]+={0,2}$",
        "examples": [
            "BeAzE-0hhOPaPMT2Y8J5Do1vRJ1plVfEMTb_wgnEoSBt7bJcjLKDTkGYzAZeP7dVeJ3sYgkZ"
        ],
    },
    "Sealed.recipient": _text("registration"),
    # Counts.
    "version": _number(0),
    "limit": _number(1, 100, 20),
    "offset": _number(0, example=0),
    "page": _number(1),
    "pages": _number(1),
    "days": _number(1, MAX_DEFERRAL_DAYS, 30),
    "months": _number(0, example=24),
    **dict.fromkeys(
        (
            "allowed", "approvals", "calls_left", "codes_left", "count", "counts", "deactivated",
            "delay_minutes", "failures", "failures_left", "findings", "first_entry", "first_link",
            "first_until", "late_count", "late_days", "left", "links", "open_count", "opened",
            "recovery_left", "requests", "resends_left", "retry_after", "sessions", "spared",
            "to_approve", "total", "tries_left", "unsendable", "warned", "withdrawn",
        ),
        _number(0, example=3),
    ),
    "RequestRow.linked": _number(0, example=0),
}  # fmt: skip


def may_be_empty(rule: Rule) -> Rule:
    """The rule of a text that is empty where there is nothing to say."""
    kept = {name: value for name, value in rule.items() if name not in ("format", "minLength")}
    return {**kept, "enum": list(dict.fromkeys(("", *rule["enum"])))} if "enum" in rule else kept


def rule_of(cls: type[Any], field: str) -> tuple[Rule, bool]:
    """What is known of a field of `cls`, empty where nothing is, and whether it is for that class
    alone."""
    for holder in cls.__mro__:
        owner = holder.__module__.removeprefix("shared.contracts.").partition(".")[0]
        for name in (f"{owner}/{holder.__name__}.{field}", f"{holder.__name__}.{field}"):
            if (found := FIELDS.get(name)) is not None:
                return found, True
    return FIELDS.get(field, {}), False
