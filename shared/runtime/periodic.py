"""Work that repeats for as long as a service runs."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NoReturn

from shared.database import TRANSIENT_ERRORS
from shared.runtime.cancellation import raise_if_cancelled
from shared.runtime.retrying import OutageLog


async def periodically(
    work: Callable[[], Awaitable[object]], seconds: float, name: str
) -> NoReturn:
    """Run `work` at once and then every `seconds`; a late run must not end the service.

    A database or broker error is logged under the action `NAME_waits`; other errors propagate.
    """
    outage = OutageLog(f"{name}_waits", f"{name}_resumed")
    while True:
        raise_if_cancelled()
        try:
            await work()
        except TRANSIENT_ERRORS as error:
            outage.started(error)
        else:
            outage.ended()
        await asyncio.sleep(seconds)
