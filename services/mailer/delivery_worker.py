"""The loop that sends due mails: it claims a few at a time and gives each to the courier.

Any number of mailers may run it. While the mail server is unavailable no mail is claimed: due mails
are deferred, with an event each, and the server is probed with growing pauses.
"""

import asyncio
import time
from contextlib import suppress
from uuid import uuid4

from services.mailer import claims, store
from services.mailer.courier import Courier
from services.mailer.deliveries import Delivery, State
from services.mailer.smtp import SmtpUnavailable
from shared.database import TRANSIENT_ERRORS, Connection, acquire, transaction
from shared.messaging.failures import frames
from shared.runtime.cancellation import raise_if_cancelled
from shared.runtime.metrics import gauge
from shared.runtime.retrying import OutageLog
from shared.runtime.telemetry import get_logger

#: Seconds between two polls when nothing wakes the worker.
POLL_SECONDS = 1.0
#: Seconds between two probes of a mail server that is unavailable.
MIN_PROBE_SECONDS = 1.0
MAX_PROBE_SECONDS = 5.0
#: Mails deferred or recovered in one transaction.
MAX_BATCH = 100
#: Seconds between two counts of what waits.
MEASURE_SECONDS = 5.0
WAITING_STATES = tuple(
    state.value
    for state in (State.PENDING, State.SENDING, State.TRANSMITTING, State.DEFERRED, State.HELD)
)

SERVER_UP = gauge("impex_mail_server_up", "Whether the mail server answers: 1 or 0.")
OLDEST_MAIL = gauge("impex_oldest_mail_seconds", "Age of the oldest mail not yet sent.")
WAITING_MAILS = gauge(
    "impex_mails_waiting",
    "Mails that are not sent yet; those held wait for an operator. Counted up to 100,000.",
    state=WAITING_STATES,
)

log = get_logger("mailer")


