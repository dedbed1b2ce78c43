"""Builds the bytes of a mail from what an event said, in French or English, text and HTML.

A built message is complete: headers, both parts, CRLF, ready for DATA. Built twice from the same
delivery it says the same, with the same Message-ID and Date. Nothing is opened or sent here; the
portal's address comes from the settings, never from a message (RE-05).
"""

from __future__ import annotations

import email.utils
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jinja2
import msgspec
from email_validator import EmailNotValidError, validate_email

from services.mailer.disavowal import runs_out
from services.mailer.facts import TEMPLATES, Facts, Template, examples
from services.mailer.paris import LANGUAGES
from services.mailer.rendering import Rendered, Renderer
from shared.domain.brand import Brand
from shared.errors import ImpexError


class UnfitMail(ImpexError):
    """This mail cannot be written: an address or a name would break its headers."""


@dataclass(frozen=True, kw_only=True)
class Mail:
    """Everything one mail says. `code` and `link_token` are in clear: keep it out of logs.

    `link_token` is what the link carries: what an event brought sealed, or a disavowal.
    """

    mail_id: str
    template: str
    language: str
    address: str
    written_at: datetime
    facts: Facts
    code: str | None = None
    link_token: str | None = None

    def __repr__(self) -> str:
        return f"<mail {self.mail_id} {self.template}>"


@dataclass(frozen=True, kw_only=True)
class Built:
    """A message ready for DATA. `smtputf8`: the server must offer SMTPUTF8 (EM-14)."""

    message_id: str
    recipient: str
    content: bytes
    smtputf8: bool


def envelope_address(address: str) -> Address:
    """The address as the envelope and `To` carry it, an international domain in ASCII.

    Raises `UnfitMail` for anything that is not one plain address (EM-08).
    """
    if not address.isprintable():
        raise UnfitMail("the address holds characters that no mail header may carry")
    try:
        found = validate_email(address, check_deliverability=False, globally_deliverable=False)
        return Address(username=found.local_part, domain=found.ascii_domain)
    except (EmailNotValidError, ValueError, IndexError, MessageError) as error:
        raise UnfitMail("the address is not one that can be written to") from error


def check_name(name: str) -> str:
    """The name unchanged; raises `UnfitMail` where it holds control characters (EM-08)."""
    if not name.isprintable():
        raise UnfitMail("a name holds characters that no mail may carry")
    return name


class Messages:
    """Writes mails from the house's templates and, before them, the operator's (B-12)."""

    def __init__(self, brand: Brand, base_url: str, overrides: Path | None = None) -> None:
        self._brand = brand
        self._base_url = base_url.rstrip("/")
        self._from = Address(
            display_name=f"{brand.service_name} - {brand.operator_name}", addr_spec=brand.sender
        )
        self._reply_to = Address(addr_spec=brand.support_address)
        self._renderer = Renderer(overrides)

    def build(self, mail: Mail) -> Built:
        """The message, as bytes. Raises `UnfitMail` where no safe message can be written."""
        recipient = envelope_address(mail.address)
        language = mail.language if mail.language in LANGUAGES else LANGUAGES[0]
        said = self._say(mail, language)
        international = not recipient.addr_spec.isascii()
        message = EmailMessage(policy=SMTPUTF8 if international else SMTP)
        message_id = f"<{mail.mail_id}@{self._from.domain}>"
        try:
            message["From"] = self._from
            message["To"] = recipient
            message["Reply-To"] = self._reply_to
            message["Subject"] = said.subject
        except ValueError as error:
            raise UnfitMail("a header would be broken by what it is to carry") from error
        message["Date"] = email.utils.format_datetime(mail.written_at)
        message["Message-ID"] = message_id
        message["Auto-Submitted"] = "auto-generated"
        message["X-Auto-Response-Suppress"] = "All"
        # Quoted-printable keeps every line short and seven bits wide, whatever the relays offer.
        message.set_content(said.text, cte="quoted-printable")
        message.add_alternative(said.html, subtype="html", cte="quoted-printable")
        # Last, since setting the content clears every content header.
        message["Content-Language"] = language
        return Built(
            message_id=message_id,
            recipient=recipient.addr_spec,
            content=message.as_bytes(),
            smtputf8=international,
        )

    def check(self) -> Iterator[str]:
        """One sentence per template that cannot be written, for the start to stop on."""
        for template in TEMPLATES.values():
            for language in LANGUAGES:
                try:
                    for facts in examples(template):
                        self.build(_sample(template, facts, language))
                except (jinja2.TemplateError, ImpexError, ValueError) as error:
                    yield f"the mail {language}/{template.name} cannot be written: {error}"

    def _say(self, mail: Mail, language: str) -> Rendered:
        template = TEMPLATES[mail.template]
        values: dict[str, Any] = {
            **msgspec.structs.asdict(mail.facts),
            "brand": self._brand,
            "lang": language,
            "address": mail.address,
            "code": mail.code,
            "validation_url": self._url("/inscription/lien", jeton=mail.link_token),
            "sign_in_url": self._url("/connexion"),
        }
        if template.path is not None:
            carried = {} if mail.link_token is None else {"jeton": mail.link_token}
            values["link"] = self._url(template.path, **carried)
        if template.disavows:
            values["link_until"] = runs_out(mail.written_at)
        return self._renderer.render(template, language, values)

    def _url(self, path: str, **query: str | None) -> str:
        return f"{self._base_url}{path}" + (f"?{urlencode(query)}" if query else "")


def _sample(template: Template, facts: Facts, language: str) -> Mail:
    return Mail(
        mail_id="sample",
        template=template.name,
        language=language,
        address="anne@example.org",
        written_at=datetime.fromisoformat("2026-01-01T08:00:00+00:00"),
        facts=facts,
        code="000000",
        link_token="0" * 43 if template.opens or template.disavows else None,
    )
