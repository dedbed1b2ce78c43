"""Without the database nothing is lost, and nothing is acknowledged before it is stored (B-08)."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import aio_pika
import pytest

from services.push import receiver_client
from tests.support.harness.pushing import Pushing
from tests.support.logs import written_log
from tests.support.servers.network import Network, network
from tests.support.waiting import eventually

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
async def database_network(pushing: Pushing) -> AsyncIterator[Network]:
    """The service's connections to the database, which can be cut."""
    async with network(pushing.system.database.url("push")) as made:
        yield made


def by_way_of(made: Network, pushing: Pushing) -> Mapping[str, str]:
    """The setting that has the service go by this network."""
    return {"IMPEX_PUSH_DATABASE_URL": made.url(pushing.system.database.url("push"))}


@asynccontextmanager
async def looking(pushing: Pushing, partner: str) -> AsyncIterator["Looks"]:
    """At the queue of a partner, on a connection of its own."""
    admin = await aio_pika.connect(pushing.system.broker.admin_url)
    try:
        yield Looks(pushing, admin, f"{partner}.events")
    finally:
        await admin.close()


class Looks:
    """What a queue holds."""

    def __init__(
        self, pushing: Pushing, admin: aio_pika.abc.AbstractConnection, queue: str
    ) -> None:
        self._pushing = pushing
        self._admin = admin
        self._queue = queue

    async def ready(self, count: int) -> None:
        """Wait until so many messages are ready."""

        async def so() -> bool:
            channel = await self._admin.channel()
            found = await channel.declare_queue(self._queue, passive=True)
            await channel.close()
            return found.declaration_result.message_count == count

        await eventually(so, 20, why=f"{count} ready in {self._queue}")

    async def held(self, count: int) -> None:
        """Wait until so many are there, ready or in hand."""
        broker = self._pushing.system.broker
        await eventually(lambda: broker.depths()[self._queue] == count, 30, why=f"{count} held")


async def test_b_08_an_event_taken_while_the_database_is_away_is_kept_and_posted_once(
    pushing: Pushing, database_network: Network
) -> None:
    """It stays in hand, unacknowledged, and uses no retry and no attempt."""
    name = await pushing.add("labo")
    await pushing.receiver.start()
    with written_log() as log:
        async with (
            looking(pushing, name) as queue,
            pushing.running(**by_way_of(database_network, pushing)),
        ):
            first = await pushing.publish()
            await pushing.until(name, state="delivered")
            database_network.cut(refuse=True)
            sent = [await pushing.publish()]
            await queue.held(1)
            await queue.ready(0)
            assert [str(row["message_id"]) for row in await pushing.rows(name)] == [first]
            assert "database_away" in log.getvalue()
            sent += [await pushing.publish(times=2) for _ in range(3)]
            await queue.held(7)
            assert len(pushing.receiver.posts) == 1
            database_network.repair()
            await eventually(lambda: len(pushing.receiver.posts) >= 5, 30, why="all posted")
            await pushing.until(name, state="delivered", attempts=1)
            await queue.held(0)
    posted = [json.loads(one.body)["id"] for one in pushing.receiver.posts]
    assert sorted(posted) == sorted([first, *sent])
    dead = pushing.system.broker.depths()[f"{name}.dead"]
    assert dead == 0


async def test_b_08_a_stop_while_the_database_is_away_gives_the_events_back(
    pushing: Pushing, database_network: Network
) -> None:
    """The next process posts them."""
    name = await pushing.add("labo")
    await pushing.receiver.start()
    async with looking(pushing, name) as queue:
        async with pushing.running(**by_way_of(database_network, pushing)):
            first = await pushing.publish()
            await pushing.until(name, state="delivered")
            database_network.cut(refuse=True)
            sent = [await pushing.publish()]
            await queue.held(1)
            await queue.ready(0)
        await queue.ready(1)
        async with pushing.running():
            await eventually(lambda: len(pushing.receiver.posts) == 2, 30, why="all posted")
            await pushing.until(name, state="delivered", attempts=1)
    posted = [json.loads(one.body)["id"] for one in pushing.receiver.posts]
    assert sorted(posted) == sorted([first, *sent])


async def test_b_08_an_attempt_that_could_not_be_recorded_is_made_again(
    pushing: Pushing, database_network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The partner answered, and its answer was lost with the database: it gets the event twice."""
    monkeypatch.setattr(receiver_client, "ATTEMPT_SECONDS", 60.0)
    name = await pushing.add("labo")
    pushing.receiver.hang.add("/labo")
    await pushing.receiver.start()
    sent = await pushing.publish()
    with written_log() as log:
        async with pushing.running(**by_way_of(database_network, pushing)):
            await eventually(lambda: pushing.receiver.posts, 20, why="the first attempt")
            database_network.cut(refuse=True)
            pushing.receiver.released.set()
            await eventually(lambda: "push_not_recorded" in log.getvalue(), 20)
            database_network.repair()
            # Instead of the minute for which the first attempt has it.
            ended = "UPDATE deliveries SET lease_until = clock_timestamp() - interval '1 s'"
            await pushing.database.execute(ended)
            row = await pushing.until(name, state="delivered")
    assert row["attempts"] == 1
    assert [json.loads(one.body)["id"] for one in pushing.receiver.posts] == [sent, sent]
