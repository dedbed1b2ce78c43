"""One connection to the broker, kept alive for as long as the process runs.

A plain connection that we reopen ourselves. Its users open channels, notice when these close and
open new ones, so nothing is restored, or missing, without their knowledge. The first connection is
retried for a bounded time, later ones without end, with growing pauses.
"""

import asyncio
import contextlib
import random
import socket
from collections.abc import Iterator
from typing import Any, cast
from urllib.parse import unquote, urlsplit

import aio_pika
from aiormq import Channel

from shared.errors import DependencyDown, plain_reason
from shared.runtime.cancellation import cancellation_requested, raise_if_cancelled
from shared.runtime.retrying import OutageLog, retry_while_down

#: Seconds; aiormq calls a connection dead after three of them, and 5 to 20 is optimal.
HEARTBEAT = 15
#: Seconds that the broker may take to open or close a connection or a channel.
CONNECT_SECONDS = 5
#: Seconds in which the socket takes a frame. aiormq's queue holds ten for a connection: what waits
#: for a place in it when the connection is lost would wait for ever.
SEND_SECONDS = 3
#: Seconds for which the first connection is retried.
START_SECONDS = 60
FIRST_PAUSE = 0.1
MAX_PAUSE = 2.0
#: The name of this dependency in `DependencyDown`.
BROKER = "broker"


class BrokerConnection:
    """A supervised connection named `name@host`; `run` must be running for it to come back.

    `outage` is the log that a service's connections to the same broker share.
    """

    def __init__(
        self,
        url: str,
        name: str,
        *,
        heartbeat: int = HEARTBEAT,
        outage: OutageLog | None = None,
    ) -> None:
        self.name = f"{name}@{socket.gethostname()}"
        self.user = unquote(urlsplit(url).username or "guest")
        self._url = url
        self._heartbeat = heartbeat
        self._outage = outage or OutageLog("broker_lost", "broker_back")
        self._connection: aio_pika.abc.AbstractConnection | None = None
        self._up = asyncio.Event()
        self._lost = asyncio.Event()
        self._closing = False
        self._releasing: set[asyncio.Task[None]] = set()
        #: Why it cannot be used; also of an open connection on which nothing is answered.
        self.problem = "not connected yet"

    @property
    def is_up(self) -> bool:
        """Whether the connection is open, as far as is known."""
        return self._up.is_set()

    async def wait_up(self) -> None:
        """Return as soon as the connection is open."""
        await self._up.wait()

    async def wait_lost(self) -> None:
        """Return as soon as the open connection is lost."""
        await self._lost.wait()

    async def open(self, timeout: float = START_SECONDS) -> None:
        """Connect, retrying for `timeout` seconds; then DependencyDown with the last reason."""
        if not self.is_up:
            await retry_while_down(self._connect, timeout)

    async def run(self) -> None:
        """Connect again whenever the connection is lost; returns after `close`."""
        pause = FIRST_PAUSE
        while not self._closing:
            raise_if_cancelled()
            if self.is_up:
                pause = FIRST_PAUSE
                await self._lost.wait()
                continue
            try:
                await self._connect()
            except DependencyDown as down:
                self._outage.started(down.reason, self.name)
                # Jitter: the processes must not all reconnect at the same moment.
                await asyncio.sleep(pause * random.uniform(0.5, 1))  # noqa: S311
                pause = min(pause * 2, MAX_PAUSE)

    async def channel(self, *, confirms: bool) -> Channel:
        """A new channel, or DependencyDown. With `confirms`, a returned message is an error."""
        connection = self._connection
        if connection is None or connection.transport is None or not self.is_up:
            raise DependencyDown(BROKER, self.problem)
        try:
            with cancellation_as_outage():
                async with asyncio.timeout(CONNECT_SECONDS):
                    channel = await connection.transport.connection.channel(
                        publisher_confirms=confirms, on_return_raises=confirms
                    )
        except DependencyDown:
            raise
        except Exception as error:
            self.problem = describe(error)
            raise DependencyDown(BROKER, self.problem) from error
        self.problem = ""
        return cast(Channel, channel)

    def release(self, channel: Channel) -> None:
        """Close a channel that is no longer needed, in a task that is not cancelled.

        A cancelled close is sent twice, which ends the whole connection.
        """
        if not channel.is_closed:
            task = asyncio.create_task(_close(channel), name=f"{self.name}: close a channel")
            self._releasing.add(task)
            task.add_done_callback(self._releasing.discard)

    async def close(self) -> None:
        """Close for good. Channels still open are closed by the broker."""
        self._closing = True
        self._up.clear()
        self.problem = "closing"
        connection, self._connection = self._connection, None
        self._lost.set()
        if connection is not None:
            with contextlib.suppress(Exception):
                async with asyncio.timeout(CONNECT_SECONDS):
                    await connection.close()

    async def _connect(self) -> None:
        try:
            connection = await aio_pika.connect(
                self._url,
                timeout=CONNECT_SECONDS,
                client_properties={"connection_name": self.name},
                heartbeat=str(self._heartbeat),
            )
        except (OSError, TimeoutError, aio_pika.exceptions.AMQPError) as error:
            self.problem = describe(error)
            raise DependencyDown(BROKER, self.problem) from error
        if self._closing:
            await connection.close()
            return
        self._connection = connection
        self.problem = ""
        self._lost.clear()
        self._up.set()
        self._outage.ended(self.name)
        connection.close_callbacks.add(self._on_lost)

    def _on_lost(self, connection: Any, error: BaseException | None) -> None:
        if connection is not self._connection or self._closing:
            return
        self._connection = None
        self.problem = describe(error)
        self._up.clear()
        self._lost.set()
        self._outage.started(self.problem, self.name)


@contextlib.contextmanager
def cancellation_as_outage() -> Iterator[None]:
    """Turn a cancellation that was not requested into DependencyDown.

    A lost heartbeat cancels whatever waits for the broker; passed on, that would end a task or a
    task group without an error (aio-pika#563, #577).
    """
    try:
        yield
    except asyncio.CancelledError as error:
        if cancellation_requested():
            raise
        raise DependencyDown(BROKER, "the connection was lost") from error


def describe(error: BaseException | None) -> str:
    """One line about an error of the connection, without the password in the URL."""
    if error is None:
        return "closed"
    if isinstance(error, asyncio.CancelledError):
        return "silent for too long"  # how aiormq ends a connection without heartbeats
    if not str(error) or (isinstance(error, OSError) and isinstance(error.errno, int)):
        return plain_reason(error)[:200]
    return f"{type(error).__name__}: {error}".splitlines()[0][:200]


async def _close(channel: Channel) -> None:
    with contextlib.suppress(Exception, asyncio.CancelledError):
        await channel.close()
