"""Moves the events that nobody heard to the service that hears them now.

Works under the operator's broker user, whose copies every service accepts; so only what the owner
of its type published is moved. A message is removed once its copy was confirmed: an interruption
leaves a duplicate at worst, which the inbox removes.
"""

import asyncio
from collections.abc import Collection
from urllib.parse import unquote, urlsplit

from aiormq.abc import AbstractChannel, DeliveredMessage
from aiormq.exceptions import ChannelNotFoundEntity
from pamqp.commands import Basic

from shared.messaging.envelope import decode, is_published_by
from shared.messaging.errors import Undecodable
from shared.messaging.failures import ATTEMPT, copy_properties
from shared.messaging.letter_queue import open_channel
from shared.messaging.topology import UNROUTED, UNROUTED_QUEUE, retry_exchange

#: Messages moved before the next are taken.
BATCH = 200
CONFIRM_SECONDS = 30


async def collect(amqp_url: str, service: str, types: Collection[str]) -> tuple[int, int]:
    """Move the unrouted events of these types to `service`; returns how many, and how many stay:
    those of other types, and those that somebody else than the owner published. Fails as
    `open_channel` does."""
    moved = kept = 0
    for queue in (UNROUTED_QUEUE, UNROUTED):
        async with open_channel(amqp_url, "operator.unrouted") as channel:
            try:
                there = await channel.queue_declare(queue, passive=True)
            except ChannelNotFoundEntity:
                continue
            # Only those that are there now: what stays goes back when the connection closes.
            left = there.message_count or 0
            while messages := await _take(channel, queue, min(left, BATCH)):
                left -= len(messages)
                good = [one for one in messages if _is_known(one, types)]
                await asyncio.gather(*(_copy(channel, amqp_url, service, one) for one in good))
                for one in good:
                    await channel.basic_ack(one.delivery_tag or 0)
                moved, kept = moved + len(good), kept + len(messages) - len(good)
    return moved, kept


async def _take(channel: AbstractChannel, queue: str, count: int) -> list[DeliveredMessage]:
    found: list[DeliveredMessage] = []
    while len(found) < count:
        message = await channel.basic_get(queue)
        if not isinstance(message.delivery, Basic.GetOk):
            break
        found.append(message)
    return found


def _is_known(message: DeliveredMessage, types: Collection[str]) -> bool:
    """Whether the owner of one of these types published it."""
    try:
        envelope = decode(message.body)
    except Undecodable:
        return False
    properties = message.header.properties
    return (
        envelope.type in types
        and properties.message_id == envelope.id
        and is_published_by(properties.user_id, envelope, message.routing_key or "")
    )


async def _copy(
    channel: AbstractChannel, amqp_url: str, service: str, message: DeliveredMessage
) -> None:
    properties = copy_properties(message, {ATTEMPT: 1})
    properties.user_id = unquote(urlsplit(amqp_url).username or "guest")
    await channel.basic_publish(
        message.body,
        exchange=retry_exchange(service),
        routing_key=service,
        properties=properties,
        mandatory=True,
        timeout=CONFIRM_SECONDS,
    )
