"""Periodic work continues after an outage and stops with any other error."""

import asyncio

import asyncpg
import pytest

from shared.runtime.periodic import periodically
from tests.support.waiting import eventually


async def test_it_continues_after_a_database_error() -> None:
    """A purge that ended would stop the service."""
    done: list[int] = []

    async def refused_once() -> None:
        done.append(1)
        if len(done) == 1:
            raise asyncpg.DeadlockDetectedError("deadlock detected")

    task = asyncio.create_task(periodically(refused_once, 0.01, "purge"))
    await eventually(lambda: len(done) > 1 or task.done())
    assert not task.done()
    task.cancel()


async def test_a_bug_is_not_hidden() -> None:
    async def broken() -> None:
        raise ValueError

    with pytest.raises(ValueError):
        await periodically(broken, 0.01, "purge")
