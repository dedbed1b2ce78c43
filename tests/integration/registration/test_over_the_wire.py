"""Registration as a service: over the broker, with its outbox and a responsive event loop."""

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from shared.contracts.registration.requests import DescribePasswordRules
from shared.messaging.handlers import Refused
from shared.security import password_hashing as hashing
from tests.support import eventually
from tests.support.actors.registration_client import RegistrationClient, connect_client
from tests.support.servers.shared_servers import TestServers

#: Starting a service and twenty hashes take long on a busy machine.
pytestmark = pytest.mark.timeout(300)


@pytest_asyncio.fixture(loop_scope="package")
async def client(test_servers: TestServers, tmp_path: Path) -> AsyncIterator[RegistrationClient]:
    """Registration running, and a client that sends as the gateway."""
    async with connect_client(test_servers, tmp_path) as client, client.system.run("registration"):
        await client.wait()
        yield client


async def test_re_12_twenty_posts_with_one_key_make_one_request(client: RegistrationClient) -> None:
    forms = [client.form("pierre@labo.fr") for _ in range(20)]
    views = await asyncio.gather(*(client.ask(each, "key-1") for each in forms))
    assert len({view.request_id for view in views}) == 1
    assert await client.count("requests") == 1
    # A repeated request gets the first reply.
    assert await client.ask(client.form("pierre@labo.fr"), "key-1") == views[0]


async def test_a_refused_request_is_checked_again(client: RegistrationClient) -> None:
    with pytest.raises(Refused) as caught:
        await client.ask(client.form("pierre@labo.fr", "Soleil2024"), "key-2")
    assert caught.value.refusal.errors[0].params == {"word": "soleil", "source": "french"}
    assert (await client.ask(client.form("pierre@labo.fr"), "key-2")).due == "validation"


async def test_pw_13_many_parallel_hashes_leave_the_other_answers_quick(
    client: RegistrationClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other requests do not wait for passwords that are being hashed: here, none ever ends."""
    started, release, original = threading.Event(), threading.Event(), hashing._argon2id

    def hold(*arguments: Any) -> Any:
        started.set()
        release.wait(60)
        return original(*arguments)

    async def wrong(number: int) -> str:
        with pytest.raises(Refused) as caught:
            await client.ask(client.sign_in(f"p{number}@labo.fr"), f"s{number}")
        return caught.value.refusal.slug

    monkeypatch.setattr(hashing, "_argon2id", hold)
    attempts = [asyncio.create_task(wrong(number)) for number in range(24)]
    await eventually(started.is_set, why="passwords are being hashed")
    await client.ask(DescribePasswordRules())
    assert not any(task.done() for task in attempts)
    release.set()
    assert set(await asyncio.gather(*attempts)) == {"wrong_credentials"}
