"""Events of dossiers handled by the service's own bus, next to bare aio-pika and asyncpg.

Both sides take the same messages from the same queue, as the same user, into the same tables,
emptied before each turn, in the harness's process. Half of the events file a dossier, the other
half decides it.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import uuid4

import aio_pika
import asyncpg
from aio_pika.abc import AbstractIncomingMessage

from benchmarks.common import INBOX, bare_pool, count_handled, running
from benchmarks.environment import Environment
from benchmarks.measure import Line, Plan, ratio_line
from operations.operate.dossiers import DossierMessage, publish_all
from services.dossiers import store
from services.dossiers.dossier_updates import from_event
from services.dossiers.handlers import update_dossier
from services.dossiers.outcomes import Deps
from services.dossiers.service import SERVICE
from shared.contracts import backoffice
from shared.database import Pool, open_pool
from shared.messaging.envelope import Envelope
from shared.messaging.event_processor import PREFETCH
from shared.messaging.handlers import SqlEffect
from shared.messaging.service_bus import ServiceBus
from shared.messaging.topology import declare, service_topology
from shared.runtime.service import utc_now

POOL = 10
NAME = SERVICE.name
DATABASE_URL = "IMPEX_DOSSIERS_DATABASE_URL"
AMQP_URL = "IMPEX_DOSSIERS_AMQP_URL"
PUBLISHER_URL = "IMPEX_BACKOFFICE_AMQP_URL"
SECONDS = 300
LOOK_SECONDS = 0.01
#: The effect alone, as its own statement: the inbox row is another one.
EFFECT = f"WITH first AS (SELECT $1::text, $2::uuid) {store.UPSERT}"
#: What became of the event, for its publisher.
OUTCOME = """
INSERT INTO outcomes (publisher, message_id, type, dossier_id, version, outcome, at)
VALUES ($1, $2, $3, $4, $5, 'accepted', $6)
"""
CONTENTS = {
    "establishment": "Pharmacie des Trois Fontaines",
    "medicine": "Élinoxa",
    "dosage": "1 000 UI",
    "pharmaceutical_form": "poudre pour solution injectable",
}


def events(count: int) -> list[DossierMessage]:
    """So many: every dossier of a hundred accounts filed, then every one decided."""
    accounts = [str(uuid4()) for _ in range(100)]
    filed, decided = [], []
    for number in range(count // 2):
        account, at = accounts[number % len(accounts)], utc_now()
        same: dict[str, Any] = {
            "dossier_id": str(uuid4()),
            "kind": "AI",
            "number": f"2026-{number:06}",
        }
        filed.append(
            DossierMessage(
                account_id=account,
                event=backoffice.DossierFiled(**same, **CONTENTS, version=1, filed_at=at),
            )
        )
        decided.append(
            DossierMessage(
                account_id=account,
                event=backoffice.DossierDecided(**same, version=2, status="granted", decided_at=at),
            )
        )
    return [*filed, *decided]


@dataclass(frozen=True)
class Drained:
    """Events per second from the first delivery to the last effect, and the process's own work."""

    rate: float
    cpu_us: float


class Stopwatch:
    """Counts `count` events from the first one on."""

    def __init__(self, count: int) -> None:
        self.left = self._count = count
        self._began = self._worked = 0.0

    def begin(self) -> None:
        """A delivery is there; only the first one starts the watch."""
        if not self._began:
            self._began, self._worked = time.perf_counter(), time.process_time()

    def one(self) -> None:
        """An event has had its effect."""
        self.left -= 1

    async def result(self, left: Callable[[], int]) -> Drained:
        """Look until none is left without its effect."""
        async with asyncio.timeout(SECONDS):
            while left():  # noqa: ASYNC110 - looking costs both sides the same
                await asyncio.sleep(LOOK_SECONDS)
        spent, worked = time.perf_counter() - self._began, time.process_time() - self._worked
        return Drained(self._count / spent, 1e6 * worked / self._count)


