"""What time does to requests: a missed promise, a reminder, an end without a reply, deletion.

Each is done once: a request is locked and judged again, whichever process was first.
"""

from collections.abc import Sequence
from datetime import timedelta

from services.support import request_store
from services.support.deps import Deps
from services.support.jobs import BATCH, handle_each
from services.support.people_requests import PersonRequest
from services.support.request_moves import Change, delay, may_be_closed, move, remind
from services.support.request_states import LAPSE_AFTER, NO_REPLY, REMINDER_AFTER, Action
from shared.database import Connection, Pool, transaction
from shared.runtime.telemetry import get_logger

log = get_logger("support")


async def advance(pool: Pool, deps: Deps) -> int:
    """Do what is due now; returns how many requests changed."""

    async def delayed(tx: Connection, tried: Sequence[str]) -> list[str]:
        return await request_store.delayed(tx, deps.clock(), tried)

    async def waiting(tx: Connection, tried: Sequence[str]) -> list[str]:
        now = deps.clock()
        return await request_store.waiting(tx, now - REMINDER_AFTER, now - LAPSE_AFTER, tried)

    async def advance_one(tx: Connection, number: str) -> bool:
        change = Change(tx=tx, deps=deps, now=deps.clock())
        one = await request_store.lock(tx, number)
        return one is not None and await _advance(change, one)

    done = await handle_each(pool, "promises", delayed, advance_one)
    return done + await handle_each(pool, "waiting requests", waiting, advance_one)


async def purge(pool: Pool, deps: Deps) -> None:
    """Delete requests that ended long ago, expired links and limits."""
    now, retention = deps.clock(), timedelta(days=deps.settings.request_days)
    while True:
        async with transaction(pool) as tx:
            await request_store.purge(tx, now)
            gone = await request_store.delete_closed(tx, now - retention)
        if gone:
            log.info("Deleted old requests.", action="requests_purged", requests=gone)
        if gone < BATCH:
            return


async def _advance(change: Change, one: PersonRequest) -> bool:
    """Do what is due to a locked request; whether anything was."""
    now = change.now
    if one.is_delayed(now):
        await delay(change, one)
    elif one.is_to_remind(now) and not await may_be_closed(change.tx, one.number, now):
        # Its person has no other way to the account: an agent goes on without a reply.
        await move(change, one, Action.STOP, author="clock")
    elif one.is_to_lapse(now):
        await move(change, one, Action.LAPSE, author="clock", reason=NO_REPLY)
    elif one.is_to_remind(now) and one.asked_at is not None:
        await remind(change, one, one.asked_at + LAPSE_AFTER)
    else:
        return False
    return True
