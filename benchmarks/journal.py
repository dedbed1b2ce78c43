"""The journal: one event written, the story of an account among millions, a million rows verified.

Events are written by the service's own bus, next to the event of `messaging`: bare consume of as
many messages with an inbox row and an effect. A story is read by the service's own handler, with
ten thousand entries in the table and with ten million, which change names in turn. Rows to verify
are real: made by the functions of the service, under a key, and copied into the tables.
"""

import asyncio
import os
import statistics
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import aio_pika
import asyncpg
from pamqp.commands import Basic

from benchmarks.common import DATABASE_URL as BENCH_DATABASE_URL
from benchmarks.common import bare_pool, count_handled, ground, running
from benchmarks.environment import Environment
from benchmarks.generated_people import account_id, mixed
from benchmarks.generated_rows import (
    ENTRY_COLUMNS,
    VALUES_COLUMNS,
    VALUES_EACH,
    Ages,
    Table,
    entry_row,
    fill,
    values_row,
)
from benchmarks.measure import Line, Plan, ratio_line, timed
from benchmarks.messaging import fill as fill_queue
from benchmarks.messaging import heard_bare
from services.support.handlers.journal import read_timeline
from services.support.journal import Journal
from services.support.journal_chain import EMPTY, Tail, append
from services.support.journal_entries import Entry, Values, entry_of_event
from services.support.journal_jobs import LINK_SECONDS, link_entries
from services.support.journal_verification_store import verify
from services.support.service import SERVICE
from shared.contracts.base import Event
from shared.contracts.gateway import SessionClosed, SessionOpened
from shared.contracts.registration.events import AccountFrozen, PasswordAccepted
from shared.contracts.support.journal import ReadTimeline
from shared.database import Pool, acquire, open_pool
from shared.messaging.connection import BrokerConnection
from shared.messaging.envelope import Envelope, wrap
from shared.messaging.event_processor import PREFETCH
from shared.messaging.handlers import RequestContext
from shared.messaging.publisher import Publisher
from shared.messaging.service_bus import ServiceBus
from shared.messaging.topology import EVENTS, declare, service_topology
from shared.runtime.service import utc_now
from shared.security.sealing import KeyRing, Sealer, new_key

NAME = SERVICE.name
POOL = 10
DATABASE_URL = "IMPEX_SUPPORT_DATABASE_URL"
AMQP_URL = "IMPEX_SUPPORT_AMQP_URL"
PUBLISHER_URL = "IMPEX_GATEWAY_AMQP_URL"
SECONDS = 300
LOOK_SECONDS = 0.02
COPY_BATCH = 20_000
TURNS = 6
#: What an event may cost beside the floor.
MAX_COST = 1.3
TABLES = ("journal_entries", "journal_values", "journal_links", "journal_anchors")
KEYS = KeyRing.parse(new_key())


def _events(count: int) -> Iterator[tuple[Event, str]]:
    """Sessions opened and closed, with what they say about people and without, by account."""
    accounts = [str(uuid4()) for _ in range(100)]
    for number in range(count):
        account, at = accounts[number % len(accounts)], utc_now()
        if number % 2:
            yield SessionClosed(session_id=str(uuid4()), reason="signed_out", closed_at=at), account
        else:
            yield (
                SessionOpened(
                    session_id=str(uuid4()), device="Firefox 140, Windows", network="192.0.2.0/24",
                    new_device=False, failures=0, opened_at=at,
                ),
                account,
            )  # fmt: skip


async def _publish(url: str, count: int) -> None:
    link = BrokerConnection(url, "bench.journal")
    await link.open(timeout=0)
    publisher = Publisher(link)
    rows = [wrap("gateway", event, subject=who, now=utc_now()) for event, who in _events(count)]
    kinds = [type(event).TYPE for event, _ in _events(count)]
    try:
        for at in range(0, count, 100):
            await asyncio.gather(
                *(
                    publisher.publish(
                        body,
                        Basic.Properties(delivery_mode=2, message_id=name, message_type=kind),
                        exchange=EVENTS,
                        key=kind,
                    )
                    for (name, body), kind in zip(
                        rows[at : at + 100], kinds[at : at + 100], strict=True
                    )
                )
            )
    finally:
        await link.close()


