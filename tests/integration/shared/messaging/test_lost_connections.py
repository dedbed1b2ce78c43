"""R-06: an answer or acknowledgement that cannot be sent is given up; nothing waits for ever."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest
from aiormq import Channel
from aiormq.abc import DeliveredMessage
from pamqp.commands import Basic
from pamqp.header import ContentHeader

from shared.messaging import queue_consumer, rpc_server
from shared.messaging.connection import BrokerConnection
from shared.messaging.queue_consumer import ack_or_requeue
from shared.messaging.rpc_server import RpcServer
from tests.support.logs import written_log
from tests.support.servers.bus_fixture import BusFixture, now
from tests.support.servers.network import Network, network

SECONDS = 0.5
#: More than the ten frames that aiormq's queue of a connection holds.
AT_ONCE = 50
Send = Callable[[int], Awaitable[None]]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in services, where it takes longer."""
    for module in (queue_consumer, rpc_server):
        monkeypatch.setattr(module, "SEND_SECONDS", SECONDS)


@asynccontextmanager
async def registration_over(
    bus: BusFixture, net: Network
) -> AsyncIterator[tuple[BrokerConnection, RpcServer]]:
    """A connection of registration's, and a server that answers over it."""
    url = net.url(bus.broker.url("registration"))
    link = BrokerConnection(url, "registration.publish", heartbeat=5)
    await link.open(10)
    nothing = cast(Any, None)
    yield (
        link,
        RpcServer(
            "registration", (), connection=link, pool=nothing, clock=now, on_commit=lambda _: None
        ),
    )
    net.repair()
    net.cut()
    await link.close()


def delivered(number: int, channel: Channel) -> DeliveredMessage:
    """A request that came over `channel`."""
    asked = Basic.Properties(correlation_id=str(number), reply_to=f"gateway.replies.{'a' * 16}")
    header = ContentHeader(properties=asked, body_size=0)
    return DeliveredMessage(
        delivery=Basic.Deliver("", number), header=header, body=b"", channel=channel
    )


@pytest.mark.parametrize("what", ["answers", "acknowledgements"])
@pytest.mark.parametrize("steps", range(4))
async def test_r_06_what_is_sent_while_its_connection_is_lost_is_given_up(
    bus: BusFixture, what: str, steps: int
) -> None:
    """Many at the moment of the loss, or a few steps of the loop after it: later, none is sent."""
    async with network(bus.broker.admin_url) as net, registration_over(bus, net) as (link, server):
        channel = await link.channel(confirms=False)
        await server._reply(delivered(0, channel), b"opens its channel")
        lost = asyncio.Event()

        async def send(number: int) -> None:
            await lost.wait()
            for _ in range(steps):
                await asyncio.sleep(0)
            message = delivered(number, channel)
            await (ack_or_requeue(message) if what != "answers" else server._reply(message, b"x"))

        sending = [asyncio.create_task(send(number)) for number in range(1, AT_ONCE + 1)]
        await asyncio.sleep(0)
        assert link._connection is not None
        transport = cast(Any, link._connection.transport)
        transport.connection._reader_task.add_done_callback(lambda _task: lost.set())
        net.cut()
        _, waiting = await asyncio.wait(sending, timeout=20 * SECONDS)
        for task in waiting:
            task.cancel()
        assert not waiting


async def test_r_06_a_socket_that_takes_nothing_holds_answers_up(bus: BusFixture) -> None:
    """They do not gather in memory: most are given up, and the log says so."""
    body = b"x" * 1_000_000
    async with network(bus.broker.admin_url) as net, registration_over(bus, net) as (link, server):
        channel = await link.channel(confirms=False)
        await server._reply(delivered(0, channel), b"opens its channel")
        net.freeze()
        with written_log() as written:
            many = (server._reply(delivered(number, channel), body) for number in range(AT_ONCE))
            await asyncio.wait_for(asyncio.gather(*many), 20 * SECONDS)
        assert written.getvalue().count('"reply_lost"') > AT_ONCE // 3
