"""One queue of put-aside messages for an operator: read it, settle what is taken out, return the
rest.

What is read and not settled goes back when the session ends, by a return of its own: a broker from
4.3 on does not count that towards a queue's limit of deliveries, and earlier ones have no limit
there (`topology.KEPT_DELIVERIES`). No more than `PART` contents are held at a time.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

import aio_pika
from aiormq.abc import AbstractChannel, DeliveredMessage
from aiormq.exceptions import (
    AMQPConnectionError,
    AMQPError,
    ChannelInvalidStateError,
    ChannelNotFoundEntity,
)

from shared.errors import ConfigurationError, DependencyDown, plain_reason
from shared.messaging.connection import BROKER, describe
from shared.messaging.errors import RefusedByBroker
from shared.messaging.failures import copy_properties

CONNECT_SECONDS = 10
#: A part is in flight at once, on a broker that may be busy with a burst of its own.
CONFIRM_SECONDS = 60
#: Seconds without a message after which the queue is asked whether another session holds the rest.
SILENCE = 1.0
#: Messages read before the next are asked for, and published before they are settled.
PART = 500
#: Acknowledgements sent before the queue is asked something, which lets it catch up.
ACKS = 16


class LetterQueue:
    """A session on one queue; `count` messages were there when it began."""

    def __init__(self, channel: AbstractChannel, queue: str, count: int, user: str) -> None:
        self._channel = channel
        self.queue = queue
        self.count = count
        self.user = user
        #: Whether something that was read stays: then nothing is settled together with it.
        self.holds = False

    async def parts(self, limit: int | None = None) -> AsyncIterator[list[DeliveredMessage]]:
        """The messages that were there, oldest first, each once, `PART` at a time."""
        left = self.count if limit is None else min(limit, self.count)
        while left:
            part = await self._part(min(left, PART))
            if part:
                yield part
            left = left - len(part) if len(part) == min(left, PART) else 0

    async def _part(self, size: int) -> list[DeliveredMessage]:
        """The next `size` messages; fewer where other sessions hold the rest."""
        found: list[DeliveredMessage] = []
        complete = asyncio.Event()

        async def receive(message: DeliveredMessage) -> None:
            found.append(message)
            if len(found) == size:
                complete.set()

        await self._channel.basic_qos(prefetch_count=size)
        tag = (await self._channel.basic_consume(self.queue, receive)).consumer_tag or ""
        silent = 0
        while len(found) < size and silent < 2:
            before = len(found)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(complete.wait(), SILENCE)
            if len(found) > before:
                silent = 0
            elif not (await self._channel.queue_declare(self.queue, passive=True)).message_count:
                # Twice, because a message may be on its way between queue and channel.
                silent += 1
        await self._channel.basic_cancel(tag)
        return found

    async def publish(
        self,
        messages: Sequence[DeliveredMessage],
        exchange: str,
        key: str,
        headers: Sequence[Mapping[str, Any]],
    ) -> None:
        """Publish a copy of each message under its headers, and settle those that are confirmed.

        The first error is raised after the others are settled.
        """
        failed: list[BaseException] = []
        tags: list[int] = []
        for group in _distinct(zip(messages, headers, strict=True)):
            done = await asyncio.gather(
                *(self._copy(message, exchange, key, given) for message, given in group),
                return_exceptions=True,
            )
            for (message, _), result in zip(group, done, strict=True):
                if isinstance(result, BaseException):
                    failed.append(result)
                else:
                    tags.append(message.delivery_tag or 0)
        await self._settle(tags, together=not (failed or self.holds))
        if failed:
            raise failed[0]

    async def _settle(self, tags: Sequence[int], *, together: bool) -> None:
        """Acknowledge. The broker keeps back acknowledgements of a quorum queue when many are under
        way, and loses those at the end of a session: so one for all wherever that is possible."""
        if together and tags:
            await self._channel.basic_ack(max(tags), multiple=True)
            return
        for number, tag in enumerate(tags):
            await self._channel.basic_ack(tag)
            if number % ACKS == 0:
                await self._channel.queue_declare(self.queue, passive=True)

    async def _copy(
        self, message: DeliveredMessage, exchange: str, key: str, headers: Mapping[str, Any]
    ) -> None:
        properties = copy_properties(message, dict(headers))
        properties.user_id = self.user
        await self._channel.basic_publish(
            message.body,
            exchange=exchange,
            routing_key=key,
            properties=properties,
            mandatory=True,
            timeout=CONFIRM_SECONDS,
        )

    async def give_back(self) -> None:
        """Return what was read and not settled."""
        if not self._channel.is_closed:
            await self._channel.basic_nack(0, multiple=True, requeue=True)


def _distinct(
    pairs: "zip[tuple[DeliveredMessage, Mapping[str, Any]]]",
) -> list[list[tuple[DeliveredMessage, Mapping[str, Any]]]]:
    """Groups without an id twice: two copies of one id in flight swap their outcomes."""
    groups: list[dict[str, tuple[DeliveredMessage, Mapping[str, Any]]]] = []
    for message, headers in pairs:
        name = str(message.header.properties.message_id)
        group = next((one for one in groups if name not in one), None)
        if group is None:
            groups.append(group := {})
        group[name] = (message, headers)
    return [list(group.values()) for group in groups]


@contextlib.asynccontextmanager
async def open_channel(amqp_url: str, name: str) -> AsyncIterator[AbstractChannel]:
    """A channel of an operator with confirms, on a connection of its own. DependencyDown where the
    broker does not answer, RefusedByBroker where it refuses."""
    try:
        connection = await aio_pika.connect(
            amqp_url, client_properties={"connection_name": name}, timeout=CONNECT_SECONDS
        )
    except OSError as error:
        raise DependencyDown(BROKER, plain_reason(error)) from error
    try:
        if connection.transport is None:
            raise DependencyDown(BROKER, "the connection was closed")
        yield await connection.transport.connection.channel(
            publisher_confirms=True, on_return_raises=True
        )
    except (AMQPConnectionError, ChannelInvalidStateError) as error:
        raise DependencyDown(BROKER, plain_reason(error)) from error
    except AMQPError as error:
        raise RefusedByBroker(f"the broker refused: {describe(error)}") from error
    finally:
        await connection.close()


@contextlib.asynccontextmanager
async def open_letters(amqp_url: str, queue: str) -> AsyncIterator[LetterQueue]:
    """A session on `queue`; ConfigurationError where there is none of that name."""
    async with open_channel(amqp_url, "operator.letters") as channel:
        try:
            there = await channel.queue_declare(queue, passive=True)
        except ChannelNotFoundEntity as error:
            raise ConfigurationError([("SERVICE", f"there is no queue {queue}")]) from error
        user = unquote(urlsplit(amqp_url).username or "guest")
        letters = LetterQueue(channel, queue, there.message_count or 0, user)
        try:
            yield letters
        finally:
            await letters.give_back()
