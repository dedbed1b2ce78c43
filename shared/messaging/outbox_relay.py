"""From the outbox to the broker: claim, publish under confirms, delete what was confirmed.

Promises that every committed row is published at least once. Several relays may run at a time; rows
are then published in no particular order. An event in the process wakes it, polling is the truth.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from pamqp.commands import Basic

from shared.database import TRANSIENT_ERRORS, Pool, transaction
from shared.errors import DependencyDown
from shared.messaging.envelope import CONTENT_TYPE
from shared.messaging.errors import PublishNotConfirmed
from shared.messaging.publisher import Publisher
from shared.messaging.queue_consumer import wait_first
from shared.messaging.topology import EVENTS
from shared.runtime.retrying import OutageLog
from shared.runtime.telemetry import get_logger

#: Rows in one transaction: most of the gain of a larger batch, and a short transaction.
BATCH = 100
#: Seconds between two looks without being woken.
POLL = 1.0
#: Seconds a refused row waits at most: a broker that refuses, such as one without disk space, may
#: accept again at any moment.
MAX_WAIT = 4

_CLAIM = """
SELECT id, message_id::text, type, body, attempts FROM outbox
WHERE next_at <= now() ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED
"""
_DELETE = "DELETE FROM outbox WHERE id = ANY($1::bigint[])"
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
        self._stopping = asyncio.Event()
        self._stopped = asyncio.Event()
        self._outages = OutageLog("relay_waits", "relay_resumed")

    def wake(self) -> None:
        """Poll the outbox now; call it after the commit."""
        self._awake.set()

    async def run(self) -> None:
        """Publish until `stop`. Waits while the broker or the database is unavailable."""
        try:
            while not self._stopping.is_set():
                await wait_first(self._publisher.connection.wait_up(), self._stopping.wait())
                self._awake.clear()
                if not await self._until_empty():
                    await wait_first(self._stopping.wait(), asyncio.sleep(POLL))
                elif not self._awake.is_set():
                    await wait_first(self._awake.wait(), self._stopping.wait(), asyncio.sleep(POLL))
            await self._until_empty()
        finally:
            self._stopped.set()

    async def stop(self, seconds: float) -> None:
        """Publish the remaining rows for at most `seconds`; the rest stays in the outbox."""
        self._stopping.set()
        await wait_first(self._stopped.wait(), asyncio.sleep(seconds))

    async def _until_empty(self) -> bool:
        """Publish batch after batch; False if a server is unavailable."""
        try:
            while await self.publish_batch() == BATCH:
                pass
        except TRANSIENT_ERRORS as error:
            # Whatever the error, the rows are still there and another poll is safe.
            self._outages.started(error)
            return False
        self._outages.ended()
        return True

    async def publish_batch(self) -> int:
        """Publish up to a hundred due rows; returns how many were due.

        Refused rows stay, with the reason and a later time; DependencyDown leaves them untouched.
        """
        down: DependencyDown | None = None
        async with transaction(self._pool) as tx:
            rows = await tx.fetch(_CLAIM, BATCH)
            if not rows:
                return 0
            outcomes = await asyncio.gather(*map(self._publish, rows), return_exceptions=True)
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

    async def _publish(self, row: Any) -> None:
        properties = Basic.Properties(
            content_type=CONTENT_TYPE,
            delivery_mode=2,
            message_id=row["message_id"],
            message_type=row["type"],
        )
        await self._publisher.publish(
            row["body"].encode(), properties, exchange=EVENTS, key=row["type"]
        )
