"""Registration as a service: asked over the broker, its facts in the outbox, its loop kept free."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from shared.contracts import registration as words
from shared.contracts.base import REQUESTS
from shared.database import Pool, open_pool, transaction
from shared.messaging.errors import RequestTimeout
from shared.messaging.handlers import Refused
from shared.messaging.node import Node
from shared.secrets import KeyRing, Sealer, seal_context
from shared.service import utc_now
from tests.integration.registration.room import NETWORK, OTHER_PASSWORD, PASSWORD
from tests.support import eventually
from tests.support.house import parties, services
from tests.support.servers import Corners
from tests.support.system import System

#: Starting a service and hashing for twenty take long where others use the machine too.
pytestmark = pytest.mark.timeout(150)


@dataclass
class Asker:
    """Asks registration as the gateway would, and looks into its tables."""

    node: Node
    pool: Pool
    sealer: Sealer

    async def ask(self, request: Any, key: str | None = None) -> Any:
        """The reply, or `Refused`; on a slow machine asked again, which is the same as once."""
        for _ in range(9):
            try:
                return await self.node.requester.ask(request, idempotency_key=key)
            except RequestTimeout:
                continue
        raise AssertionError(f"{request.TYPE} was not answered")

    def form(self, address: str, password: str = PASSWORD) -> words.RequestAccount:
        """The account form."""
        kind = words.RequestAccount
        return kind(
            first_name="Pierre",
            last_name="Durand",
            address=address,
            password=self.sealer.seal(password, seal_context(kind, "password")),
            language="fr",
            network=NETWORK,
        )

    def sign_in(self, address: str) -> words.SignIn:
        """The sign-in form with a wrong password."""
        sealed = self.sealer.seal(OTHER_PASSWORD, seal_context(words.SignIn, "password"))
        return words.SignIn(address=address, password=sealed, network=NETWORK)

    async def count(self, table: str) -> int:
        """How many rows a table of registration has."""
        async with transaction(self.pool) as tx:
            return int(await tx.fetchval(f"SELECT count(*) FROM {table}"))


@pytest.fixture
async def asker(corners: Corners, tmp_path: Path) -> AsyncIterator[Asker]:
    """Registration running, and the gateway's end of the line."""
    database, broker = corners.migrated(services()), corners.broker(parties())
    system = System(database, broker, tmp_path)
    pool = await open_pool(database.url("registration"), "registration", "tests", 3)
    gateway = await open_pool(database.url("gateway"), "gateway", "tests", 3)
    asks = tuple(each for each in REQUESTS.values() if each.OWNER == words.OWNER)
    node = Node("gateway", broker.url("gateway"), gateway, clock=utc_now, asks=asks)
    ring = KeyRing.parse(system.environment("registration")["IMPEX_SEAL_KEYS_REGISTRATION"])
    async with system.run("registration"):
        await node.start(None, patience=20)
        try:
            await eventually(lambda: node.ready[0], why="the gateway's line is up")
            yield Asker(node, pool, Sealer("registration", ring))
        finally:
            await node.drain(2)
            await gateway.close()
            await pool.close()
    corners.delete(broker)
    corners.drop(database)


async def test_re_12_twenty_posts_with_one_key_make_one_request(asker: Asker) -> None:
    forms = [asker.form("pierre@labo.fr") for _ in range(20)]
    views = await asyncio.gather(*(asker.ask(each, "key-1") for each in forms))
    assert len({view.request_id for view in views}) == 1
    assert await asker.count("requests") == 1
    # What the answer of a repeated request says is what was answered first.
    assert await asker.ask(asker.form("pierre@labo.fr"), "key-1") == views[0]


async def test_a_refusal_is_judged_again(asker: Asker) -> None:
    with pytest.raises(Refused) as caught:
        await asker.ask(asker.form("pierre@labo.fr", "Soleil2024"), "key-2")
    assert caught.value.refusal.errors[0].params == {"word": "soleil", "source": "french"}
    assert (await asker.ask(asker.form("pierre@labo.fr"), "key-2")).due == "validation"


async def test_pw_13_a_crowd_at_the_door_leaves_the_other_answers_quick(asker: Asker) -> None:
    async def wrong(number: int) -> str:
        with pytest.raises(Refused) as caught:
            await asker.ask(asker.sign_in(f"p{number}@labo.fr"), f"s{number}")
        return caught.value.refusal.slug

    await asker.ask(words.DescribePasswordRules())
    crowd = [asyncio.create_task(wrong(number)) for number in range(24)]
    await asyncio.wait(crowd, return_when=asyncio.FIRST_COMPLETED)
    # Passwords are being hashed now, two at a time; a question does not wait for them.
    await asker.ask(words.DescribePasswordRules())
    assert not all(task.done() for task in crowd)
    assert set(await asyncio.gather(*crowd)) == {"wrong_credentials"}
