"""People who make journeys of bare parts: `python -m benchmarks.bare_journey`.

Arguments are an administrator's addresses of PostgreSQL and RabbitMQ, the port of the mail sink,
a JSON object: how many of each baseline, and `event`, a journey has, and how many people there are.
An event is published under confirms and heard by two queues. It prints `{"ready": true}`, then for
each line `{"journeys": N}` of its standard input has each of them make so many, one after the
other, and prints `{"made": N}`. It ends with its standard input.
"""

import asyncio
import contextlib
import json
import sys
import uuid
from contextlib import AsyncExitStack

import uvloop
from aio_pika.abc import AbstractIncomingMessage, AbstractQueue

from benchmarks.baselines import Baselines
from benchmarks.subprocesses import say

EVENT = "event"
#: Those who hear an event.
QUEUES = 2
PREFETCH = 50


class BarePerson:
    """Makes journeys with `baselines`; `open` first, `close` last."""

    def __init__(self, baselines: Baselines, parts: dict[str, int]) -> None:
        self._baselines = baselines
        self._events = parts[EVENT]
        self._parts = {name: count for name, count in parts.items() if name != EVENT}
        key = f"bench.baseline.{uuid.uuid4().hex}"
        self._queues = [f"{key}.{number}" for number in range(QUEUES)]
        self._consumers: list[tuple[AbstractQueue, str]] = []
        self._heard: asyncio.Queue[None] = asyncio.Queue()

    async def open(self) -> None:
        """Declare the queues of the events, and hear them."""
        channel = await self._baselines.broker.channel()
        await channel.set_qos(prefetch_count=PREFETCH)
        for name in self._queues:
            queue = await self._baselines.fresh_queue(name)
            await queue.bind(self._baselines.exchange, self._queues[0])
            heard = await channel.get_queue(name)
            self._consumers.append((heard, await heard.consume(self._hear)))

    async def close(self) -> None:
        """Delete the queues."""
        for queue, consumer in self._consumers:
            await queue.cancel(consumer)
            await self._baselines.channel.queue_delete(queue.name)

    async def _hear(self, message: AbstractIncomingMessage) -> None:
        await message.ack()
        self._heard.put_nowait(None)

    async def make(self, journeys: int) -> None:
        """So many journeys, one after the other."""
        for _ in range(journeys):
            for name, count in self._parts.items():
                await getattr(self._baselines, name)(count)
            for _ in range(self._events):
                await self._baselines.publish(self._queues[0])
                for _ in range(QUEUES):
                    await self._heard.get()


async def main(database_url: str, amqp_url: str, smtp_port: str, parts: str, count: str) -> None:
    """Make journeys as they are ordered."""
    async with AsyncExitStack() as opened:
        people = []
        for _ in range(int(count)):
            baselines = Baselines(database_url, amqp_url, int(smtp_port), warm=0)
            one = BarePerson(await opened.enter_async_context(baselines), json.loads(parts))
            await one.open()
            opened.push_async_callback(one.close)
            people.append(one)
        await asyncio.gather(*(one.make(1) for one in people))
        say({"ready": True})
        loop = asyncio.get_running_loop()
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            ordered = json.loads(line)["journeys"]
            await asyncio.gather(*(one.make(ordered) for one in people))
            say({"made": ordered * len(people)})


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt, BrokenPipeError):
        uvloop.run(main(*sys.argv[1:6]))