async def _written(environment: Environment, pool: Pool, count: int) -> float:
    """Events per second from the first row to the last, linked each second in the same process."""
    journal = Journal(keys=KEYS)
    before = count_handled(NAME)
    node = ServiceBus(
        name=NAME,
        amqp_url=environment.urls[AMQP_URL],
        pool=pool,
        hears=SERVICE.hears,
        clock=utc_now,
    )

    async def link_each_second() -> None:
        while True:
            await asyncio.sleep(LINK_SECONDS)
            await link_entries(pool, journal)

    linking = asyncio.create_task(link_each_second())
    try:
        async with running(node, SimpleNamespace(journal=journal)), asyncio.timeout(SECONDS):
            while count_handled(NAME) == before:  # noqa: ASYNC110 - looking costs little
                await asyncio.sleep(0)
            begin = time.perf_counter()
            while count_handled(NAME) < before + count:  # noqa: ASYNC110 - looking costs little
                await asyncio.sleep(LOOK_SECONDS)
            spent = time.perf_counter() - begin
    finally:
        linking.cancel()
        with suppress(asyncio.CancelledError):
            await linking
    return count / spent


async def write(environment: Environment, plan: Plan) -> list[Line]:
    """An event in the journal, next to the floor of an event with inbox row and effect."""
    pairs = []
    async with AsyncExitStack() as opened:
        admin = await asyncpg.connect(environment.admin_urls.database_url)
        opened.push_async_callback(admin.close)
        pool = await open_pool(environment.urls[DATABASE_URL], NAME, "bench", POOL)
        opened.push_async_callback(pool.close)
        _, link, bare = await opened.enter_async_context(ground(environment))
        url = environment.urls[BENCH_DATABASE_URL]
        plain = await opened.enter_async_context(bare_pool(url))
        await _declare(environment)
        for _ in range(plan.rounds):
            await _empty(admin)
            await _publish(environment.urls[PUBLISHER_URL], plan.messages)
            ours = await _written(environment, pool, plan.messages)
            await fill_queue(link, plan.messages)
            pairs.append((ours, await heard_bare(bare, plain, plan.messages)))
        await _empty(admin)  # the service of later scenarios has another key: forged, for it
    return [
        ratio_line(
            "journal_event",
            f"event -> entry, values and link, at most {MAX_COST} x the cost",
            "/s",
            pairs,
            floor_name=f"bare consume, prefetch {PREFETCH}, inbox row and effect",
            at_least=1 / MAX_COST,
        )
    ]


async def _declare(environment: Environment) -> None:
    """The queue with its bindings, as the service makes it."""
    connection = await aio_pika.connect(environment.urls[AMQP_URL])
    async with connection:
        channel = await connection.channel()
        heard = [row.event for row in SERVICE.hears]
        asked = [row.request for row in SERVICE.answers]
        await declare(await channel.get_underlay_channel(), service_topology(NAME, heard, asked))


async def _empty(admin: Any) -> None:
    names = ", ".join(f"{NAME}.{table}" for table in (*TABLES, "journal_chaining", "inbox"))
    await admin.execute(f"TRUNCATE {names}; INSERT INTO {NAME}.journal_chaining DEFAULT VALUES")


# The story of one account.

ACCOUNT = UUID("0197c0de-0000-7000-8000-000000000001")
AGENT = UUID("0197c0de-0000-7000-8000-00000000a9e7")


