"""The loop that sends what is due: claims a few mails at a time and hands each to the courier.

Any number of mailers may run it. While the mail server is away nothing is claimed: due mails are
put off and said to be, the server is asked with growing pauses, and all goes out when it is back.
"""

from __future__ import annotations

import asyncio
import time
from uuid import uuid4

from prometheus_client import Gauge

from services.mailer import claims, store
from services.mailer.claims import Delivery
from services.mailer.courier import Courier
from services.mailer.smtp import ServerAway
from shared.database import TRANSIENT_ERRORS, transaction
from shared.database.pool import acquire
from shared.messaging.connection import describe
from shared.messaging.failures import frames
from shared.runtime.retrying import OutageLog
from shared.runtime.telemetry import REGISTRY, get_logger

#: Seconds between two looks without being nudged.
POLL = 1.0
#: Seconds between two questions to a mail server that is away.
FIRST_PROBE = 1.0
LONGEST_PROBE = 30.0
#: Mails put off or taken over in one transaction.
BATCH = 100

SERVER_UP = Gauge("impex_mail_server_up", "Whether the mail server answers.", registry=REGISTRY)
OLDEST = Gauge(
    "impex_oldest_mail_seconds", "Age of the oldest mail not yet seen off.", registry=REGISTRY
)

log = get_logger("mailer")


class Sender:
    """Sends through `courier`, at most `slots` mails at a time."""

    def __init__(self, courier: Courier, slots: int) -> None:
        self._courier = courier
        self._slots = slots
        self._tasks: dict[asyncio.Task[None], Delivery] = {}
        self._awake = asyncio.Event()
        self._claiming = asyncio.Lock()
        self._stopping = False
        self._away = False
        self._housekeeping_at = 0.0
        self._probe_at = 0.0
        self._probe_pause = FIRST_PROBE
        self._waiting = OutageLog("sender")

    def nudge(self) -> None:
        """A mail may be due now."""
        self._awake.set()

    async def run(self) -> None:
        """Send until `stop`; a database or mail server that is away is waited for."""
        SERVER_UP.set(1)
        while True:
            self._awake.clear()
            if not self._stopping:
                try:
                    await self._turn()
                    self._waiting.ended()
                except TRANSIENT_ERRORS as error:
                    self._waiting.started(error)
                    await asyncio.sleep(POLL)
            try:
                async with asyncio.timeout(POLL):
                    await self._awake.wait()
            except TimeoutError:
                pass

    async def renew_leases(self) -> None:
        """Give a sign of life for every mail that is being sent."""
        courier = self._courier
        while True:
            await asyncio.sleep(courier.lease / 3)
            held = {each.mail_id: each.claim for each in self._tasks.values() if each.claim}
            if not held:
                continue
            try:
                async with acquire(courier.pool) as tx:
                    await claims.renew(tx, held, courier.lease)
            except TRANSIENT_ERRORS as error:
                log.warning(
                    "Leases not renewed.", action="lease_not_renewed", reason=describe(error)
                )

    async def stop(self, seconds: float) -> None:
        """Claim nothing more; let what is being sent finish for `seconds`, then cut it."""
        self._stopping = True
        async with self._claiming:  # a claim on its way brings its mails along
            pass
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=seconds)
        cut = dict(self._tasks)
        for task in cut:
            task.cancel()
        if cut:
            await asyncio.wait(cut)
            log.warning("Some mails were cut short.", action="mail_cut", count=len(cut))
        await self._courier.lines.close_idle(older_than=0)

    async def _turn(self) -> None:
        now = time.monotonic()
        if now >= self._housekeeping_at:
            self._housekeeping_at = now + POLL
            await self._take_over()
            await self._courier.lines.close_idle()
            await self._measure()
        if self._away:
            await self._while_away()
        async with self._claiming:
            if not self._away and not self._stopping:
                await self._claim()

    async def _claim(self) -> None:
        free = self._slots - len(self._tasks)
        if free <= 0:
            return
        courier, token = self._courier, uuid4()
        # One statement is a transaction by itself, a round trip instead of three.
        async with acquire(courier.pool) as tx:
            mine = await claims.claim(tx, free, token, courier.lease, courier.clock())
        for delivery in mine:
            task = asyncio.create_task(
                self._deliver(delivery), name=f"mailer: mail {delivery.mail_id}"
            )
            self._tasks[task] = delivery
            task.add_done_callback(self._done)

    async def _deliver(self, delivery: Delivery) -> None:
        try:
            await self._courier.deliver(delivery)
        except ServerAway as error:
            self._server_away(error)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.pop(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            # The lease is no longer renewed, so the mail comes back by itself.
            log.error(
                "Sending a mail failed unexpectedly.",
                action="mail_bug",
                error_type=type(error).__name__,
                frames=frames(error),
            )
        self.nudge()

    def _server_away(self, error: ServerAway) -> None:
        if not self._away:
            log.error(
                "The mail server is away; mails wait.",
                action="mail_server_away",
                reason=error.reason,
            )
            SERVER_UP.set(0)
            self._probe_pause = FIRST_PROBE
            self._probe_at = time.monotonic() + self._probe_pause
        self._away = True

    async def _while_away(self) -> None:
        """Put off what is due, and ask the server when it is time to."""
        courier = self._courier
        async with transaction(courier.pool) as tx:
            for delivery in await claims.due(tx, BATCH, courier.clock()):
                await courier.put_off(tx, delivery)
        courier.wake_relay()
        if time.monotonic() < self._probe_at:
            return
        try:
            async with courier.lines.borrow():
                pass
        except ServerAway:
            self._probe_pause = min(self._probe_pause * 2, LONGEST_PROBE)
            self._probe_at = time.monotonic() + self._probe_pause
            return
        async with transaction(courier.pool) as tx:
            waiting = await claims.hasten_unreachable(tx, courier.clock())
        self._away = False
        SERVER_UP.set(1)
        log.info("The mail server is back.", action="mail_server_back", waiting=waiting)

    async def _take_over(self) -> None:
        courier = self._courier
        async with transaction(courier.pool) as tx:
            found = await claims.abandoned(tx, BATCH)
            for delivery in found:
                await courier.take_over(tx, delivery)
        if found:
            courier.wake_relay()

    async def _measure(self) -> None:
        courier = self._courier
        async with acquire(courier.pool) as tx:
            oldest = await store.oldest_waiting(tx)
        OLDEST.set(0 if oldest is None else (courier.clock() - oldest).total_seconds())
