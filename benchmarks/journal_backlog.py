"""Whether the journal keeps up: its queue, and the entries without a link, over ten minutes of
journeys at full load."""

import asyncio
import statistics
import time
from contextlib import suppress

import asyncpg

from benchmarks.environment import Environment
from benchmarks.full_journey import AT_ONCE, take_journeys
from benchmarks.measure import Line, Plan

SUPPORT = "support"
LOOK_SECONDS = 5
#: The parts of the time that are compared: the first one and the last.
PARTS = 10
#: What a consumer holds at once: fewer messages say nothing.
PREFETCH = 50
UNLINKED = f"""
SELECT coalesce(max(number), 0) - (SELECT done FROM {SUPPORT}.journal_chaining)
FROM {SUPPORT}.journal_entries
"""


async def run(environment: Environment, plan: Plan) -> list[Line]:
    """Journeys, eight at a time, one after the other; the queue is looked at every five seconds."""
    await environment.start_services()
    admin = await asyncpg.connect(environment.admin_urls.database_url)
    waiting: list[float] = []
    unlinked: list[float] = []

    async def watch() -> None:
        while True:
            waiting.append(await asyncio.to_thread(environment.depth, SUPPORT))
            unlinked.append(await admin.fetchval(UNLINKED))
            await asyncio.sleep(LOOK_SECONDS)

    journeys, begin = 0, time.perf_counter()
    watching = asyncio.create_task(watch())
    try:
        while time.perf_counter() - begin < plan.backlog_seconds:
            journeys += len(await take_journeys(environment, AT_ONCE * 4))
        rate = journeys / (time.perf_counter() - begin)
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
        await admin.close()
    size = max(1, len(waiting) // PARTS)
    first, last = statistics.median(waiting[:size]), statistics.median(waiting[-size:])
    return [
        Line(
            scenario="journal_backlog",
            what=f"queue in the last of {PARTS} parts of {plan.backlog_seconds:.0f} s",
            unit="messages",
            values=waiting[-size:],
            aim=f"not above the first part's ({first:.0f}) by more than {PREFETCH}",
            passed=None if plan.quick else last <= first + PREFETCH,
            note=f"{rate:.1f} journeys a second; most: {max(waiting):.0f}",
        ),
        Line(
            scenario="journal_backlog",
            what="entries without a link, the same part",
            unit="entries",
            values=unlinked[-size:],
        ),
    ]
