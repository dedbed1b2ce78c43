"""SMTP: one connection, and a pool of a few.

Certificates are always checked and there is no fallback to plain text. A connection that failed in
any way is discarded. Only a failure after the whole message was written is uncertain: before that
the server cannot have accepted it.
"""

import re
import ssl
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import aiosmtplib
from aiosmtplib import SMTPResponse, SMTPResponseException

from services.mailer.deliveries import Outcome, OutcomeKind, Stage, classify_response, unreachable
from services.mailer.messages import MimeMessage
from services.mailer.settings import MailServer
from shared.errors import DependencyDown

#: A connection unused for so long is closed: servers drop idle clients.
MAX_IDLE_SECONDS = 20.0
START_INPUT = 354
COMPLETED = 250
#: How long QUIT may take.
QUIT_SECONDS = 2.0

_LEADING_DOT = re.compile(rb"(?m)^\.")
#: What the library raises for a server that is silent, gone or breaks the protocol.
_BROKEN = (aiosmtplib.SMTPException, OSError, TimeoutError)


class SmtpUnavailable(DependencyDown):
    """The mail server cannot be used for any mail."""

    def __init__(self, reason: str) -> None:
        super().__init__("mail server", reason)


class SmtpConnection:
    """One connection: sends the envelope, then the message. `broken` once anything failed."""

    def __init__(self, client: aiosmtplib.SMTP, final_timeout: float) -> None:
        self._client = client
        self._final_timeout = final_timeout
        self.broken = False
        self.idle_since = 0.0

    async def send_envelope(self, message: MimeMessage, sender: str) -> Outcome | None:
        """Send MAIL and RCPT; None if the server is ready for the message."""
        if message.smtputf8 and not self._client.supports_extension("smtputf8"):
            return Outcome(
                kind=OutcomeKind.REFUSED,
                reason="refused",
                answer="the server does not offer SMTPUTF8",
            )
        options = ["SMTPUTF8"] if message.smtputf8 else []
        stage = Stage.SENDER
        try:
            await self._client.mail(sender, options=options)
            stage = Stage.RECIPIENT
            encoding = "utf-8" if message.smtputf8 else "ascii"
            await self._client.rcpt(message.recipient, encoding=encoding)
        except SMTPResponseException as refusal:
            return self._classified(stage, refusal.code, refusal.message)
        except _BROKEN as error:
            return self._connection_lost(error)
        return None

    async def send_data(self, content: bytes) -> Outcome:
        """Send the message. Uncertain only if all of it may have reached the server."""
        try:
            ready = await self._client.execute_command(b"DATA")
        except _BROKEN as error:
            return self._connection_lost(error)
        if ready.code != START_INPUT:
            return self._classified(Stage.CONTENT, ready.code, ready.message)
        try:
            answer = await self._write_data(content)
        except _BROKEN as error:
            self.broken = True
            return Outcome(kind=OutcomeKind.UNCERTAIN, reason="in_doubt", answer=_reason(error))
        if answer.code == COMPLETED:
            text = _readable(answer.message)
            return Outcome(kind=OutcomeKind.ACCEPTED, code=answer.code, answer=text)
        return self._classified(Stage.CONTENT, answer.code, answer.message)

    async def _write_data(self, content: bytes) -> SMTPResponse:
        # The library's own `data` hides whether the server had asked for the content, which is
        # what separates an uncertain attempt from a plain failure.
        protocol = self._client.protocol
        if protocol is None:
            raise aiosmtplib.SMTPServerDisconnected("connection lost")
        protocol.write(_LEADING_DOT.sub(b"..", content) + b".\r\n")
        return await protocol.read_response(timeout=self._final_timeout)

    async def reset(self) -> bool:
        """Send RSET; False if the connection no longer works."""
        try:
            await self._client.rset()
        except _BROKEN:
            self.broken = True
        return not self.broken

    async def close(self) -> None:
        """Send QUIT if that is still possible, then close."""
        if not self.broken and self._client.is_connected:
            try:
                await self._client.quit(timeout=QUIT_SECONDS)
            except _BROKEN:
                self.broken = True
        self._client.close()

    def _classified(self, stage: Stage, code: int, answer: str) -> Outcome:
        if not 400 <= code < 600:
            return self._connection_lost(f"the server answered {code} {answer}")
        if code == 421:
            self.broken = True
        return classify_response(stage, code, _readable(answer))

    def _connection_lost(self, error: BaseException | str) -> Outcome:
        self.broken = True
        return unreachable(_reason(error))


class SmtpPool:
    """The connections to one mail server, at most as many as are acquired at once."""

    def __init__(self, server: MailServer, clock: Callable[[], float]) -> None:
        self._server = server
        self._clock = clock
        self._tls: ssl.SSLContext | None = None
        if server.security != "none":
            self._tls = ssl.create_default_context(cafile=server.ca_file)
            self._tls.minimum_version = ssl.TLSVersion.TLSv1_2
        self._idle: deque[SmtpConnection] = deque()

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[SmtpConnection]:
        """A working connection, an idle one or a new one. Raises `SmtpUnavailable`."""
        connection = await self._idle_or_new()
        try:
            yield connection
        except BaseException:
            connection.broken = True
            raise
        finally:
            if connection.broken:
                await connection.close()
            else:
                connection.idle_since = self._clock()
                self._idle.append(connection)

    async def close_idle(self, older_than: float = MAX_IDLE_SECONDS) -> None:
        """Close the connections that have been idle for so many seconds."""
        while self._idle and self._clock() - self._idle[0].idle_since >= older_than:
            await self._idle.popleft().close()

    async def _idle_or_new(self) -> SmtpConnection:
        while self._idle:
            connection = self._idle.pop()
            if await connection.reset():
                return connection
            await connection.close()
        return await self._connect()

    async def _connect(self) -> SmtpConnection:
        server = self._server
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username,
            password=server.password,
            local_hostname=server.greeting,
            timeout=server.timeout,
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
            raise SmtpUnavailable(_reason(error)) from error
        return SmtpConnection(client, server.final_timeout)


def _reason(error: BaseException | str) -> str:
    if isinstance(error, SMTPResponseException):
        return _readable(f"{error.code} {error.message}")
    return _readable(str(error)) or type(error).__name__


def _readable(answer: str) -> str:
    """An answer without the surrogates by which the library keeps bytes that are no UTF-8: neither
    a table nor the log can hold them. Whatever does not print is a blank: it ends up on a terminal
    and on a page.

    >>> _readable("5.7.1 refused\\x00 \\x1b[31mred")
    '5.7.1 refused   [31mred'
    """
    text = answer.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return "".join(char if char.isprintable() else " " for char in text)
