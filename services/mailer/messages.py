"""Builds the bytes of a mail from the data of its event, in French or English, text and HTML.

A built message is complete: headers, both parts, CRLF, ready for DATA. Building the same delivery
again gives the same message, with the same Message-ID and Date. Nothing is decrypted or sent here;
the portal's address and its pages come from the settings, never from an event (RE-05).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.errors import MessageError
from email.headerregistry import Address
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import jinja2
import msgspec
from email_validator import EmailNotValidError, validate_email

from services.mailer.mail_templates import TEMPLATES, Template, TemplateData, examples
from services.mailer.mime_messages import MimeWriter
from services.mailer.rendering import Rendered, Renderer
from shared.domain.brand import Brand
from shared.errors import ImpexError, Reject
from shared.i18n.catalogue import LANGUAGES, known_language
from shared.security.sealing import KeyRing
from shared.security.signed_tokens import sign

#: The purpose and the lifetime of the token in a « ce n'est pas moi » link.
NOT_ME_PURPOSE = "disavowal"
NOT_ME_LIFETIME = timedelta(days=7)


class InvalidMail(Reject):
    """This mail can never be built: an address or a name would break its headers."""


@dataclass(frozen=True, kw_only=True)
class Mail:
    """What one mail is built from. `code`, `link_token` and `text` are in clear: keep it out of
    logs.

    `link_token` is the token in the link: from the event, or that of « ce n'est pas moi ». `text`
    is what an agent wrote.
    """

    mail_id: UUID
    template: Template
    language: str
    address: str
    written_at: datetime
    data: TemplateData
    code: str | None = None
    link_token: str | None = None
    text: str | None = None

    def __repr__(self) -> str:
        return f"<mail {self.mail_id} {self.template.name}>"


@dataclass(frozen=True, kw_only=True)
class MimeMessage:
    """A message ready for DATA. `smtputf8`: the server must offer SMTPUTF8 (EM-14)."""

    recipient: str
    content: bytes
    smtputf8: bool


def envelope_address(address: str) -> Address:
    """The address as the envelope and `To` carry it, an international domain in ASCII.

    Raises `InvalidMail` for anything that is not one plain address (EM-08).
    """
    if not address.isprintable():
        raise InvalidMail("the address holds characters that no mail header may carry")
    try:
        found = validate_email(address, check_deliverability=False, globally_deliverable=False)
        return Address(username=found.local_part, domain=found.ascii_domain)
    except (EmailNotValidError, ValueError, IndexError, MessageError) as error:
        raise InvalidMail("the address is not a valid e-mail address") from error


def check_name(name: str) -> None:
    """Raises `InvalidMail` for a name with control characters (EM-08)."""
    if not name.isprintable():
        raise InvalidMail("a name holds characters that no mail may carry")


def not_me_token(ring: KeyRing, account_id: UUID, mail_id: UUID, written_at: datetime) -> str:
    """The token for the « ce n'est pas moi » link of this mail; the same whenever it is built.

    It is signed and stored nowhere. Registration verifies it with the same key ring.
    """
    parts = (account_id.hex, mail_id.hex)
    return sign(ring, NOT_ME_PURPOSE, parts, written_at + NOT_ME_LIFETIME)


class Messages:
    """Builds mails from our templates or, where there are any, the operator's (B-12)."""

    def __init__(
        self,
        brand: Brand,
        base_url: str,
        overrides: Path | None = None,
        desk_url: str = "http://127.0.0.1:8090",
        moved_pages: Iterable[tuple[str, str]] = (),
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._desk_url = desk_url.rstrip("/")
        self._moved_pages = dict(moved_pages)
        sender = f"{brand.service_name} - {brand.operator_name}"
        self._writer = MimeWriter(
            Address(display_name=sender, addr_spec=brand.sender),
            Address(addr_spec=brand.support_address),
        )
        self._renderer = Renderer(brand, overrides)

    def build(self, mail: Mail) -> MimeMessage:
        """The message, as bytes. Raises `InvalidMail` where no safe message can be written."""
        language = known_language(mail.language)
        return self._message(mail, language, self._render(mail, language))

    def check(self) -> Iterator[str]:
        """One sentence for each template that cannot be used. A start with templates of the
        operator stops on them.
        """
        yield from self._renderer.unused_files()
        for template in TEMPLATES.values():
            for language in LANGUAGES:
                try:
                    self._check_template(template, language)
                except (jinja2.TemplateError, ImpexError, TypeError, ValueError) as error:
                    yield f"the mail {language}/{template.name} cannot be written: {error}"

    def _check_template(self, template: Template, language: str) -> None:
        """Each variant in words, and a message with each subject: what differs besides is in no
        header, and writing all messages would double the time of a start.
        """
        subjects: set[str] = set()
        for data in examples(template):
            mail = _sample(template, data, language)
            rendered = self._render(mail, language)
            if rendered.subject not in subjects:
                self._message(mail, language, rendered)
                subjects.add(rendered.subject)

    def _message(self, mail: Mail, language: str, rendered: Rendered) -> MimeMessage:
        recipient = envelope_address(mail.address)
        try:
            content = self._writer.write(
                mail.mail_id,
                recipient,
                mail.written_at,
                language=language,
                subject=rendered.subject,
                text=rendered.text,
                html=rendered.html,
            )
        except ValueError as error:
            raise InvalidMail("a value would break a header") from error
        return MimeMessage(
            recipient=recipient.addr_spec,
            content=content,
            smtputf8=not recipient.addr_spec.isascii(),
        )

    def _page(self, template: Template, path: str, values: dict[str, Any]) -> str:
        if not template.on_desk:
            return f"{self._base_url}{self._moved_pages.get(path, path).rstrip('/')}"
        # A mail from before its data had the id leads to the list.
        return f"{self._desk_url}{path.format_map(values).rstrip('/')}"

    def _render(self, mail: Mail, language: str) -> Rendered:
        template = mail.template
        values: dict[str, Any] = {
            **msgspec.structs.asdict(mail.data),
            "address": mail.address,
            "code": mail.code,
            "text": mail.text,
        }
        if template.path is not None:
            query = "" if mail.link_token is None else "?" + urlencode({"jeton": mail.link_token})
            values["link"] = f"{self._page(template, template.path, values)}{query}"
        if template.has_not_me_link:
            values["link_until"] = mail.written_at + NOT_ME_LIFETIME
        return self._renderer.render(template, language, values)


def _sample(template: Template, data: TemplateData, language: str) -> Mail:
    return Mail(
        mail_id=UUID(int=0),
        template=template,
        language=language,
        address="anne@example.org",
        written_at=datetime.fromisoformat("2026-01-01T08:00:00+00:00"),
        data=data,
        code="000000",
        text="Une ligne.\n\nUne autre.",
        link_token="0" * 43 if template.carries_secret or template.has_not_me_link else None,
    )
