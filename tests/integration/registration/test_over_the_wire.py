"""Registration as a service: over the broker, with its outbox and a responsive event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shared.contracts import registration as contracts
from shared.messaging.handlers import Refused
from tests.integration.registration.asker import Asker, line
from tests.support.servers import Corners

#: Starting a service and twenty hashes take long on a busy machine.
pytestmark = pytest.mark.timeout(150)


@pytest.fixture
async def asker(corners: Corners, tmp_path: Path) -> AsyncIterator[Asker]:
    """Registration running, and a client that sends as the gateway."""
    async with line(corners, tmp_path) as asker, asker.system.run("registration"):
        await asker.wait()
        yield asker


async def test_re_12_twenty_posts_with_one_key_make_one_request(asker: Asker) -> None:
    forms = [asker.form("pierre@labo.fr") for _ in range(20)]
    views = await asyncio.gather(*(asker.ask(each, "key-1") for each in forms))
    assert len({view.request_id for view in views}) == 1
    assert await asker.count("requests") == 1
    # A repeated request gets the first reply.
    assert await asker.ask(asker.form("pierre@labo.fr"), "key-1") == views[0]


async def test_a_refused_request_is_checked_again(asker: Asker) -> None:
    with pytest.raises(Refused) as caught:
        await asker.ask(asker.form("pierre@labo.fr", "Soleil2024"), "key-2")
    assert caught.value.refusal.errors[0].params == {"word": "soleil", "source": "french"}
    assert (await asker.ask(asker.form("pierre@labo.fr"), "key-2")).due == "validation"


async def test_pw_13_many_parallel_hashes_leave_the_other_answers_quick(asker: Asker) -> None:
    async def wrong(number: int) -> str:
        with pytest.raises(Refused) as caught:
            await asker.ask(asker.sign_in(f"p{number}@labo.fr"), f"s{number}")
        return caught.value.refusal.slug

    await asker.ask(contracts.DescribePasswordRules())
    crowd = [asyncio.create_task(wrong(number)) for number in range(24)]
    await asyncio.wait(crowd, return_when=asyncio.FIRST_COMPLETED)
    # Passwords are hashed now, two at a time; other requests do not wait for them.
    await asker.ask(contracts.DescribePasswordRules())
    assert not all(task.done() for task in crowd)
    assert set(await asyncio.gather(*crowd)) == {"wrong_credentials"}
