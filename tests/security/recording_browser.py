"""A portal whose browsers record every secret that is typed, shown or stored in them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from lxml.etree import XPath

from tests.security.secrets_seen import Secrets
from tests.support import eventually
from tests.support.actors.account_holder import KEY, codes_on
from tests.support.actors.http_browser import HttpBrowser, HttpResponse
from tests.support.mail.mail_fixture import MailFixture
from tests.support.servers.portal import Portal

COOKIES = ("impex-session", "impex-presession", "impex-form", "impex-browser")
#: What each page's field `code` is.
CODES = {
    "/inscription/validation": "validation code",
    "/connexion/adresse": "address code",
    "/compte/adresse/validation": "address code",
    "/compte/adresse-de-secours/validation": "address code",
}
#: Messages to support, which it alone may read.
SUPPORT_TEXTS = ("text", "remark", "establishment", "reporter_name", "name", "account_address")
#: Where somebody without an account is answered: the mailer writes to it.
REPORTER = "reporter's address"
REPORT = "/signaler-un-depart"
#: Forms whose field `address` is that of somebody without an account.
WRITERS = ("/aide/ecrire", "/aide/messagerie")
TOKEN = re.compile(r"jeton=([\w.-]+)")
OTPAUTH = re.compile(r"otpauth://[^\s\"'<]+")
FORM_TOKENS = XPath("//input[@name='csrf']")
OTPAUTH_LINKS = XPath("//a[starts-with(@href, 'otpauth:')]")
MAILED_CODE = re.compile(r": (\d{6})\s*$", re.M)


@dataclass
class RecordingBrowser(HttpBrowser):
    """Records its input and output."""

    seen: Secrets = field(default_factory=Secrets, repr=False)
    typed_addresses: set[str] = field(default_factory=set, repr=False)

    async def send(self, method: str, path: str, **how: Any) -> HttpResponse:
        if isinstance(how.get("data"), bytes):
            self._typed(path, parse_qsl(how["data"].decode(), keep_blank_values=True))
        answer = await super().send(method, path, **how)
        for name, value in self.cookies.items():
            if name in COOKIES:
                self.seen.add(f"cookie {name}", value)
        if answer.headers.get("Content-Type", "").startswith("text/html"):
            self._shown(answer)
        return answer

    def _typed(self, path: str, fields: Iterable[tuple[str, str]]) -> None:
        for name, value in fields:
            if name in ("password", "current_password"):
                self.seen.add("password", value)
            elif name in SUPPORT_TEXTS or (name, path) == ("address", REPORT):
                self.seen.add("words to the desk", value)
            elif name == "reporter_address" or (name == "address" and path in WRITERS):
                self.seen.add(REPORTER, value)
            elif name == "address":
                self.typed_addresses.add(value)
            elif name == "recovery_code":
                self.seen.add("recovery code", value)
            elif name == "token":
                self.seen.add("link token", value)
            elif name == "code" and re.fullmatch("[0-9]{6}", value):
                self.seen.add_code(CODES.get(path, "TOTP code"), value)

    def _shown(self, answer: HttpResponse) -> None:
        for one in FORM_TOKENS(answer.tree):
            self.seen.add("form token", one.attrib["value"])
        self.seen.add("TOTP key", "".join(one.text_content() for one in KEY(answer.tree)))
        for link in OTPAUTH_LINKS(answer.tree):
            self.seen.add("otpauth URI", link.attrib["href"])
        self.seen.add("recovery code", *codes_on(answer))


@dataclass
class RecordingPortal(Portal):
    """A portal, its mail server, and what was seen."""

    seen: Secrets = field(default_factory=Secrets, repr=False)
    mails: MailFixture = field(default_factory=MailFixture, repr=False)
    addresses: set[str] = field(default_factory=set, repr=False)

    def browser(self, language: str = "fr") -> RecordingBrowser:
        """A fresh browser."""
        made = RecordingBrowser(self.base, language, seen=self.seen, typed_addresses=self.addresses)
        self.browsers.append(made)
        return made

    def read_mails(self) -> None:
        """Record the codes and links of every mail that was sent or requested."""
        for mail in self.mails.messages:
            text = mail.text()
            for token in TOKEN.findall(text):
                self.seen.add("disavowal token" if "." in token else "link token", token)
            for code in MAILED_CODE.findall(text):
                kind = "validation code" if "/inscription/" in text else "address code"
                self.seen.add_code(kind, code)
        for sent in self.sent_mails.all:
            self.seen.add("link token", sent.token)

    async def mailed_code(self, address: str) -> str:
        """The latest code in a mail to an address."""

        def codes() -> list[str]:
            return [
                one for mail in self.mails.to(address) for one in MAILED_CODE.findall(mail.text())
            ]

        return (await eventually(codes, 60, why=f"a mail to {address} with a code"))[-1]

    async def mail(self, address: str, path: str) -> str:
        """The latest link to `path` in a mail to an address."""
        found = re.compile(rf"^\S+({re.escape(path)}\?jeton=\S+)\s*$", re.M)

        def links() -> list[str]:
            return [link for one in self.mails.to(address) for link in found.findall(one.text())]

        return (await eventually(links, 60, why=f"a mail to {address} with {path}"))[-1]
