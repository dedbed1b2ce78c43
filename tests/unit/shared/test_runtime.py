"""What a service's `build` is given: periodic background tasks."""

import asyncio
from typing import Any, cast

from structlog.testing import capture_logs

from shared.errors import DependencyDown
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
