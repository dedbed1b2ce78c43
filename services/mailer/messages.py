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

from services.mailer.paris import LANGUAGES, paris_date, paris_time
from shared.brand import Brand
from shared.errors import ImpexError

OWN_TEMPLATES = Path(__file__).parent / "templates"
PARTS = ("subject", "txt", "html")


class UnfitMail(ImpexError):
    """This mail cannot be written: an address or a name would break its headers."""


class Validation(msgspec.Struct, frozen=True, kw_only=True):
    """Facts of the validation mail (wording, mail 1); code and link token come apart."""

    requested_at: datetime
    expires_at: datetime


class Finalisation(msgspec.Struct, frozen=True, kw_only=True):
    """Facts of the finalisation mail (wording, mail 2)."""

    first_name: str
    last_name: str
    terms_version: str
    terms_accepted_at: datetime
    enrol_before: datetime


class KnownAccount(msgspec.Struct, frozen=True, kw_only=True):
    """Facts of the mail to the holder of an account that somebody asked for again (EM-15)."""

    requested_at: datetime


Facts = Validation | Finalisation | KnownAccount


@dataclass(frozen=True, kw_only=True)
class Template:
    """One kind of mail. `opens`: it carries a code or link that opens something."""

    name: str
    facts: type[Facts]
    opens: bool


VALIDATION = Template(name="validation", facts=Validation, opens=True)
FINALISATION = Template(name="finalisation", facts=Finalisation, opens=False)
KNOWN_ACCOUNT = Template(name="known_account", facts=KnownAccount, opens=False)
TEMPLATES = {each.name: each for each in (VALIDATION, FINALISATION, KNOWN_ACCOUNT)}


@dataclass(frozen=True, kw_only=True)
class Mail:
    """Everything one mail says. `code` and `link_token` are in clear: keep it out of logs."""

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
        self._templates = _environment(overrides)

    def build(self, mail: Mail) -> Built:
        """The message, as bytes. Raises `UnfitMail` where no safe message can be written."""
        recipient = envelope_address(mail.address)
        language = mail.language if mail.language in LANGUAGES else LANGUAGES[0]
        subject, text, html = self._parts(mail, language)
        international = not recipient.addr_spec.isascii()
        message = EmailMessage(policy=SMTPUTF8 if international else SMTP)
        message_id = f"<{mail.mail_id}@{self._from.domain}>"
        try:
            message["From"] = self._from
            message["To"] = recipient
            message["Reply-To"] = self._reply_to
            message["Subject"] = subject
        except ValueError as error:
            raise UnfitMail("a header would be broken by what it is to carry") from error
        message["Date"] = email.utils.format_datetime(mail.written_at)
        message["Message-ID"] = message_id
        message["Auto-Submitted"] = "auto-generated"
        message["X-Auto-Response-Suppress"] = "All"
        # Quoted-printable keeps every line short and seven bits wide, whatever the relays offer.
        message.set_content(text, cte="quoted-printable")
        message.add_alternative(html, subtype="html", cte="quoted-printable")
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
                    self.build(_sample(template, language))
                except (jinja2.TemplateError, ImpexError, ValueError) as error:
                    yield f"the mail {language}/{template.name} cannot be written: {error}"

    def _parts(self, mail: Mail, language: str) -> tuple[str, str, str]:
        values: dict[str, Any] = {
            **msgspec.structs.asdict(mail.facts),
            "brand": self._brand,
            "lang": language,
            "address": mail.address,
            "code": mail.code,
            "validation_url": self._url("/inscription/lien", jeton=mail.link_token),
            "sign_in_url": self._url("/connexion"),
        }
        subject, text, html = (
            self._templates.get_template(f"{language}/{mail.template}.{part}.j2").render(values)
            for part in PARTS
        )
        return subject.strip(), text.strip() + "\n", html

    def _url(self, path: str, **query: str | None) -> str:
        return f"{self._base_url}{path}" + (f"?{urlencode(query)}" if query else "")


def _environment(overrides: Path | None) -> jinja2.Environment:
    places = [OWN_TEMPLATES] if overrides is None else [overrides, OWN_TEMPLATES]
    environment = jinja2.Environment(
        loader=jinja2.ChoiceLoader([jinja2.FileSystemLoader(place) for place in places]),
        autoescape=jinja2.select_autoescape(enabled_extensions=("html.j2",), default=False),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters |= {"date": paris_date, "time": paris_time}
    return environment


def _sample(template: Template, language: str) -> Mail:
    then = datetime.fromisoformat("2026-01-01T08:00:00+00:00")
    texts = {"first_name": "Anne", "last_name": "Durand", "terms_version": "1"}
    values = {name: texts.get(name, then) for name in template.facts.__struct_fields__}
    facts = msgspec.convert(values, template.facts)
    return Mail(
        mail_id="sample",
        template=template.name,
        language=language,
        address="anne@example.org",
        written_at=then,
        facts=facts,
        code="000000",
        link_token="0" * 43,
    )
