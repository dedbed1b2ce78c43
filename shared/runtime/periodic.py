"""Work that repeats for as long as a service runs."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import NoReturn

from shared.database import TRANSIENT_ERRORS
from shared.messaging.connection import describe
from shared.runtime.telemetry import get_logger

log = get_logger("periodic")


async def periodically(
    work: Callable[[], Awaitable[object]], seconds: float, name: str
) -> NoReturn:
    """Run `work` at once and then every `seconds`; a late run must not end the service.

    A database or broker error is logged under the action `NAME_waits`; other errors propagate.
    """
    while True:
        try:
            await work()
        except TRANSIENT_ERRORS as error:
            log.warning(
                "Periodic work is waiting for a server.",
                action=f"{name}_waits",
                reason=describe(error),
            )
        await asyncio.sleep(seconds)
