"""Publishing under confirms: when `publish` returns, the broker has the message on disk.

Every failure is an exception: returned, refused, not confirmed in time, connection lost. After a
timeout the outcome is unknown and the channel is dropped, so that a late confirm cannot be taken
for another message's. Nothing is tried again here.
"""

import asyncio

from aiormq import Channel
from aiormq.exceptions import DeliveryError, PublishError
from pamqp.commands import Basic

from shared.errors import DependencyDown
from shared.messaging.connection import BROKER, BrokerConnection, cancellation_as_outage, describe
from shared.messaging.errors import PublishNotConfirmed, Unroutable

#: Seconds until a missing confirm counts as a failure.
TIMEOUT = 10.0


class Publisher:
    """Publishes over one channel of `connection`, opened when needed and replaced after an
    error.
    """

    def __init__(self, connection: BrokerConnection, *, timeout: float = TIMEOUT) -> None:
        self.connection = connection
        self._timeout = timeout
        self._channel: Channel | None = None
        self._opening = asyncio.Lock()
        self._in_flight: dict[str, asyncio.Event] = {}

    async def publish(
        self, body: bytes, properties: Basic.Properties, *, exchange: str, key: str
    ) -> None:
        """Publish one message and wait for its confirm.

        Raises `Unroutable`, `PublishNotConfirmed` (perhaps published), or DependencyDown (the
        broker is unavailable; perhaps published).
        """
        message_id = properties.message_id or ""
        # aio-pika#689: two copies of one id in flight on one channel swap their outcomes.
        while earlier := self._in_flight.get(message_id):
            await earlier.wait()
        done = self._in_flight[message_id] = asyncio.Event()
        try:
            await self._publish(body, properties, exchange, key)
        finally:
            del self._in_flight[message_id]
            done.set()

    async def _publish(
        self, body: bytes, properties: Basic.Properties, exchange: str, key: str
    ) -> None:
        channel = await self._open()
        properties.user_id = self.connection.user
        try:
            with cancellation_as_outage():
                await channel.basic_publish(
                    body,
                    exchange=exchange,
                    routing_key=key,
                    properties=properties,
                    mandatory=True,
                    timeout=self._timeout,
                    wait=False,  # the confirm says more than that the socket took it
                )
        except PublishError as error:
            raise Unroutable(f"no queue takes {key} of {exchange}") from error
        except DeliveryError as error:
            raise PublishNotConfirmed("the broker refused the message") from error
        except TimeoutError as error:
            self._drop(channel)
            raise PublishNotConfirmed(f"no confirm within {self._timeout} s") from error
        except (asyncio.CancelledError, DependencyDown):
            self._drop(channel)
            raise
        except Exception as error:
            self._drop(channel)
            raise DependencyDown(BROKER, describe(error)) from error

    async def _open(self) -> Channel:
        channel = self._channel
        if channel is not None and not channel.is_closed:
            return channel
        async with self._opening:
            if self._channel is None or self._channel.is_closed:
                self._channel = await self.connection.channel(confirms=True)
            return self._channel

    def _drop(self, channel: Channel) -> None:
        if self._channel is channel:
            self._channel = None
        self.connection.release(channel)
