"""A mail server that takes everything and remembers when: `python -m benchmarks.smtp_sink`.

It listens on a loopback port of the kernel's choice, prints `{"port": …}`, then one JSON line per
accepted message: its recipient, its size, the six-figure code that ends a line of it or is one, and
the monotonic time at which 250 was sent. It speaks as much ESMTP as mailers need on loopback, keeps
no message, and ends with its standard input.
"""

import asyncio
import contextlib
import re
import time
from typing import cast

import uvloop

from benchmarks.subprocesses import input_ended, say

GREETING = b"220 sink ESMTP\r\n"
EXTENSIONS = b"250-sink\r\n250-SIZE 10485760\r\n250-8BITMIME\r\n250-PIPELINING\r\n250 SMTPUTF8\r\n"
ADDRESS = re.compile(rb"<([^>]*)>")
CODE = re.compile(rb"(?:: |\n)(\d{6})\r\n")
END = b"\r\n.\r\n"
ANSWERS = {
    b"EHLO": EXTENSIONS,
    b"HELO": b"250 sink\r\n",
    b"MAIL": b"250 2.1.0 Ok\r\n",
    b"RSET": b"250 2.0.0 Ok\r\n",
    b"NOOP": b"250 2.0.0 Ok\r\n",
    b"DATA": b"354 End data with <CR><LF>.<CR><LF>\r\n",
    b"QUIT": b"221 2.0.0 Bye\r\n",
}


class Session(asyncio.Protocol):
    """One client; lines until DATA, then a body until the lone dot."""

    transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no subclass of asyncio.Transport, so this is a cast, not a check.
        self.transport = cast(asyncio.Transport, transport)
        self.buffer = bytearray()
        self.recipients: list[str] = []
        self.in_data = False
        self.transport.write(GREETING)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while self._body() if self.in_data else self._line():
            pass

    def _line(self) -> bool:
        line, found, rest = self.buffer.partition(b"\r\n")
        if not found:
            return False
        self.buffer = rest
        verb = bytes(line[:4]).upper()
        if verb == b"RCPT":
            address = ADDRESS.search(line)
            self.recipients.append(address[1].decode() if address else "")
            self.transport.write(b"250 2.1.5 Ok\r\n")
            return True
        if verb in (b"EHLO", b"HELO", b"RSET", b"MAIL"):
            self.recipients = []
        self.transport.write(ANSWERS.get(verb, b"502 5.5.2 Not known here\r\n"))
        self.in_data = verb == b"DATA"
        if verb == b"QUIT":
            self.transport.close()
            return False
        return True

    def _body(self) -> bool:
        # A message always has lines before its dot, so the first bytes need no special case.
        at = self.buffer.find(END)
        if at < 0:
            return False
        self.transport.write(b"250 2.0.0 Accepted\r\n")
        now = time.monotonic()
        code = CODE.search(self.buffer, 0, at + 2)
        text = code[1].decode() if code else ""
        del self.buffer[: at + len(END)]
        self.in_data = False
        for recipient in self.recipients:
            say({"to": recipient, "at": now, "bytes": at, "code": text})
        return True


async def main() -> None:
    """Serve until standard input is closed, which the harness's death does too."""
    server = await asyncio.get_running_loop().create_server(Session, "127.0.0.1", 0)
    say({"port": server.sockets[0].getsockname()[1]})
    await input_ended()
    server.close()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt, BrokenPipeError):
        uvloop.run(main())