class DeliveryWorker:
    """Sends through `courier`, as many mails at a time as the settings allow connections."""

    def __init__(self, courier: Courier) -> None:
        self._courier = courier
        self._runtime = courier.runtime
        self._settings = courier.settings
        self._tasks: dict[asyncio.Task[None], Delivery] = {}
        self._awake = asyncio.Event()
        self._claiming = asyncio.Lock()
        self._stopping = False
        #: Whether the last claim left mails for the next one.
        self._more_due = False
        self._unavailable = False
        self._housekeeping_at = 0.0
        self._recovery_at = 0.0
        self._measure_at = 0.0
        self._probe_at = 0.0
        self._probe_pause = MIN_PROBE_SECONDS
        self._probing: asyncio.Task[bool] | None = None
        self._renewing = OutageLog("lease_not_renewed", "leases_renewed")
        self._waiting = OutageLog("sender_waits", "sender_resumed")

    def wake(self) -> None:
        """A mail may be due now."""
        self._awake.set()

    async def run(self) -> None:
        """Send until `stop`, through outages of the database and of the mail server."""
        SERVER_UP.set(1)
        while True:
            raise_if_cancelled()
            self._awake.clear()
            if not self._stopping:
                try:
                    await self._poll_once()
                    self._waiting.ended()
                except TRANSIENT_ERRORS as error:
                    self._waiting.started(error)
                    # Other mailers could not renew their leases either.
                    self._recovery_at = time.monotonic() + self._settings.mail_lease
                    await asyncio.sleep(POLL_SECONDS)
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL_SECONDS):
                    await self._awake.wait()

    async def renew_leases(self) -> None:
        """Renew the lease of every mail that is being sent."""
        if not self._tasks:
            return
        try:
            async with acquire(self._runtime.pool) as tx:
                await self._renew(tx)
            self._renewing.ended()
        except TRANSIENT_ERRORS as error:
            self._renewing.started(error)

    async def _renew(self, tx: Connection) -> None:
        held = {each.mail_id: each.claim for each in self._tasks.values() if each.claim}
        if held:
            await claims.renew(tx, held, self._settings.mail_lease)

    async def stop(self, seconds: float) -> None:
        """Claim no more mails; wait `seconds` for those being sent, then cancel them."""
        self._stopping = True
        async with self._claiming:  # a claim in progress adds its mails to `_tasks`
            pass
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=seconds)
        cut = dict(self._tasks)
        for task in cut:
            task.cancel()
        if self._probing is not None:
            self._probing.cancel()
            await asyncio.wait([self._probing])
        if cut:
            await asyncio.wait(cut)
            log.warning(
                "Some mails were interrupted by the stop.", action="mail_cut", count=len(cut)
            )
        await self._courier.smtp.close_idle(older_than=0)

    async def _poll_once(self) -> None:
        now = time.monotonic()
        if now >= self._housekeeping_at:
            self._housekeeping_at = now + POLL_SECONDS
            if now >= self._recovery_at:
                await self._recover_abandoned()
            await self._courier.smtp.close_idle()
            if now >= self._measure_at:
                self._measure_at = now + MEASURE_SECONDS
                await self._measure()
        if self._unavailable:
            await self._while_unavailable()
        async with self._claiming:
            if not self._unavailable and not self._stopping:
                await self._claim()

    async def _claim(self) -> None:
        free = self._settings.smtp_connections - len(self._tasks)
        if free <= 0:
            return
        now = self._runtime.clock()
        # One statement is its own transaction: one round trip instead of three.
        async with acquire(self._runtime.pool) as tx:
            mine = await claims.claim(tx, free, uuid4(), self._settings.mail_lease, now)
        self._more_due = len(mine) == free
        for delivery in mine:
            task = asyncio.create_task(
                self._deliver(delivery), name=f"mailer: mail {delivery.mail_id}"
            )
            self._tasks[task] = delivery
            task.add_done_callback(self._done)

    async def _deliver(self, delivery: Delivery) -> None:
        try:
            await self._courier.deliver(delivery)
        except SmtpUnavailable as error:
            self._server_unavailable(error)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.pop(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            # The lease is no longer renewed, so another worker recovers the mail.
            log.error(
                "Sending a mail failed unexpectedly.",
                action="mail_bug",
                error_type=type(error).__name__,
                frames=frames(error),
            )
        if self._more_due:
            self.wake()

    def _server_unavailable(self, error: SmtpUnavailable) -> None:
        if not self._unavailable:
            log.error(
                "The mail server is unavailable; mails are deferred.",
                action="mail_server_away",
                reason=error.reason,
            )
            SERVER_UP.set(0)
            self._probe_pause = MIN_PROBE_SECONDS
            self._probe_at = time.monotonic() + self._probe_pause
        self._unavailable = True

    async def _while_unavailable(self) -> None:
        """Defer due mails, and probe the server when it is time; mails do not wait for the probe,
        which a silent server lets last as long as a command may.
        """
        async with transaction(self._runtime.pool) as tx:
            events = [
                event
                for delivery in await claims.due(tx, MAX_BATCH, self._runtime.clock())
                for event in await self._courier.defer(tx, delivery)
            ]
        self._runtime.publish(events)
        if self._stopping:
            return
        if self._probing is None:
            if time.monotonic() < self._probe_at:
                return
            self._probing = asyncio.create_task(self._answers(), name="mailer: probe")
            self._probing.add_done_callback(lambda _task: self.wake())
        if not self._probing.done():
            return
        probing, self._probing = self._probing, None
        if not probing.result():
            self._probe_pause = min(self._probe_pause * 2, MAX_PROBE_SECONDS)
            self._probe_at = time.monotonic() + self._probe_pause
            return
        async with transaction(self._runtime.pool) as tx:
            waiting = await claims.retry_unreachable_now(tx, self._runtime.clock())
        self._unavailable = False
        SERVER_UP.set(1)
        log.info("The mail server is available again.", action="mail_server_back", waiting=waiting)

    async def _answers(self) -> bool:
        """Whether the mail server takes a connection."""
        try:
            async with self._courier.smtp.acquire():
                return True
        except SmtpUnavailable:
            return False

    async def _recover_abandoned(self) -> None:
        async with transaction(self._runtime.pool) as tx:
            # A process that was stopped for a while must not take its own mails for abandoned.
            await self._renew(tx)
            events = [
                event
                for delivery in await claims.abandoned(tx, MAX_BATCH)
                for event in await self._courier.recover_abandoned(tx, delivery)
            ]
        self._runtime.publish(events)

    async def _measure(self) -> None:
        async with acquire(self._runtime.pool) as tx:
            oldest = await store.oldest_waiting(tx)
            waiting = await store.count_waiting(tx)
        for state in WAITING_STATES:
            WAITING_MAILS.labels(state).set(waiting.get(state, 0))
        now = self._runtime.clock()
        OLDEST_MAIL.set(0 if oldest is None else (now - oldest).total_seconds())
