"""Trying a dead letter: its service handles it, undoes everything, and tells what would have been.

Only an operator's broker user can ask for it. It happens in the service that runs, so with its own
version, settings and keys; the command needs none of them. What a handler asks of other servers
before its transaction is asked.
"""

import asyncio
import json
import os
from dataclasses import dataclass

from aiormq.abc import AbstractChannel, DeliveredMessage
from pamqp.commands import Basic

from shared.messaging.failures import ATTEMPT, copy_properties
from shared.messaging.topology import REPLIES, retry_exchange

#: The header that names the queue of the outcome.
TRIAL = "trial"
#: Longer than a handler may take.
SECONDS = 75


class Undone(Exception):
    """Undoes the transaction of a trial."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What would have become of a letter: `handled`, `duplicate` (it was handled before), `failed`,
    or `no_answer` in time. The others describe a failure as a dead letter does."""

    outcome: str
    error_type: str = ""
    error: str = ""
    fingerprint: str = ""
    frames: str = ""


def encode_outcome(outcome: dict[str, str]) -> tuple[bytes, Basic.Properties]:
    """The body and properties of an answer."""
    return json.dumps(outcome).encode(), Basic.Properties(content_type="application/json")


async def try_letter(
    channel: AbstractChannel,
    service: str,
    message: DeliveredMessage,
    user: str,
    seconds: float = SECONDS,
) -> Trial:
    """Have `service` try a letter, which stays where it is."""
    key = f"{user}.replies.{os.urandom(8).hex()}"
    arrived: asyncio.Queue[DeliveredMessage] = asyncio.Queue()
    await channel.queue_declare(key, exclusive=True, auto_delete=True)
    await channel.queue_bind(key, REPLIES, key)
    tag = (await channel.basic_consume(key, arrived.put, no_ack=True)).consumer_tag or ""
    properties = copy_properties(message, {ATTEMPT: 1, TRIAL: key})
    properties.user_id = user
    # A version that knows no trials refuses a message whose id is not the one inside.
    properties.message_id = key
    await channel.basic_publish(
        message.body,
        exchange=retry_exchange(service),
        routing_key=service,
        properties=properties,
        mandatory=True,
        timeout=SECONDS,
    )
    try:
        answer = await asyncio.wait_for(arrived.get(), seconds)
    except TimeoutError:
        return Trial(outcome="no_answer")
    finally:
        await channel.basic_cancel(tag)
    said = json.loads(answer.body)
    known = {name: str(said.get(name, "")) for name in Trial.__dataclass_fields__}
    return Trial(**known)