async def heard_by_us(environment: Environment, pool: Pool, count: int) -> Drained:
    """Events drained by the service's node."""
    watch = Stopwatch(count)

    def begun(
        event: backoffice.DossierEvent, envelope: Envelope, now: datetime, deps: Deps
    ) -> SqlEffect:
        watch.begin()
        return update_dossier(event, envelope, now, deps)

    due = count_handled(NAME) + count
    node = ServiceBus(
        name=NAME,
        amqp_url=environment.urls[AMQP_URL],
        pool=pool,
        hears=tuple(replace(row, effect=begun, logged=False) for row in SERVICE.hears),
        clock=utc_now,
    )
    async with running(node, Deps(node.relay.is_heard)):
        return await watch.result(lambda: due - count_handled(NAME))


async def heard_bare(
    channel: aio_pika.abc.AbstractChannel,
    pool: Pool,
    ready: Mapping[str, "ReadyMade"],
) -> Drained:
    """The same by bare aio-pika and asyncpg: BEGIN, inbox, effect, outcome, COMMIT, ack.

    `ready` are the values by message id: nothing is decoded, checked or folded.
    """
    watch = Stopwatch(len(ready))
    await channel.set_qos(prefetch_count=PREFETCH)
    queue = await channel.get_queue(NAME, ensure=False)

    async def heard(message: AbstractIncomingMessage) -> None:
        watch.begin()
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute(INBOX, NAME, message.message_id)
            values = ready[message.message_id]
            await connection.execute(EFFECT, NAME, message.message_id, *values.effect)
            await connection.execute(OUTCOME, *values.outcome)
        await message.ack()
        watch.one()

    tag = await queue.consume(heard)
    drained = await watch.result(lambda: watch.left)
    await queue.cancel(tag)
    return drained


@dataclass(frozen=True)
class ReadyMade:
    """The values of the two rows of an event."""

    effect: Sequence[object]
    outcome: Sequence[object]


def _ready_made(one: DossierMessage) -> ReadyMade:
    now, publisher = utc_now(), backoffice.OWNER
    update = from_event(one.event, one.account_id, now)
    columns = (getattr(update, name) for name in store.COLUMNS[:-1])
    outcome = (publisher, one.message_id, one.event.TYPE, update.dossier_id, update.version, now)
    return ReadyMade((*columns, publisher), outcome)


async def drain(environment: Environment, plan: Plan) -> list[Line]:
    """`plan.dossier_events` of them, by ours and bare, in turn."""
    pairs = []
    async with AsyncExitStack() as opened:
        admin = await asyncpg.connect(environment.admin_urls.database_url)
        opened.push_async_callback(admin.close)
        pool = await open_pool(environment.urls[DATABASE_URL], NAME, "bench", POOL)
        opened.push_async_callback(pool.close)
        url = environment.urls[DATABASE_URL]
        plain = await opened.enter_async_context(bare_pool(url, NAME))
        bare = await opened.enter_async_context(await aio_pika.connect(environment.urls[AMQP_URL]))
        declaring = await bare.channel()
        heard = [row.event for row in SERVICE.hears]
        asked = [row.request for row in SERVICE.answers]
        await declare(await declaring.get_underlay_channel(), service_topology(NAME, heard, asked))
        await declaring.close()
        for _ in range(plan.rounds):
            await admin.execute("TRUNCATE dossiers.dossiers, dossiers.inbox, dossiers.outcomes")
            messages = events(plan.dossier_events)
            await publish_all(environment.urls[PUBLISHER_URL], messages)
            ours = await heard_by_us(environment, pool, len(messages))
            ready = {one.message_id: _ready_made(one) for one in messages}
            await admin.execute("TRUNCATE dossiers.dossiers, dossiers.inbox, dossiers.outcomes")
            await publish_all(environment.urls[PUBLISHER_URL], messages)
            async with bare.channel() as channel:
                pairs.append((ours, await heard_bare(channel, plain, ready)))
    baseline = f"bare consume, prefetch {PREFETCH}, the same SQL with ready-made values"
    return [
        ratio_line(
            "dossiers_drain",
            f"{plan.dossier_events} events -> inbox and dossier committed",
            "/s",
            [(ours.rate, bare.rate) for ours, bare in pairs],
            floor_name=baseline,
            at_least=1.4,
        ),
        ratio_line(
            "dossiers_drain",
            "CPU of the consuming process per event",
            "us",
            [(ours.cpu_us, bare.cpu_us) for ours, bare in pairs],
            floor_name=baseline,
            note="steadier on a busy machine; without broker and database",
        ),
    ]
