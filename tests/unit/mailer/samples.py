"""Mails to look at: every template, in both languages, with awkward values."""

from __future__ import annotations

import functools
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any

from services.mailer.messages import (
    FINALISATION,
    KNOWN_ACCOUNT,
    TEMPLATES,
    VALIDATION,
    Facts,
    Finalisation,
    KnownAccount,
    Mail,
    Messages,
    Validation,
)
from shared.brand import GUIDE

BASE_URL = "https://portail.exemple.fr"
CODE = "048213"
TOKEN = "a1B2-c3D4_" * 4 + "xyz"
#: 06:30 in Paris, on the first of a month.
ASKED = datetime(2026, 12, 1, 5, 30, tzinfo=UTC)
UNTIL = datetime(2026, 12, 2, 5, 30, tzinfo=UTC)
KINDS = [(name, language) for name in TEMPLATES for language in ("fr", "en")]

FACTS: dict[str, Facts] = {
    VALIDATION.name: Validation(requested_at=ASKED, expires_at=UNTIL),
    FINALISATION.name: Finalisation(
        first_name="Élodie",
        last_name="d’Été-O'Brien",
        terms_version="2.1",
        terms_accepted_at=ASKED,
        enrol_before=UNTIL,
    ),
    KNOWN_ACCOUNT.name: KnownAccount(requested_at=ASKED),
}


def mail(template: str = VALIDATION.name, language: str = "fr", **more: Any) -> Mail:
    """One mail, to an address full of figures."""
    opens = TEMPLATES[template].opens
    values: dict[str, Any] = {
        "mail_id": "3f0c9d52-6a0a-5d5b-9e0c-3b8d7a112233",
        "template": template,
        "language": language,
        "address": "durand123456@labo654321.example",
        "written_at": ASKED,
        "facts": FACTS[template],
        "code": CODE if opens else None,
        "link_token": TOKEN if opens else None,
    }
    return Mail(**values | more)


@functools.cache  # compiling the templates takes longer than most tests
def messages(**brand: str) -> Messages:
    """A writer of mails, for the guide's agency or a changed one."""
    values = {name: getattr(GUIDE, name) for name in GUIDE.__dataclass_fields__}
    return Messages(type(GUIDE)(**values | brand), BASE_URL)


def parsed(content: bytes) -> EmailMessage:
    """The message as a mail program reads it."""
    message = BytesParser(policy=policy.default).parsebytes(content)
    assert isinstance(message, EmailMessage)
    return message


def part(message: EmailMessage, kind: str) -> str:
    """The decoded text of the `plain` or `html` part."""
    body = message.get_body((kind,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")
