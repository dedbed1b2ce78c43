"""The mail server of the journeys, and the content of its messages."""

import re
from dataclasses import dataclass

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.support import eventually
from tests.support.mail.mail_server import MailServer, Received

VALIDATION_LINK = re.compile(r"^(http\S+/inscription/lien\?jeton=\S+)\s*$", re.M)


@dataclass(frozen=True)
class ValidationMail:
    """A validation message as its reader uses it."""

    code: str
    link: str
    subject: str
    text: str


class MailFixture(MailServer):
    """Refuses mails to the addresses in `unknown`, permanently."""

    def __init__(self) -> None:
        super().__init__()
        self.unknown: set[str] = set()

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """An unknown mailbox is refused, whatever is scripted."""
        if address in self.unknown:
            self.refused.append((address, "550"))
            return "550 5.1.1 no such mailbox"
        return await super().handle_RCPT(server, session, envelope, address, options)

    def to(self, address: str) -> list[Received]:
        """The messages to an address, in order."""
        return [one for one in self.messages if one.recipients == (address,)]

    async def message(self, address: str, number: int = 1) -> Received:
        """The latest message to an address, once there are `number` of them."""
        await eventually(
            lambda: len(self.to(address)) >= number, 60, why=f"message {number} to {address}"
        )
        return self.to(address)[-1]

    async def validation_mail(self, address: str, number: int = 1) -> ValidationMail:
        """The latest validation message, once there are `number` of them; others do not count: a
        notice may be under way."""

        def found() -> list[ValidationMail]:
            return [mail for one in self.to(address) if (mail := _validation_mail(one))]

        await eventually(
            lambda: len(found()) >= number, 60, why=f"validation message {number} to {address}"
        )
        return found()[-1]

    def code_of(self, address: str, link: str) -> str:
        """The digits that the page of a link asks for, in the message that has the link."""
        (mail,) = [one.text() for one in self.to(address) if link in one.text()]
        found = re.search(r":\s(\d{6})\s*$", mail, re.M)
        assert found is not None, mail
        return found.group(1)

    async def link(self, address: str, path: str) -> str:
        """The link to a page of the portal, in the latest message that has one."""
        pattern = re.compile(rf"^(http\S+{re.escape(path)}\?jeton=\S+)\s*$", re.M)

        def found() -> str:
            links = [pattern.search(one.text()) for one in self.to(address)]
            return next((one.group(1) for one in reversed(links) if one), "")

        return await eventually(found, 60, why=f"a link to {path} for {address}")


def _validation_mail(received: Received) -> ValidationMail | None:
    text = received.text()
    link = VALIDATION_LINK.search(text)
    if link is None:
        return None
    code = re.search(r": (\d{6})\s*$", text, re.M)
    assert code, text
    return ValidationMail(code.group(1), link.group(1), str(received.message["Subject"]), text)
