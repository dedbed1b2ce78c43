"""The loop that posts due deliveries: it claims a few of each receiver at a time.

Any number of processes may run it. A receiver that gives no answer is tried with one event at a
time, after growing waits, and the others do not wait for it.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from uuid import uuid4

from services.push import store
from services.push.receiver_client import ReceiverClient
from services.push.schedule import Outcome
from services.push.signatures import signed_headers
from services.push.store import Delivery
from shared.database import TRANSIENT_ERRORS, acquire, transaction
from shared.messaging.envelope import CONTENT_TYPE, traceparent_of
from shared.messaging.failures import frames
from shared.runtime.cancellation import raise_if_cancelled
from shared.runtime.metrics import SLOW, counter, gauge, histogram
from shared.runtime.retrying import OutageLog
from shared.runtime.service import Runtime
from shared.runtime.telemetry import get_logger, log_context, trace_id
from shared.runtime.tracing import http_headers, span, traceparent
from shared.security.signing_keys import SigningRing

#: Seconds between two polls when nothing wakes the worker.
POLL_SECONDS = 1.0
#: Attempts of one process at once.
MAX_TASKS = 32
#: Longer than an attempt and recording it may take.
LEASE = timedelta(seconds=60)
#: Seconds between two counts of what waits, after giving up what waited too long.
MEASURE_SECONDS = 5.0

ATTEMPTS = counter(
    "impex_push_attempts",
    "Attempts to push an event to a partner.",
    outcome=("delivered", "refused", "gone", "unavailable"),
)
DELIVERIES = gauge(
    "impex_push_deliveries",
    "Events for partners that are not delivered yet, and those given up in the last 30 days. "
    "Counted up to 100,000.",
    state=("waiting", "failed"),
)
OLDEST = gauge("impex_push_oldest_seconds", "Age of the oldest event that waits to be pushed.")
SECONDS = histogram(
    "impex_push_seconds", "Seconds from an event to its delivery at the partner.", SLOW
)

log = get_logger("push")


class DeliveryWorker:
    """Posts by `client`, signed with `ring`; `partners` says whether anybody is posted to."""

    def __init__(
        self,
        runtime: Runtime,
        client: ReceiverClient,
        ring: SigningRing,
        partners: Callable[[], tuple[str, ...]],
    ) -> None:
        self._runtime = runtime
        self._client = client
        self._ring = ring
        self._partners = partners
        self._tasks: set[asyncio.Task[None]] = set()
        self._awake = asyncio.Event()
        self._claiming = asyncio.Lock()
        self._stopping = False
        self._measure_at = 0.0
        self._waiting = OutageLog("push_waits", "push_resumed")

    def wake(self) -> None:
        """A delivery may be due now."""
        self._awake.set()

    async def run(self) -> None:
        """Post until `stop`, through outages of the database and of receivers."""
        while True:
            raise_if_cancelled()
            self._awake.clear()
            try:
                await self._poll_once()
                self._waiting.ended()
            except TRANSIENT_ERRORS as error:
                self._waiting.started(error)
                await asyncio.sleep(POLL_SECONDS)
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):
                    await self._awake.wait()

    async def stop(self) -> None:
        """Claim nothing more, and finish the attempts under way."""
        self._stopping = True
        async with self._claiming:  # a claim in progress adds its deliveries to `_tasks`
            pass
        if self._tasks:
            await asyncio.wait(set(self._tasks))

    async def purge(self) -> None:
        """Delete what ended long ago."""
        async with acquire(self._runtime.pool) as connection:
            count = await store.purge(connection, self._runtime.clock())
        if count:
            log.info("Deleted old deliveries.", action="deliveries_purged", count=count)

    async def _poll_once(self) -> None:
        if time.monotonic() >= self._measure_at:
            self._measure_at = time.monotonic() + MEASURE_SECONDS
            await self._measure()
        async with self._claiming:
            if self._partners() and not self._stopping:
                await self._claim()

    async def _claim(self) -> None:
        free = MAX_TASKS - len(self._tasks)
        if free <= 0:
            return
        now = self._runtime.clock()
        async with acquire(self._runtime.pool) as connection:
            mine = await store.claim(connection, free, uuid4(), LEASE, now)
        for delivery in mine:
            name = f"push: {delivery.partner} {delivery.message_id}"
            task = asyncio.create_task(self._deliver(delivery), name=name)
            self._tasks.add(task)
            task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        # In both cases its lease runs out, and it is posted again.
        if isinstance(error, TRANSIENT_ERRORS):
            log.warning(
                "What came of an attempt could not be stored: it is made again.",
                action="push_not_recorded",
                error_type=type(error).__name__,
            )
        elif error is not None:
            log.error(
                "Pushing an event failed unexpectedly.",
                action="push_bug",
                error_type=type(error).__name__,
                frames=frames(error),
            )
        self.wake()

    async def _deliver(self, one: Delivery) -> None:
        names = {"message_id": str(one.message_id), "partner": one.partner}
        # The task's own: each attempt is a part of the event's trace.
        traceparent.set(traceparent_of(one.body))
        with log_context(trace_id=trace_id(traceparent.get()), **names):
            now = self._runtime.clock()
            headers = signed_headers(one.url, one.body, CONTENT_TYPE, self._ring.keys, now)
            with span("push", f"push {one.type}", "client") as posting:
                outcome = await self._client.post(
                    one.url, one.body, {**headers, **http_headers()}, now
                )
                posting.set("impex.partner", one.partner)
                posting.set("impex.outcome", outcome.kind)
                if outcome.status:
                    posting.set("http.response.status_code", outcome.status)
            ATTEMPTS.labels(outcome.kind).inc()
            await self._record(one, outcome)

    async def _record(self, one: Delivery, outcome: Outcome) -> None:
        now = self._runtime.clock()
        async with transaction(self._runtime.pool) as tx:
            recorded = await store.record(tx, one, outcome, now)
        if recorded.failures == 1:
            log.warning(
                "A partner's receiver is unavailable; its events wait.",
                action="push_receiver_away",
                status=outcome.status,
                reason=outcome.reason,
            )
        if recorded.back:
            log.info("A partner's receiver answers again.", action="push_receiver_back")
        if not recorded.mine:
            log.warning("An attempt took longer than its lease.", action="push_lease_lost")
            return
        self._log_outcome(one, outcome)
        if outcome.kind == "delivered":
            SECONDS.observe((now - one.said_at).total_seconds())

    def _log_outcome(self, one: Delivery, outcome: Outcome) -> None:
        facts = {
            "type": one.type,
            "attempt": one.attempts + 1,
            "status": outcome.status,
            "reason": outcome.reason or None,
        }
        match outcome.kind:
            case "delivered":
                log.info("Pushed.", action="push_delivered", **facts)
            case "gone":
                log.error("A partner will not take an event.", action="push_failed", **facts)
            case _:
                log.warning("Not pushed yet.", action="push_deferred", **facts)

    async def _measure(self) -> None:
        now = self._runtime.clock()
        async with acquire(self._runtime.pool) as connection:
            for partner, count in await store.give_up(connection, now):
                log.error(
                    "Events were posted in vain for three days: they are given up.",
                    action="push_failed",
                    partner=partner,
                    count=count,
                )
            found = await store.measure(connection)
        DELIVERIES.labels("waiting").set(found.waiting)
        DELIVERIES.labels("failed").set(found.failed)
        OLDEST.set((now - found.since).total_seconds() if found.since else 0)
