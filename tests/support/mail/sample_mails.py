"""Sample mails: every template, in both languages, in each case, with awkward values."""

import functools
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any
from uuid import UUID

import msgspec

from services.mailer.mail_templates import (
    ADDRESS_CODE,
    NEW_ADDRESS_CODE,
    TEMPLATES,
    VALIDATION,
    TemplateData,
)
from services.mailer.messages import Mail, Messages, not_me_token
from shared.domain.brand import DEFAULT_BRAND
from shared.security.sealing import KeyRing, new_key

BASE_URL = "https://portail.exemple.fr"
DESK_URL = "https://bureau.exemple.fr"
CODE = "048213"
TOKEN = "a1B2-c3D4_" * 4 + "xyz"
MAIL_ID = "3f0c9d52-6a0a-5d5b-9e0c-3b8d7a112233"
ACCOUNT = UUID("0f8fad5b-d9cb-469f-a165-70867728950e")
RING = KeyRing.parse(new_key())
#: 06:30 in Paris, on the first of a month.
ASKED = datetime(2026, 12, 1, 5, 30, tzinfo=UTC)
UNTIL = datetime(2026, 12, 2, 5, 30, tzinfo=UTC)
LANGUAGES = ("fr", "en")
#: Every mail in either language, in its first case.
KINDS = [(name, language) for name in TEMPLATES for language in LANGUAGES]
#: Every mail in either language, in each case.
CASES = [
    (name, language, case)
    for name, template in TEMPLATES.items()
    for language in LANGUAGES
    for case in range(len(template.variants))
]
DISAVOWING = [name for name, template in TEMPLATES.items() if template.has_not_me_link]

VALUES: dict[str, Any] = {
    "first_name": "Élodie",
    "last_name": "d’Été-O'Brien",
    "terms_version": "2.1",
    "terms_accepted_at": ASKED,
    "enrol_before": UNTIL,
    "requested_at": ASKED,
    "expires_at": UNTIL,
    "at": ASKED,
    "until": UNTIL,
    "due_at": UNTIL,
    "number": "ACT-12",
    "undo_until": UNTIL,
    "months": 17,
    "deactivation_at": UNTIL,
    "giver": "é***@labo.example",
    "receiver": "z***@labo.example",
    "changes": (("city", "Lyon", "Saint-Étienne"), ("position", "", "responsible_pharmacist")),
    "device": "Firefox, Windows",
    "network": "203.0.113.0/24",
    "failures": 3,
    "company_name": "Pharmacie des Lilas & Cie",
    "city": "Saint-Étienne",
    "country": "BE",
    "position_other": "Personne qualifiée",
    "kind": "correction",
    "answer_by": "2026-12-08",
    "closes_on": "2026-12-16",
    "reply_until": "2026-12-31",
    "validated_at": ASKED,
}


def data_of(template: str, case: int = 0, **more: Any) -> TemplateData:
    """The data of one variant of a mail."""
    kind = TEMPLATES[template].data_type
    minutes = template in (ADDRESS_CODE.name, NEW_ADDRESS_CODE.name)
    soon = {"expires_at": ASKED + timedelta(minutes=10)} if minutes else {}
    values = VALUES | soon | dict(TEMPLATES[template].variants[case]) | more
    given = {name: value for name, value in values.items() if name in kind.__struct_fields__}
    return msgspec.convert(given, kind)


def mail(template: str = VALIDATION.name, language: str = "fr", case: int = 0, **more: Any) -> Mail:
    """One mail, to an address full of figures, with the secrets that its courier would open or
    make.
    """
    kind = TEMPLATES[template]
    token = TOKEN if kind.carries_secret else None
    if kind.has_not_me_link:
        token = not_me_token(RING, ACCOUNT, UUID(MAIL_ID), ASKED)
    values: dict[str, Any] = {
        "mail_id": UUID(MAIL_ID),
        "template": kind,
        "language": language,
        "address": "durand123456@labo654321.example",
        "written_at": ASKED,
        "data": data_of(template, case),
        "code": CODE if kind.carries_secret or kind.has_not_me_link else None,
        "link_token": token,
        "text": "Il nous faut le numéro.\n\nMerci.",
    }
    return Mail(**values | more)


@functools.cache  # compiling the templates takes longer than most tests
def messages(**brand: str) -> Messages:
    """A writer of mails, for the default agency or another one."""
    values = {name: getattr(DEFAULT_BRAND, name) for name in DEFAULT_BRAND.__dataclass_fields__}
    return Messages(type(DEFAULT_BRAND)(**values | brand), BASE_URL, None, DESK_URL)


def parsed(content: bytes) -> EmailMessage:
    """The message as a mail program parses it."""
    message = BytesParser(policy=policy.default).parsebytes(content)
    assert isinstance(message, EmailMessage)
    return message


def part(message: EmailMessage, kind: str) -> str:
    """The decoded text of the `plain` or `html` part."""
    body = message.get_body((kind,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


@functools.cache
def content_of(template: str, language: str, case: int = 0, **more: Any) -> bytes:
    """One mail as it is handed over, built once for all tests of a process."""
    return messages().build(mail(template, language, case, **more)).content


@functools.cache
def text_of(template: str, language: str, case: int = 0, **more: Any) -> str:
    """The text part of one mail."""
    return part(parsed(content_of(template, language, case, **more)), "plain")


@functools.cache
def html_of(template: str, language: str, case: int = 0, **more: Any) -> str:
    """The HTML part of one mail."""
    return part(parsed(content_of(template, language, case, **more)), "html")
