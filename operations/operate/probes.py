"""Whether a server answers, by the greeting of its protocol: no login, no change.

A port that accepts connections is not enough: a broker that boots, or whose process hangs, does.
"""

import asyncio
import ssl
from urllib.parse import urlsplit

from shared.errors import ImpexError, plain_reason

SECONDS = 3
#: By scheme: the usual port, what is sent, and how the answer begins.
PROTOCOLS = {
    "amqp": (5672, b"AMQP\x00\x00\x09\x01", (b"\x01",)),
    "amqps": (5671, b"AMQP\x00\x00\x09\x01", (b"\x01",)),
    # A request for TLS, which every server answers with one letter.
    "postgresql": (5432, b"\x00\x00\x00\x08\x04\xd2\x16\x2f", (b"S", b"N")),
    "postgres": (5432, b"\x00\x00\x00\x08\x04\xd2\x16\x2f", (b"S", b"N")),
    "smtp": (25, b"", (b"220",)),
    "smtp+starttls": (587, b"", (b"220",)),
    "smtps": (465, b"", (b"220",)),
}
TLS = ("amqps", "smtps")


class NoGreeting(ImpexError):
    """The other end speaks another protocol, or only begins to."""


async def problem(url: str) -> str:
    """Why the server at `url` does not answer; empty where it does."""
    try:
        async with asyncio.timeout(SECONDS):
            await _greet(url)
    except TimeoutError:
        return f"no answer within {SECONDS} s"
    except (OSError, ImpexError, asyncio.IncompleteReadError) as error:
        return plain_reason(error)
    return ""


async def _greet(url: str) -> None:
    try:
        parts = urlsplit(url)
        given = parts.port
        port, hello, answers = PROTOCOLS[parts.scheme]
    except (ValueError, KeyError):
        raise NoGreeting("this is no address of such a server") from None
    context: ssl.SSLContext | None = None
    if parts.scheme in TLS:
        # Whether the certificate is right is for those who send a password.
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    reader, writer = await asyncio.open_connection(parts.hostname, given or port, ssl=context)
    try:
        writer.write(hello)
        await writer.drain()
        answer = await reader.readexactly(len(answers[0]))
        if answer not in answers:
            raise NoGreeting("what listens there greets otherwise")
    finally:
        # At once: the other end may not take part in an orderly end of TLS.
        writer.transport.abort()