async def read(environment: Environment, plan: Plan) -> list[Line]:
    """The first page of an account's story, p50 by round: few entries in the table, then many."""
    found: tuple[list[float], list[float]] = ([], [])
    (few_own, few), (many_own, many) = plan.journal
    async with AsyncExitStack() as opened:
        admin = await asyncpg.connect(environment.admin_urls.database_url, command_timeout=1_800)
        opened.push_async_callback(admin.close)
        pool = await open_pool(environment.urls[DATABASE_URL], NAME, "bench", 2)
        opened.push_async_callback(pool.close)
        await _fill(environment, admin, "few", few_own, few)
        await _fill(environment, admin, "many", many_own, many)
        await _add_agent(admin)
        for _ in range(plan.rounds):
            spent: tuple[list[float], list[float]] = ([], [])
            for _ in range(TURNS):
                for place, table in enumerate(("few", "many")):
                    async with _shown(admin, table), _reader(pool) as page:
                        spent[place].extend(await timed(plan.pages // TURNS, page, warm=10))
            for place in (0, 1):
                found[place].append(statistics.median(spent[place]))
    return [
        ratio_line(
            "journal_page",
            f"story of an account with {many_own:,} of {many:,} entries, p50",
            "ms",
            list(zip(found[1], found[0], strict=True)),
            floor_name=f"the same with {few_own:,} of {few:,}",
            at_most=1.2,
        )
    ]


async def _fill(environment: Environment, admin: Any, table: str, own: int, count: int) -> None:
    """Tables beside those that the service knows, alike but for their rows."""
    ages = Ages(utc_now())

    def entry(number: int) -> str:
        # Of every so many entries one belongs to the account; the others to accounts of forty each.
        mine = (number + 1) % (count // own) == 1
        account = str(ACCOUNT) if mine else account_id(mixed(number) % (count // 40 + 1))
        return entry_row(number + 1, account, ages.of(number, count, 360))

    entries = Table(name=f"{NAME}.{table}_entries", columns=ENTRY_COLUMNS, count=count, row=entry)
    values = Table(
        name=f"{NAME}.{table}_values",
        columns=VALUES_COLUMNS,
        count=count // VALUES_EACH,
        row=lambda number: values_row(number + 1),
    )
    for part in ("entries", "values"):
        await admin.execute(
            f"CREATE TABLE {NAME}.{table}_{part} (LIKE {NAME}.journal_{part} INCLUDING ALL);"
            f"GRANT SELECT, INSERT ON {NAME}.{table}_{part} TO impex_support"
        )
    await fill(environment.admin_urls.database_url, [entries, values])


async def _add_agent(admin: Any) -> None:
    """An agent, who has looked at the account today in both tables."""
    await admin.execute(
        f"INSERT INTO {NAME}.agents (id, address, address_key, language, role, state, since,"
        " password_hash, pepper_key_id) VALUES ($1, 'a@example.fr', 'a@example.fr', 'fr', 'agent',"
        " 'active', now(), '$argon2id$x', 'k1')",
        AGENT,
    )
    for table in ("few", "many"):
        await admin.execute(
            f"INSERT INTO {NAME}.{table}_entries (number, id, account_id, agent_id, type, section,"
            " at, heard_at, expires, public, key_id, mac) OVERRIDING SYSTEM VALUE"
            " VALUES (1000000000, gen_random_uuid(), $1, $2, 'support.AccountOpened', 'agents',"
            " now(), now(), true, '{\"reason\":\"account_security\"}', 'k1', $3)",
            ACCOUNT, AGENT, bytes(32),
        )  # fmt: skip


@asynccontextmanager
async def _shown(admin: Any, table: str) -> AsyncIterator[None]:
    """Let the service see these tables under the names that it knows."""
    async with admin.transaction():
        for part in ("entries", "values"):
            await admin.execute(f"ALTER TABLE {NAME}.journal_{part} RENAME TO own_{part}")
            await admin.execute(f"ALTER TABLE {NAME}.{table}_{part} RENAME TO journal_{part}")
    yield
    async with admin.transaction():
        for part in ("entries", "values"):
            await admin.execute(f"ALTER TABLE {NAME}.journal_{part} RENAME TO {table}_{part}")
            await admin.execute(f"ALTER TABLE {NAME}.own_{part} RENAME TO journal_{part}")


@asynccontextmanager
async def _reader(pool: Pool) -> AsyncIterator[Any]:
    """Reads the first page as the request does."""
    deps = SimpleNamespace(desk_sealer=Sealer("desk", KeyRing.parse(new_key())))
    request = ReadTimeline(agent_id=str(AGENT), account_id=str(ACCOUNT))

    async def page() -> None:
        async with acquire(pool) as connection:
            envelope = Envelope(
                id="", source="impex/desk", type=ReadTimeline.TYPE, subject=None, time=utc_now(),
                traceparent=None, data={},
            )  # fmt: skip
            context: Any = RequestContext(
                tx=connection, deps=deps, envelope=envelope, now=utc_now, _emit=None,  # type: ignore[arg-type]
            )  # fmt: skip
            view = await read_timeline(request, context)
            assert len(view.entries) == 50

    yield page


# A million rows verified.


async def check(environment: Environment, plan: Plan) -> list[Line]:
    """`impex journal verify` on real rows, in seconds."""
    spent: list[float] = []
    async with AsyncExitStack() as opened:
        admin = await asyncpg.connect(environment.admin_urls.database_url, command_timeout=1_800)
        opened.push_async_callback(admin.close)
        await admin.execute(f"SET search_path = {NAME}")
        await _empty(admin)
        await _copy_chain(admin, plan.chain)
        pool = await open_pool(environment.urls[DATABASE_URL], NAME, "bench", 2)
        opened.push_async_callback(pool.close)
        for _ in range(plan.rounds):
            begin = time.perf_counter()
            async with acquire(pool) as connection:
                report = await verify(connection, KEYS)
            spent.append(time.perf_counter() - begin)
            assert report.intact, report.findings[:3]
            assert report.links == plan.chain
        await _empty(admin)
    return [
        Line(
            scenario="journal_verify",
            what=f"{plan.chain:,} rows verified",
            unit="s",
            values=spent,
            aim="<= 60 s for 1,000,000",
            passed=None if plan.quick else statistics.median(spent) <= 60,
        )
    ]


async def _copy_chain(admin: Any, count: int) -> None:
    """Real entries, values and links by COPY."""
    tail, tails, number = EMPTY, dict[str, Tail](), 0
    begin = datetime.now(UTC) - timedelta(seconds=count)
    accounts = [str(uuid4()) for _ in range(count // 40 + 1)]
    while number < count:
        part: list[tuple[int, Entry]] = []
        values: list[tuple[int, bytes, str]] = []
        for _ in range(min(COPY_BATCH, count - number)):
            number += 1
            at = begin + timedelta(seconds=number)
            entry, apart = _entry(number, accounts[number * 7919 % len(accounts)], at)
            part.append((number, entry))
            if apart is not None:
                values.append((number, apart.salt, apart.text))
        links = append(part, tail, tails, KEYS)
        tail = Tail(number=links[-1].number, account_number=0, mac=links[-1].mac)
        for one in links:
            if one.account_id:
                tails[one.account_id] = Tail(
                    number=one.number, account_number=one.account_number, mac=one.mac
                )
        await _copy(admin, "journal_entries", [(n, *vars(e).values()) for n, e in part], Entry)
        await admin.copy_records_to_table(
            "journal_values", records=values, columns=("entry_number", "salt", "values")
        )
        await _copy(admin, "journal_links", [tuple(vars(one).values()) for one in links], None)
    await admin.execute("VACUUM ANALYZE")


async def _copy(admin: Any, table: str, records: Sequence[Any], kind: type[Entry] | None) -> None:
    columns = None if kind is None else ("number", *kind.__dataclass_fields__)
    await admin.copy_records_to_table(table, records=records, columns=columns)


def _entry(number: int, account: str, at: datetime) -> tuple[Entry, Values | None]:
    """An entry of one of four events."""
    event: Event = (
        SessionOpened(
            session_id="s", device="Firefox 140, Windows", network="192.0.2.0/24",
            new_device=False, failures=0, opened_at=at,
        ),
        PasswordAccepted(network="192.0.2.0/24", accepted_at=at),
        SessionClosed(session_id="s", reason="signed_out", closed_at=at),
        AccountFrozen(by="holder", desk_only=False, frozen_at=at),
    )[number % 4]  # fmt: skip
    return entry_of_event(
        event, id=str(UUID(int=number)), subject=account, at=at, now=at, keys=KEYS,
        salt=os.urandom(16),
    )  # fmt: skip
