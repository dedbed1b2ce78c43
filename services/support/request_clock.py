"""What time does to requests: a missed promise, a reminder, an end without a reply, deletion.

Each is done once: the rows are locked and judged again; other processes skip them.
"""

from datetime import timedelta

from services.support import request_store
from services.support.deps import Deps
from services.support.request_moves import Change, delay, move, remind
from services.support.request_states import LAPSE_AFTER, NO_REPLY, REMINDER_AFTER, Action
from shared.database import Pool, transaction
from shared.runtime.telemetry import get_logger

log = get_logger("support")


async def advance(pool: Pool, deps: Deps) -> int:
    """Do what is due now; returns how many requests changed."""
    total = 0
    while True:
        async with transaction(pool) as tx:
            change = Change(tx=tx, deps=deps, now=deps.clock())
            done = await _advance_some(change)
        total += done
        if not done:
            return total


async def purge(pool: Pool, deps: Deps) -> None:
    """Delete requests that ended long ago, expired links and limits."""
    now, retention = deps.clock(), timedelta(days=deps.settings.request_days)
    while True:
        async with transaction(pool) as tx:
            await request_store.purge(tx, now)
            gone = await request_store.delete_closed(tx, now - retention)
        if gone:
            log.info("Deleted old requests.", action="requests_purged", requests=gone)
        if gone < request_store.BATCH:
            return


async def _advance_some(change: Change) -> int:
    now, done = change.now, 0
    for one in await request_store.lock_delayed(change.tx, now):
        if one.is_delayed(now):
            await delay(change, one)
            done += 1
    waiting = await request_store.lock_waiting(change.tx, now - REMINDER_AFTER, now - LAPSE_AFTER)
    for one in waiting:
        if one.is_to_lapse(now):
            await move(change, one, Action.LAPSE, author="clock", reason=NO_REPLY)
            done += 1
        elif one.is_to_remind(now) and one.asked_at is not None:
            await remind(change, one, one.asked_at + LAPSE_AFTER)
            done += 1
    return done
