"""Background tasks of a service: repeated, and ended when they are cancelled."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from shared.database import acquire
from shared.errors import DependencyDown
from shared.messaging.outbox_relay import Relay
from shared.runtime.periodic import periodically
from shared.runtime.service import Runtime


async def test_a_periodic_task_continues_after_a_transient_error() -> None:
    runs, third_run = 0, asyncio.Event()

    async def work() -> None:
        nonlocal runs
        runs += 1
        if runs == 1:
            raise DependencyDown("postgresql", "down")
        if runs == 3:
            third_run.set()

    runtime = Runtime(pool=cast(Any, None))
    runtime.every(0.001, "purge", work)
    ((name, repeat),) = runtime.background_tasks
    with capture_logs() as lines:
        task = asyncio.create_task(repeat())
        await asyncio.wait_for(third_run.wait(), 5)
        task.cancel()
    actions = [line["action"] for line in lines]
    assert (name, actions) == ("purge", ["purge_waits", "purge_resumed"])


class SwallowingPool:
    """A pool that answers a cancellation with "unavailable", as a driver under way may."""

    def __init__(self) -> None:
        self.waits = asyncio.Event()

    async def acquire(self, **_options: object) -> Any:
        """Never answers."""
        self.waits.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise ConnectionRefusedError from None


@pytest.mark.parametrize("name", ["periodic task", "relay"])
async def test_a_loop_ends_although_a_driver_lost_its_cancellation(name: str) -> None:
    pool = cast(Any, SwallowingPool())

    async def use() -> None:
        async with acquire(pool):
            raise AssertionError("unreachable")

    async def return_at_once() -> None:
        return None

    connection = SimpleNamespace(wait_up=return_at_once, is_up=True)
    relay = Relay(pool, cast(Any, SimpleNamespace(connection=connection)))
    loops = {"periodic task": periodically(use, 0.001, "use"), "relay": relay.run()}
    task = asyncio.create_task(loops.pop(name))
    for other in loops.values():
        other.close()
    await asyncio.wait_for(pool.waits.wait(), 5)
    pool.waits.clear()
    task.cancel()
    await asyncio.wait({task}, timeout=5)
    assert task.cancelled()
    assert not pool.waits.is_set()
