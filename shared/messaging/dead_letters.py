"""Dead letters for an operator: looking at them without their content, and sending them again.

Works under the operator's broker user. Looking takes nothing out; a letter is removed only after
its replay was confirmed, so an interruption leaves a duplicate at worst, which the inbox removes.
A replayed message is trusted, so one that its type's owner did not publish stays where it is.
"""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, urlsplit

import aio_pika
from aiormq.abc import AbstractChannel, DeliveredMessage
from aiormq.exceptions import ChannelNotFoundEntity
from pamqp.commands import Basic

from shared.errors import ConfigurationError
from shared.messaging.envelope import decode, is_published_by
from shared.messaging.errors import WRONG_PUBLISHER, Undecodable
from shared.messaging.failures import ATTEMPT, FIRST_FAILED_AT, attempt_of, copy_properties
from shared.messaging.topology import OPERATOR, dead_queue, retry_exchange
from shared.runtime.telemetry import mask_text

#: Letters looked at in one go.
MAX_LISTED = 10_000
CONFIRM_SECONDS = 10
#: Why the broker itself moved a message to the dead letters, by its own word.
BROKER_REASONS = {
    "delivery_limit": "the process ended or hung while handling it, too often",
    "expired": "it ran out before anybody took it",
}


@dataclass(frozen=True)
class DeadLetter:
    """One dead letter as an operator may see it: nothing of its content.

    `age` is in seconds since it first failed, None where that is not known. `publisher_verified`:
    the owner of its type published it; others are never replayed.
    """

    service: str
    id: str
    type: str
    attempt: int
    error_type: str
    error: str
    failed_by: str
    fingerprint: str
    first_failed_at: str
    age: float | None
    publisher_verified: bool


async def list_dead(amqp_url: str, service: str, *, limit: int = MAX_LISTED) -> list[DeadLetter]:
    """The dead letters of `service`, oldest first; they stay where they are."""
    found: list[DeadLetter] = []
    async with _letters(amqp_url, service, limit) as (_channel, letters):
        async for message in letters:
            found.append(_described(service, message))
    return found


async def replay(
    amqp_url: str,
    service: str,
    *,
    message_id: str | None = None,
    message_type: str | None = None,
    replayed_by: str = "operator",
) -> int:
    """Send dead letters of `service` again as first tries; returns how many.

    One by `message_id`, all of a `message_type`, or all, but only verified ones. What was
    handled in the meantime has no second effect.
    """

    sent = 0
    async with _letters(amqp_url, service, MAX_LISTED) as (channel, letters):
        async for message in letters:
            letter = _described(service, message)
            wanted = message_id in (None, letter.id) and message_type in (None, letter.type)
            if wanted and letter.publisher_verified:
                await _republish(channel, amqp_url, service, message, replayed_by)
                await channel.basic_ack(message.delivery_tag or 0)
                sent += 1
    return sent


async def _republish(
    channel: AbstractChannel,
    amqp_url: str,
    service: str,
    message: DeliveredMessage,
    replayed_by: str,
) -> None:
    replayed_at = datetime.now(UTC).isoformat()
    headers = {ATTEMPT: 1, "replayed_by": replayed_by, "replayed_at": replayed_at}
    properties = copy_properties(message, headers)
    properties.user_id = unquote(urlsplit(amqp_url).username or "guest")
    await channel.basic_publish(
        message.body,
        exchange=retry_exchange(service),
        routing_key=service,
        properties=properties,
        mandatory=True,
        timeout=CONFIRM_SECONDS,
    )


@contextlib.asynccontextmanager
async def _letters(
    amqp_url: str, service: str, limit: int
) -> AsyncIterator[tuple[AbstractChannel, AsyncIterator[DeliveredMessage]]]:
    """Every letter once; those not acknowledged go back when the connection closes."""
    connection = await aio_pika.connect(
        amqp_url, client_properties={"connection_name": "operator.dead"}, timeout=CONFIRM_SECONDS
    )
    try:
        if connection.transport is None:
            raise ConnectionError("the connection was closed")
        # Read on one channel and publish on the same: a letter is held until it is settled.
        channel = await connection.transport.connection.channel(
            publisher_confirms=True, on_return_raises=True
        )
        yield channel, _each(channel, service, limit)
    finally:
        await connection.close()


async def _each(
    channel: AbstractChannel, service: str, limit: int
) -> AsyncIterator[DeliveredMessage]:
    try:
        there = await channel.queue_declare(dead_queue(service), passive=True)
    except ChannelNotFoundEntity as error:
        sentence = f"{service} has no queue of dead letters"
        raise ConfigurationError([("service", sentence)]) from error
    # Only those that are there now: one that is sent again may soon be dead again.
    for _ in range(min(limit, there.message_count or 0)):
        message = await channel.basic_get(dead_queue(service))
        if not isinstance(message.delivery, Basic.GetOk):
            return
        yield message


def _described(service: str, message: DeliveredMessage) -> DeadLetter:
    properties = message.header.properties
    headers: dict[str, Any] = dict(properties.headers or {})
    first = _text(headers.get(FIRST_FAILED_AT))
    vouched = _publisher_verified(service, message)
    broker_reason = _text(headers.get("x-first-death-reason"))
    error = _text(headers.get("error")) or BROKER_REASONS.get(broker_reason, "")
    if not vouched and not error.startswith(WRONG_PUBLISHER):
        error = f"{WRONG_PUBLISHER}the owner of its type"
    return DeadLetter(
        service=service,
        id=_text(properties.message_id),
        type=_text(properties.message_type),
        attempt=attempt_of(message),
        error_type=_text(headers.get("error_type")) or broker_reason,
        error=error,
        failed_by=_text(headers.get("failed_by")) or service,
        fingerprint=_text(headers.get("fingerprint")),
        first_failed_at=first,
        age=_age(first),
        publisher_verified=vouched,
    )


def _publisher_verified(service: str, message: DeliveredMessage) -> bool:
    """A copy is as its service found it; what the broker moved here still has its sender."""
    properties = message.header.properties
    if properties.user_id == service:
        return not str((properties.headers or {}).get("error", "")).startswith(WRONG_PUBLISHER)
    if properties.user_id == OPERATOR:
        return True
    try:
        return is_published_by(properties.user_id, decode(message.body))
    except Undecodable:
        return False


def _text(value: object) -> str:
    """The value masked and cut, since any publisher may have written it."""
    return mask_text(str(value))[:300] if value is not None else ""


def _age(first_failed_at: str) -> float | None:
    try:
        return (datetime.now(UTC) - datetime.fromisoformat(first_failed_at)).total_seconds()
    except (ValueError, TypeError):
        return None
