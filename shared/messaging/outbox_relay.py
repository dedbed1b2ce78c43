"""From the outbox to the broker: claim, publish under confirms, delete what was confirmed.

Promises that every committed row is published at least once. Several relays may run at a time; rows
are then published in no particular order. A process gives its own relay what it has just committed;
polling finds every row that was not published so, whatever the reason.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from pamqp.commands import Basic

from shared.contracts.base import Event
from shared.database import TRANSIENT_ERRORS, Pool, acquire, transaction
from shared.errors import DependencyDown
from shared.messaging.envelope import CONTENT_TYPE, traceparent_of
from shared.messaging.errors import PublishNotConfirmed, Unroutable
from shared.messaging.publisher import Publisher
from shared.messaging.queue_consumer import wait_first
from shared.messaging.topology import EVENTS, PARTNER_NAME, PARTNERS, partner_key
from shared.outbox import OutboxRow
from shared.runtime import tracing
from shared.runtime.cancellation import raise_if_cancelled
from shared.runtime.retrying import OutageLog
from shared.runtime.telemetry import get_logger

#: Rows in one transaction: most of the gain of a larger batch, and a short transaction.
BATCH = 100
#: Batches at a time while more than one is due: one is published while the other's rows are claimed
#: or deleted. Each holds a connection until the broker confirms: one of the pool is left to others.
BATCHES_AT_ONCE = 2
#: Rows of this process that it has in memory: further ones are left in the outbox.
MAX_RESERVED = 10 * BATCH
#: Seconds between two looks without being woken.
POLL = 1.0
#: Seconds that a confirmed row stays in the outbox at most, to be deleted together with others.
#: Shorter than rows are reserved, or another process would publish it again.
DELETE_AFTER = 0.2
#: Seconds after which a partner that does not hear a type is offered another one of it.
ABSENT_SECONDS = 2.0
MAX_ABSENT = 1_000
#: Seconds after which the first event for a partner is published, to know whether it is taken.
FIRST_OFFER_SECONDS = 0.05
#: Seconds a refused row waits at most: a broker that refuses, such as one without disk space, may
#: accept again at any moment.
MAX_WAIT = 4

_CLAIM = """
SELECT id, message_id::text, type, body, attempts, recipient FROM outbox
WHERE next_at <= now() ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED
"""
_DELETE = "DELETE FROM outbox WHERE id = ANY($1::bigint[])"
_DELETE_RESERVED = "DELETE FROM outbox WHERE message_id = ANY($1::uuid[])"
_POSTPONE = """
UPDATE outbox SET attempts = attempts + 1, last_error = $2,
    next_at = now() + make_interval(secs => least(power(2, least(attempts, 10)), $3))
