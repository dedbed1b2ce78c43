"""A mail server inside the test: stores what it accepts and answers as scripted.

`answer(stage, reply…)` scripts the coming answers of a stage (MAIL, RCPT, DATA), `drop_after_data`
closes the connection once the body is in, `silent_after_data` stores the message but does not
answer as long as it is set, `hang` does not answer before that: at CONNECT, with no greeting. With
a certificate it offers STARTTLS, with a login it demands one.
"""

import asyncio
import ssl
import warnings
from collections import defaultdict, deque
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session


@dataclass(frozen=True)
class Received:
    """One message as it was transmitted."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes = field(repr=False)
    secure: bool = False
    login: str = ""

    @property
    def message(self) -> EmailMessage:
        """The parsed message."""
        parsed = BytesParser(policy=policy.default).parsebytes(self.raw)
        assert isinstance(parsed, EmailMessage)
        return parsed

    def text(self, kind: str = "plain") -> str:
        """The decoded text part, `plain` or `html`."""
        part = self.message.get_body((kind,))
        assert part is not None, f"no {kind} part"
        return str(part.get_content())


class _Silent(asyncio.Protocol):
    """A connection on which nothing is ever sent."""

    transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def connection_lost(self, _error: Exception | None) -> None:
        self.transport = None

    @property
    def is_open(self) -> bool:
        return self.transport is not None


class MailServer:
    """Listens on a loopback port; `messages` is what it has accepted so far."""

    def __init__(
        self,
        *,
        tls: ssl.SSLContext | None = None,
        implicit_tls: bool = False,
        login: tuple[str, str] | None = None,
        smtputf8: bool = True,
        port: int = 0,
    ) -> None:
        """`tls` offers STARTTLS (or TLS from the start); `login` is the one pair accepted."""
        self.messages: list[Received] = []
        self.refused: list[tuple[str, str]] = []
        self.connections = 0
        self.drop_after_data = 0
        self.silent_after_data = False
        self.hang: set[str] = set()
        self.port = port
        self._tls = tls
        self._implicit = implicit_tls
        self._login = login
        self._smtputf8 = smtputf8
        self._script: dict[str, deque[str]] = defaultdict(deque)
        self._always: dict[str, str] = {}
        self._server: asyncio.Server | None = None
        self._protocols: set[SMTP | _Silent] = set()

    @property
    def url(self) -> str:
        """The address for `IMPEX_SMTP_URL`."""
        scheme = "smtp"
        if self._tls:
            scheme = "smtps" if self._implicit else "smtp+starttls"
        login = "{}:{}@".format(*self._login) if self._login else ""
        host = "localhost" if self._tls else "127.0.0.1"
        return f"{scheme}://{login}{host}:{self.port}"

    def answer(self, stage: str, *replies: str) -> None:
        """The next answers of a stage, e.g. `answer("RCPT", "450 4.2.1 later")`."""
        self._script[stage].extend(replies)

    def always(self, stage: str, reply: str | None) -> None:
        """The answer of a stage from now on; None for the usual one."""
        if reply is None:
            self._always.pop(stage, None)
        else:
            self._always[stage] = reply

    async def start(self) -> None:
        """Begin to listen, on the former port if there was one."""
        self._server = await asyncio.get_running_loop().create_server(
            self._protocol,
            "127.0.0.1",
            self.port,
            ssl=self._tls if self._implicit else None,
            reuse_address=True,
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Cut every connection and stop listening; `start` may follow."""
        if self._server is None:
            return
        self._server.close()
        for protocol in list(self._protocols):
            if protocol.transport is not None:
                protocol.transport.abort()
        await self._server.wait_closed()
        self._server = None

    @property
    def without_greeting(self) -> int:
        """How many clients wait for their greeting."""
        return sum(isinstance(one, _Silent) and one.is_open for one in self._protocols)

    def _protocol(self) -> "SMTP | _Silent":
        self.connections += 1
        if "CONNECT" in self.hang:
            silent = _Silent()
            self._protocols.add(silent)
            return silent
        login = self._login

        def check(_server: SMTP, _session: Session, _env: Envelope, kind: str, data: Any) -> Any:
            pair = (data.login.decode(), data.password.decode()) if login else None
            return AuthResult(
                success=pair == login, handled=False, auth_data=pair[0] if pair else ""
            )

        starttls = self._tls is not None and not self._implicit
        with warnings.catch_warnings():
            # aiosmtpd does not know that the connection is TLS from its start.
            warnings.filterwarnings("ignore", "Requiring AUTH while not requiring TLS")
            protocol = SMTP(
                self,
                enable_SMTPUTF8=self._smtputf8,
                hostname="mail.test",
                tls_context=self._tls if starttls else None,
                require_starttls=starttls,
                auth_required=login is not None,
                auth_require_tls=starttls,
                authenticator=check if login else None,
                loop=asyncio.get_running_loop(),
            )
        self._protocols.add(protocol)
        return protocol

    async def _scripted(self, stage: str) -> str | None:
        if stage in self.hang:
            await asyncio.sleep(3600)
        if self._script[stage]:
            reply = self._script[stage].popleft()
            return None if reply == "ok" else reply
        return self._always.get(stage)

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """aiosmtpd's hook."""
        reply = await self._scripted("MAIL")
        if reply:
            return reply
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """aiosmtpd's hook."""
        reply = await self._scripted("RCPT")
        if reply:
            self.refused.append((address, reply))
            return reply
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """aiosmtpd's hook."""
        reply = await self._scripted("DATA")
        if reply and reply[0] in "45":
            return reply
        content = envelope.content
        assert isinstance(content, bytes)
        received = Received(
            sender=envelope.mail_from or "",
            recipients=tuple(envelope.rcpt_tos),
            raw=content,
            secure=session.ssl is not None or self._implicit,
            login=str(session.auth_data or ""),
        )
        if self.drop_after_data:
            self.drop_after_data -= 1
            self.messages.append(received)
            assert server.transport is not None
            server.transport.abort()
            return "250 never heard"
        self.messages.append(received)
        while self.silent_after_data:  # noqa: ASYNC110 - a plain switch is easier to use
            await asyncio.sleep(0.02)
        return reply or f"250 2.0.0 queued as {len(self.messages)}"
