"""Sign-in over the broker: parallel attempts, restarts and repeated requests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shared.contracts import registration as contracts
from shared.messaging.handlers import Refused
from tests.integration.registration.asker import Asker, line
from tests.integration.registration.room import OTHER_PASSWORD, PASSWORD
from tests.support.servers import Corners

pytestmark = pytest.mark.timeout(150)
ADDRESS = "pierre@labo.fr"


@pytest.fixture
async def asker(corners: Corners, tmp_path: Path) -> AsyncIterator[Asker]:
    """A client that sends as the gateway; the service is not running yet."""
    async with line(corners, tmp_path) as made:
        yield made


async def wrong(asker: Asker, key: str) -> str:
    """The slug of a wrong password's refusal."""
    with pytest.raises(Refused) as caught:
        await asker.ask(asker.sign_in(ADDRESS), key)
    return caught.value.refusal.slug


async def test_au_03_au_02_fifty_at_once_are_counted_and_survive_a_restart(asker: Asker) -> None:
    await asker.account(ADDRESS)
    async with asker.system.run("registration"):
        await asker.wait()
        slugs = await asyncio.gather(*(wrong(asker, f"k{number}") for number in range(50)))
        assert slugs.count("wrong_credentials") == 5
        assert slugs.count("too_many_tries") == 45
    async with asker.system.run("registration"):
        await asker.wait()
        assert await wrong(asker, "after") == "too_many_tries"


async def test_a_repeated_reset_is_done_once_and_a_concurrent_one_is_refused(asker: Asker) -> None:
    account_id = await asker.account(ADDRESS)
    token = await asker.reset_link(account_id, ADDRESS)

    def reset(password: str) -> contracts.ResetPassword:
        kind = contracts.ResetPassword
        return kind(
            link_token=asker.seal(kind, "link_token", token),
            password=asker.seal(kind, "password", password),
        )

    async with asker.system.run("registration"):
        await asker.wait()
        # Two pages, each posted three times.
        asked = [(OTHER_PASSWORD, "k1"), ("Ghtz7bNw", "k2")] * 3
        answers = await asyncio.gather(
            *(asker.ask(reset(password), key) for password, key in asked), return_exceptions=True
        )
        done = [each for each in answers if isinstance(each, contracts.PasswordChangedView)]
        assert len(done) == 3
        assert len({each.changed_at for each in done}) == 1
        refused = [each for each in answers if isinstance(each, Refused)]
        assert [each.refusal.slug for each in refused] == ["link_used"] * 3
        assert await wrong_password(asker, PASSWORD)
        won = (
            OTHER_PASSWORD if isinstance(answers[0], contracts.PasswordChangedView) else "Ghtz7bNw"
        )
        assert not await wrong_password(asker, won)


async def wrong_password(asker: Asker, password: str) -> bool:
    """Whether a password is refused."""
    kind = contracts.SignIn
    request = kind(
        address=ADDRESS, password=asker.seal(kind, "password", password), network="10.0.0.0/24"
    )
    try:
        return not (await asker.ask(request, f"w-{password}")).account_id
    except Refused:
        return True
