"""R-05: a request that loses its channel while it is being sent leaves no error unread."""

import asyncio
import gc
from typing import Any, cast

import pytest

from shared.contracts.registration.requests import DescribeTerms
from shared.messaging.connection import BrokerConnection
from shared.messaging.errors import ServiceUnavailable
from shared.messaging.rpc_client import RpcClient
from tests.support.mail.sample_events import now
from tests.support.waiting import eventually


class Channel:
    """A channel that can be lost while messages are on their way."""

    is_closed = False

    def __init__(self) -> None:
        self.closing = asyncio.get_running_loop().create_future()
        self.sent = 0
        self.lost = asyncio.Event()

    async def queue_declare(self, *_arguments: Any, **_options: Any) -> None:
        """The queue of replies."""

    async def queue_bind(self, *_arguments: Any, **_options: Any) -> None:
        """Its binding."""

    async def basic_consume(self, *_arguments: Any, **_options: Any) -> None:
        """Replies would come here."""

    async def basic_publish(self, *_arguments: Any, **_options: Any) -> None:
        """Fails a moment after the channel was closed, as a confirm that nobody sends does."""
        self.sent += 1
        await self.lost.wait()
        raise ConnectionResetError("cut")


async def test_r_05_requests_that_lose_their_channel_leave_no_error_unread(
    caplog: pytest.LogCaptureFixture,
) -> None:
    connection = BrokerConnection("amqp://gateway:x@127.0.0.1/", "gateway")
    channel = Channel()

    async def open_channel(*, confirms: bool) -> Any:
        return channel

    connection.channel = open_channel  # type: ignore[method-assign]
    connection._up.set()
    client = RpcClient(cast(Any, connection), "gateway", (DescribeTerms,), now, {})
    listening = asyncio.create_task(client.run())
    asking = [
        asyncio.create_task(client.ask(DescribeTerms(language="fr"), timeout=60)) for _ in range(3)
    ]
    await eventually(lambda: channel.sent == 3)
    channel.closing.set_result(None)
    await eventually(lambda: not client.is_ready)
    channel.lost.set()
    outcomes = await asyncio.gather(*asking, return_exceptions=True)
    listening.cancel()
    assert [type(one) for one in outcomes] == [ServiceUnavailable] * 3
    del asking, outcomes  # with the frames that hold what nobody read
    await asyncio.gather(listening, return_exceptions=True)
    gc.collect()
    assert "never retrieved" not in caplog.text
