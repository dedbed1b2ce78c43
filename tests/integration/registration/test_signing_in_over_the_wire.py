"""Sign-in over the broker: parallel attempts, restarts and repeated requests."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from shared.contracts.registration.requests import ResetPassword, SignIn
from shared.contracts.registration.views import PasswordChangedView
from shared.messaging.handlers import Refused
from tests.support.actors.registration_client import RegistrationClient, connect_client
from tests.support.harness.registration import OTHER_PASSWORD, PASSWORD
from tests.support.servers.shared_servers import TestServers

pytestmark = pytest.mark.timeout(300)
ADDRESS = "pierre@labo.fr"


@pytest_asyncio.fixture(loop_scope="package")
async def client(test_servers: TestServers, tmp_path: Path) -> AsyncIterator[RegistrationClient]:
    """A client that sends as the gateway; the service is not running yet."""
    async with connect_client(test_servers, tmp_path) as made:
        yield made


async def wrong(client: RegistrationClient, key: str) -> str:
    """The slug of a wrong password's refusal."""
    with pytest.raises(Refused) as caught:
        await client.ask(client.sign_in(ADDRESS), key)
    return caught.value.refusal.slug


async def test_au_03_au_02_fifty_at_once_are_counted_and_survive_a_restart(
    client: RegistrationClient,
) -> None:
    await client.account(ADDRESS)
    async with client.system.run("registration"):
        await client.wait()
        slugs = await asyncio.gather(*(wrong(client, f"k{number}") for number in range(50)))
        assert slugs.count("wrong_credentials") == 5
        assert slugs.count("too_many_tries") == 45
    async with client.system.run("registration"):
        await client.wait()
        assert await wrong(client, "after") == "too_many_tries"


async def test_a_repeated_reset_is_done_once_and_a_concurrent_one_is_refused(
    client: RegistrationClient,
) -> None:
    account_id = await client.account(ADDRESS)
    token = await client.reset_link(account_id, ADDRESS)

    def reset(password: str) -> ResetPassword:
        kind = ResetPassword
        return kind(
            link_token=client.seal(kind, "link_token", token),
            password=client.seal(kind, "password", password),
        )

    async with client.system.run("registration"):
        await client.wait()
        # Two pages, each posted three times.
        asked = [(OTHER_PASSWORD, "k1"), ("Ghtz7bNw", "k2")] * 3
        answers = await asyncio.gather(
            *(client.ask(reset(password), key) for password, key in asked), return_exceptions=True
        )
        done = [each for each in answers if isinstance(each, PasswordChangedView)]
        assert len(done) == 3
        assert len({each.changed_at for each in done}) == 1
        refused = [each for each in answers if isinstance(each, Refused)]
        assert [each.refusal.slug for each in refused] == ["link_used"] * 3
        assert await wrong_password(client, PASSWORD)
        won = OTHER_PASSWORD if isinstance(answers[0], PasswordChangedView) else "Ghtz7bNw"
        assert not await wrong_password(client, won)


async def wrong_password(client: RegistrationClient, password: str) -> bool:
    """Whether a password is refused."""
    kind = SignIn
    request = kind(
        address=ADDRESS, password=client.seal(kind, "password", password), network="10.0.0.0/24"
    )
    try:
        return not (await client.ask(request, f"w-{password}")).account_id
    except Refused:
        return True
