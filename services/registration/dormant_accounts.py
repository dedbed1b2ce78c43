"""Warns dormant accounts and deactivates those that nobody signed in to (every hour).

Each batch is one transaction. The batches of several processes take turns: one that only skipped
locked accounts would warn again whom another process warned after its statement began. A process
that dies leaves the rest for the next run.
"""

import dataclasses
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from services.registration import account_order_store, dormancy_store
from services.registration.dormancy import (
    DormantAccount,
    first_deactivation_at,
    second_deactivation_at,
    warned_cutoff,
    whole_months,
)
from shared.contracts.registration.events import OWNER, AccountDeactivated, DormantAccountWarned
from shared.database import Connection, Pool, transaction
from shared.database.locks import lock_name
from shared.outbox import emit
from shared.runtime.telemetry import get_logger

INTERVAL_SECONDS = 3_600
BATCH = 200
INACTIVITY = "inactivity"

Step: TypeAlias = Callable[[Connection, int, datetime], Awaitable[int]]

log = get_logger("registration")


@dataclass(frozen=True, kw_only=True)
class Done:
    """How many accounts one run touched."""

    withdrawn: int
    deactivated: int
    reminded: int
    warned: int

    @property
    def emitted(self) -> int:
        """How many events there are to publish."""
        return self.deactivated + self.reminded + self.warned


async def run(pool: Pool, months: int, now: datetime) -> Done:
    """Do what is due at `now`; with 0 months nothing is warned, and former warnings end."""
    async with transaction(pool) as tx:
        await dormancy_store.spare_signed_in(tx, now)
        cutoff = warned_cutoff(now, months) if months else None
        withdrawn = await dormancy_store.withdraw(tx, now, cutoff)
    counts = [0, 0, 0]
    if months:
        steps: tuple[Step, ...] = (_deactivate, _remind, _warn)
        counts = [await _in_batches(pool, step, months, now) for step in steps]
    deactivated, reminded, warned = counts
    done = Done(withdrawn=withdrawn, deactivated=deactivated, reminded=reminded, warned=warned)
    if done.withdrawn or done.emitted:
        log.info(
            "Accounts without a sign-in for a long time were warned or deactivated.",
            action="dormant_accounts",
            **vars(done),
        )
    return done


async def _in_batches(pool: Pool, step: Step, months: int, now: datetime) -> int:
    total = 0
    while True:
        async with transaction(pool) as tx:
            await lock_name(tx, "dormant_accounts")
            count = await step(tx, months, now)
        total += count
        if count < BATCH:
            return total


async def _deactivate(tx: Connection, _months: int, now: datetime) -> int:
    due = await dormancy_store.find_expired(tx, now, BATCH)
    for case in due:
        await account_order_store.deactivate(tx, case.account_id)
        await dormancy_store.save(
            tx, dataclasses.replace(case, outcome="deactivated", ended_at=now)
        )
        event = AccountDeactivated(deactivated_at=now, by=INACTIVITY)
        await emit(tx, OWNER, event, subject=case.account_id, now=now)
    return len(due)


async def _remind(tx: Connection, _months: int, now: datetime) -> int:
    due = await dormancy_store.find_unreminded(tx, now, BATCH)
    for case in due:
        later = second_deactivation_at(case.deactivation_at, now)
        reminded = dataclasses.replace(case, warned_again_at=now, deactivation_at=later)
        await _tell(tx, reminded, now, again=True)
    return len(due)


async def _warn(tx: Connection, months: int, now: datetime) -> int:
    due = await dormancy_store.find_unwarned(tx, warned_cutoff(now, months), BATCH)
    for account_id, last_used_at in due:
        case = DormantAccount(
            account_id=account_id,
            last_used_at=last_used_at,
            warned_at=now,
            deactivation_at=first_deactivation_at(last_used_at, now, months),
        )
        await _tell(tx, case, now, again=False)
    return len(due)


async def _tell(tx: Connection, case: DormantAccount, now: datetime, *, again: bool) -> None:
    await dormancy_store.save(tx, case)
    event = DormantAccountWarned(
        months=whole_months(case.last_used_at, now),
        deactivation_at=case.deactivation_at,
        again=again,
        warned_at=now,
    )
    await emit(tx, OWNER, event, subject=case.account_id, now=now)
