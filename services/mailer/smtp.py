"""The dialogue with the mail server, and a few connections kept for it.

Certificates are always checked and there is no fallback to plain text. A connection that failed in
any way is thrown away. What the server may have taken is told apart from what it cannot have: only
a failure after the whole message was on its way is a doubt.
"""

from __future__ import annotations

import re
import ssl
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiosmtplib
from aiosmtplib import SMTPResponse, SMTPResponseException

from services.mailer.deliveries import Kind, Outcome, Stage, judge
from services.mailer.messages import Built
from services.mailer.settings import MailServer
from shared.errors import DependencyDown

#: A connection unused for so long is closed: servers drop idle clients.
IDLE_SECONDS = 20.0
START_INPUT = 354
COMPLETED = 250
#: How long a goodbye may take.
QUIT_SECONDS = 2.0

_LEADING_DOT = re.compile(rb"(?m)^\.")
#: What the library raises when the server is silent, gone, or talks nonsense.
_BROKEN = (aiosmtplib.SMTPException, OSError, TimeoutError)


class ServerAway(DependencyDown):
    """The mail server cannot be used at all, for no mail."""

    def __init__(self, reason: str) -> None:
        super().__init__("mail server", reason)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Seconds for one command, and for the answer to a whole message."""

    command: float
    final: float


class Line:
    """One connection: offers a message, then transmits it. `broken` once anything failed."""

    def __init__(self, client: aiosmtplib.SMTP, limits: Limits) -> None:
        self._client = client
        self._limits = limits
        self.broken = False
        self.idle_since = 0.0

    async def offer(self, built: Built, sender: str) -> Outcome | None:
        """Name sender and recipient; None if the server is ready for the message."""
        if built.smtputf8 and not self._client.supports_extension("smtputf8"):
            return Outcome(
                kind=Kind.REFUSED, reason="refused", answer="the server does not offer SMTPUTF8"
            )
        options = ["SMTPUTF8"] if built.smtputf8 else []
        stage = Stage.SENDER
        try:
            await self._client.mail(sender, options=options)
            stage = Stage.RECIPIENT
            encoding = "utf-8" if built.smtputf8 else "ascii"
            await self._client.rcpt(built.recipient, encoding=encoding)
        except SMTPResponseException as refusal:
            return self._judged(stage, refusal.code, refusal.message)
        except _BROKEN as error:
            return self._lost(error)
        return None

    async def transmit(self, content: bytes) -> Outcome:
        """Give the message itself. In doubt only if all of it may have reached the server."""
        try:
            ready = await self._client.execute_command(b"DATA")
        except _BROKEN as error:
            return self._lost(error)
        if ready.code != START_INPUT:
            return self._judged(Stage.CONTENT, ready.code, ready.message)
        try:
            answer = await self._give(content)
        except _BROKEN as error:
            self.broken = True
            return Outcome(kind=Kind.IN_DOUBT, reason="in_doubt", answer=_said(error))
        if answer.code == COMPLETED:
            return Outcome(kind=Kind.ACCEPTED, code=answer.code, answer=answer.message)
        return self._judged(Stage.CONTENT, answer.code, answer.message)

    async def _give(self, content: bytes) -> SMTPResponse:
        # The library's own `data` hides whether the server had asked for the content, which is
        # what tells a doubt from a plain failure.
        protocol = self._client.protocol
        if protocol is None:
            raise aiosmtplib.SMTPServerDisconnected("connection lost")
        protocol.write(_LEADING_DOT.sub(b"..", content) + b".\r\n")
        return await protocol.read_response(timeout=self._limits.final)

    async def reset(self) -> bool:
        """Forget a former envelope; False if the connection is no longer good."""
        try:
            await self._client.rset()
        except _BROKEN:
            self.broken = True
        return not self.broken

    async def close(self) -> None:
        """Say goodbye if that is still possible."""
        if not self.broken and self._client.is_connected:
            try:
                await self._client.quit(timeout=QUIT_SECONDS)
            except _BROKEN:
                self.broken = True
        self._client.close()

    def _judged(self, stage: Stage, code: int, answer: str) -> Outcome:
        if not 400 <= code < 600:
            return self._lost(f"the server answered {code} {answer}")
        if code == 421:
            self.broken = True
        return judge(stage, code, answer)

    def _lost(self, error: BaseException | str) -> Outcome:
        self.broken = True
        return Outcome(kind=Kind.DEFERRED, reason="unreachable", answer=_said(error))


class Lines:
    """The connections to one mail server, at most as many as are borrowed at once."""

    def __init__(
        self,
        server: MailServer,
        limits: Limits,
        *,
        hostname: str,
        ca_file: Path | None,
        clock: Callable[[], float],
    ) -> None:
        self._server = server
        self._limits = limits
        self._hostname = hostname
        self._clock = clock
        self._tls = None if server.security == "none" else _tls_context(ca_file)
        self._idle: deque[Line] = deque()

    @asynccontextmanager
    async def borrow(self) -> AsyncIterator[Line]:
        """A working connection, an idle one or a new one. Raises `ServerAway`."""
        line = await self._take()
        try:
            yield line
        except BaseException:
            line.broken = True
            raise
        finally:
            if line.broken:
                await line.close()
            else:
                line.idle_since = self._clock()
                self._idle.append(line)

    async def close_idle(self, older_than: float = IDLE_SECONDS) -> None:
        """Close what has been idle for so many seconds."""
        while self._idle and self._clock() - self._idle[0].idle_since >= older_than:
            await self._idle.popleft().close()

    async def _take(self) -> Line:
        while self._idle:
            line = self._idle.pop()
            if await line.reset():
                return line
            await line.close()
        return await self._connect()

    async def _connect(self) -> Line:
        server = self._server
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username,
            password=server.password,
            local_hostname=self._hostname,
            timeout=self._limits.command,
            use_tls=server.security == "tls",
            start_tls=server.security == "starttls",
            tls_context=self._tls,
        )
        try:
            await client.connect()
            if client.is_ehlo_or_helo_needed:
                await client.ehlo()
        except (*_BROKEN, ssl.SSLError) as error:
            client.close()
            raise ServerAway(_said(error)) from error
        return Line(client, self._limits)


def _tls_context(ca_file: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _said(error: BaseException | str) -> str:
    if isinstance(error, SMTPResponseException):
        return f"{error.code} {error.message}"
    return str(error) or type(error).__name__