WHERE id = $1
"""

log = get_logger("relay")


class Relay:
    """The relay of one service; `run` is a task to be watched."""

    def __init__(self, pool: Pool, publisher: Publisher) -> None:
        self._pool = pool
        self._publisher = publisher
        self._awake = asyncio.Event()
        self._polling = True
        self._reserved: list[OutboxRow] = []
        self._confirmed: list[str] = []
        self._delete_at = 0.0
        self._stopping = asyncio.Event()
        self._stopped = asyncio.Event()
        self._outages = OutageLog("relay_waits", "relay_resumed")
        self._absent: dict[str, float] = {}
        self._offered: set[str] = set()

    def wake(self) -> None:
        """Poll the outbox now; call it after the commit."""
        self._polling = True
        self._awake.set()

    def is_heard(self, event: type[Event], partner: str) -> bool:
        """Whether to write an event of this type for the partner: not where the user is no partner,
        and where it does not hear the type, one now and then to see whether it still does not."""
        if not PARTNER_NAME.fullmatch(partner):
            return False
        key, now = partner_key(event.TYPE, partner), time.monotonic()
        since = self._absent.get(key)
        if since is None:
            if key not in self._offered:
                self._offered.add(key)
                asyncio.get_running_loop().call_later(FIRST_OFFER_SECONDS, self.wake)
            return True
        if now - since < ABSENT_SECONDS:
            return False
        self._absent[key] = now
        return True

    def publish_reserved(self, rows: Sequence[OutboxRow]) -> None:
        """Publish now what `emit` reserved; call it after the commit."""
        # Else they wait in the outbox, not in memory: a blocked broker may take none for long.
        if self._publisher.connection.is_up and len(self._reserved) < MAX_RESERVED:
            self._reserved += rows
            self._awake.set()

    async def run(self) -> None:
        """Publish until `stop`. Waits while the broker or the database is unavailable."""
        loop = asyncio.get_running_loop()
        next_poll = loop.time()
        try:
            while not self._stopping.is_set():
                raise_if_cancelled()
                await wait_first(self._publisher.connection.wait_up(), self._stopping.wait())
                self._awake.clear()
                if self._polling or loop.time() >= next_poll:
                    self._polling = False
                    published = await self._until_empty()
                    next_poll = loop.time() + POLL
                else:
                    published = await self._guarded(self._publish_all_reserved)
                if not published:
                    await wait_first(self._stopping.wait(), asyncio.sleep(POLL))
                elif not self._awake.is_set():
                    until = min(next_poll, self._delete_at) if self._confirmed else next_poll
                    pause = asyncio.sleep(max(0.0, until - loop.time()))
                    await wait_first(self._awake.wait(), self._stopping.wait(), pause)
            await self._until_empty()
        finally:
            self._stopped.set()

    async def stop(self, seconds: float) -> None:
        """Publish the remaining rows for at most `seconds`; the rest stays in the outbox."""
        self._stopping.set()
        await wait_first(self._stopped.wait(), asyncio.sleep(seconds))

    async def _until_empty(self) -> bool:
        """Publish what is reserved, then batch after batch; False if a server is unavailable."""

        async def publish_all() -> None:
            await self._publish_all_reserved()
            await self._delete_confirmed()
            await self.publish_due()

        return await self._guarded(publish_all)

    async def _guarded(self, work: Callable[[], Awaitable[None]]) -> bool:
        """False if `work` found a server unavailable."""
        try:
            await work()
        except TRANSIENT_ERRORS as error:
            # Whatever the error, the rows are still there and another poll is safe.
            self._reserved.clear()
            self._outages.started(error)
            return False
        self._outages.ended()
        return True

    async def _publish_all_reserved(self) -> None:
        """A row that is not confirmed is left to the poll, which postpones it with the reason. What
        comes meanwhile is left to the next round, so that rows of others have their turn."""
        taken, self._reserved = self._reserved, []
        for start in range(0, len(taken), BATCH):
            rows = taken[start : start + BATCH]
            tries = (self._publish(row.message_id, row.type, row.body) for row in rows)
            outcomes = await asyncio.gather(*tries, return_exceptions=True)
            failures = [one for one in outcomes if one is not None]
            if not self._confirmed:
                self._delete_at = asyncio.get_running_loop().time() + DELETE_AFTER
            self._confirmed += (
                row.message_id
                for row, outcome in zip(rows, outcomes, strict=True)
                if outcome is None
            )
            if len(self._confirmed) >= BATCH:
                await self._delete_confirmed()
            for failure in failures:
                if not isinstance(failure, PublishNotConfirmed):
                    raise failure

        if asyncio.get_running_loop().time() >= self._delete_at:
            await self._delete_confirmed()

    async def _delete_confirmed(self) -> None:
        if self._confirmed:
            async with acquire(self._pool) as connection:
                await connection.execute(_DELETE_RESERVED, self._confirmed)
            self._confirmed.clear()

    async def publish_due(self) -> None:
        """Publish batch after batch until no row is due. Raises what `publish_batch` does."""

        async def until_empty() -> None:
            while await self.publish_batch() == BATCH:
                pass

        if await self.publish_batch() == BATCH:
            at_once = min(BATCHES_AT_ONCE, max(1, self._pool.get_max_size() - 1))
            several = (until_empty() for _ in range(at_once))
            for outcome in await asyncio.gather(*several, return_exceptions=True):
                if outcome is not None:
                    raise outcome

    async def publish_batch(self) -> int:
        """Publish up to a hundred due rows; returns how many were due.

        Refused rows stay, with the reason and a later time; DependencyDown leaves them untouched.
        """
        down: DependencyDown | None = None
        async with transaction(self._pool) as tx:
            rows = await tx.fetch(_CLAIM, BATCH)
            if not rows:
                return 0
            tries = (
                self._publish(
                    row["message_id"], row["type"], row["body"].encode(), row["recipient"]
                )
                for row in rows
            )
            outcomes = await asyncio.gather(*tries, return_exceptions=True)
            confirmed, refused = [], []
            for row, outcome in zip(rows, outcomes, strict=True):
                if outcome is None:
                    confirmed.append(row["id"])
                elif isinstance(outcome, PublishNotConfirmed):
                    refused.append((row["id"], str(outcome), MAX_WAIT))
                elif isinstance(outcome, DependencyDown):
                    down = outcome
                else:
                    raise outcome
            await tx.execute(_DELETE, confirmed)
            if refused:
                await self._postpone(tx, refused)
        if down is not None:
            raise down
        return len(rows)

    async def _postpone(self, tx: Any, refused: Sequence[tuple[int, str, int]]) -> None:
        await tx.executemany(_POSTPONE, refused)
        log.warning(
            "Some events were not confirmed; they will be published again.",
            action="relay_refused",
            count=len(refused),
            reason=refused[0][1],
        )

    async def _publish(
        self, message_id: str, message_type: str, body: bytes, partner: str | None = None
    ) -> None:
        properties = Basic.Properties(
            content_type=CONTENT_TYPE,
            delivery_mode=2,
            message_id=message_id,
            message_type=message_type,
        )
        of = traceparent_of(body) if tracing.is_on() else None
        with tracing.span(
            self._publisher.connection.user, f"publish {message_type}", "producer", of=of
        ):
            if partner is None:
                await self._publisher.publish(body, properties, exchange=EVENTS, key=message_type)
            else:
                await self._publish_to(partner, message_type, body, properties)

    async def _publish_to(
        self, partner: str, message_type: str, body: bytes, properties: Basic.Properties
    ) -> None:
        """Publish for one partner; nothing where it does not hear the type."""
        key = partner_key(message_type, partner)
        try:
            await self._publisher.publish(body, properties, exchange=PARTNERS, key=key)
            self._absent.pop(key, None)
        except Unroutable:
            if len(self._absent) >= MAX_ABSENT:
                self._absent.clear()
            self._absent[key] = time.monotonic()
