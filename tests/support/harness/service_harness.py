"""A service's handlers on a real database, without a broker, with a clock that the test moves.

`ServiceHarness.ask` does what the RPC server does: first the preparation, then the handler in one
transaction. Events are read from the outbox. Each service's tests derive a harness of their own.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec

from operations.docs.message_docs import all_refusals
from operations.provision.database_admin import execute
from shared.contracts.base import EVENTS, Event, Refusal, Reply, Request, Sealed
from shared.database import Pool, acquire, migrate, open_pool, transaction
from shared.messaging.envelope import Envelope
from shared.messaging.handlers import Answer, Context, RefusalReply, Refused, RequestContext
from shared.outbox import apply_once, insert_reserved, outbox_row
from shared.runtime.service import Service
from shared.security.sealing import Opener, Sealer, seal_context
from tests.support.reference_schemas import problems
from tests.support.servers.shared_servers import Database, TestServers

#: Empties a table with the owner's rights: the service's role cannot delete evidence.
EMPTY = """
CREATE FUNCTION empty_table(name regclass) RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN EXECUTE 'DELETE FROM ' || name::text; END $$
"""


@contextmanager
def service_tables(test_servers: TestServers, service: Service) -> Iterator[Database]:
    """A database with the tables of one service, dropped at the end."""
    database = test_servers.database()
    role = f"impex_{service.name}"
    asyncio.run(migrate(database.owner_url, service.name, role, service.migration_dirs))
    execute(database.owner_url, f"SET search_path = {service.name}; {EMPTY}")
    try:
        yield database
    finally:
        test_servers.drop(database)


@asynccontextmanager
async def service_pool(database: Database, service: Service) -> AsyncIterator[Pool]:
    """Sessions of one service for many tests: opening them takes as long as most tests."""
    pool = await open_pool(database.url(service.name), service.name, "tests", 10)
    try:
        yield pool
    finally:
        await pool.close()


@dataclass
class ServiceHarness:
    """One service with a clock of the test's own. `sealer` seals for it as its clients do."""

    service: Service
    pool: Pool
    now: datetime
    sealer: Sealer
    deps: Any = field(default=None, repr=False)

    def clock(self) -> datetime:
        """The test's moment."""
        return self.now

    def advance(self, **length: float) -> None:
        """Let time pass."""
        self.now += timedelta(**length)

    def seal(self, kind: type[Request], field_name: str, plain: str) -> Sealed:
        """The content of a sealed field from a client."""
        return self.sealer.seal(plain, seal_context(kind, field_name))

    async def ask(self, request: Request) -> Any:
        """The reply, or `Refused` with what the request's docstring names."""
        try:
            reply = await self.execute(request, await self.prepare(request))
            _check_described(reply)
            return reply
        except Refused as refused:
            _check_documented(request, refused.refusal)
            raise

    async def prepare(self, request: Request) -> Any:
        """The preparation, outside the transaction."""
        before = self._row(request).prepare
        return None if before is None else await before(request, self.deps, self.pool)

    async def execute(self, request: Request, prepared: Any) -> Any:
        """The rest, in the transaction: the reply, or `Refused`."""
        reply = await self._execute(request, prepared)
        if isinstance(reply, RefusalReply):
            raise Refused(reply.refusal)
        return reply

    async def is_stored(self, request: Request) -> bool:
        """Whether the reply, or the refusal, is stored for the same request."""
        reply = await self._execute(request, await self.prepare(request))
        return not isinstance(reply, RefusalReply) or reply.stored

    async def _execute(self, request: Request, prepared: Any) -> Any:
        async with transaction(self.pool) as tx:
            context = RequestContext(**self._parts(tx, request.TYPE), prepared=prepared)
            return await self._row(request).handler(request, context)

    async def refusal(self, request: Request) -> Refusal:
        """The refusal that a request must get."""
        try:
            reply = await self.ask(request)
        except Refused as refused:
            return refused.refusal
        raise AssertionError(f"not refused: {reply!r}")

    async def outcome(self, request: Request) -> str:
        """The slug it is refused with, or `done`."""
        try:
            await self.ask(request)
        except Refused as refused:
            return refused.refusal.slug
        return "done"

    async def handle_event(self, event: Event, subject: str | None = None) -> None:
        """Handle an event of another service."""
        (row,) = (each for each in self.service.hears if each.event is type(event))
        if not row.concerns(event):
            return
        if row.effect is not None:
            envelope = self._parts(None, event.TYPE, subject)["envelope"]
            effect = row.effect(event, envelope, self.now, self.deps)
            async with acquire(self.pool) as connection:
                done = await apply_once(connection, self.service.name, envelope.id, effect)
            if done is not None:
                return
        assert row.handler is not None
        prepared = None if row.prepare is None else await row.prepare(event, self.deps, self.pool)
        async with transaction(self.pool) as tx:
            parts = self._parts(tx, event.TYPE, subject)
            await row.handler(event, Context(**parts, prepared=prepared))

    async def events(self, *kinds: type[Event]) -> list[Any]:
        """Every event emitted so far, oldest first, of these kinds or of any."""
        return [event for _, _, event in await self.published(*kinds)]

    async def published(self, *kinds: type[Event]) -> list[tuple[str, str | None, Any]]:
        """(message id, subject, event), oldest first."""
        found = []
        for row in await self.fetch("SELECT message_id, body FROM outbox ORDER BY id"):
            envelope = msgspec.json.decode(row["body"])
            kind = EVENTS[envelope["type"]]
            if not kinds or kind in kinds:
                event = msgspec.convert(envelope["data"], kind)
                found.append((str(row["message_id"]), envelope.get("subject"), event))
        return found

    async def fetch(self, sql: str, *args: Any) -> list[Any]:
        """Rows of the service's own schema."""
        async with transaction(self.pool) as tx:
            return list(await tx.fetch(sql, *args))

    async def count(self, table: str) -> int:
        """How many rows a table has."""
        return int((await self.fetch(f"SELECT count(*) AS n FROM {table}"))[0]["n"])

    async def store_answer(self, subject: str) -> None:
        """Store an answer about an account, as the RPC server does."""
        sql = """
        INSERT INTO replies (type, idempotency_key, content_hash, answer, expires_at, subject)
        VALUES ('t', $1, '', '{}', now() + interval '1 hour', $2)
        """
        await self.fetch(sql, str(uuid4()), subject)

    async def stored_answers(self) -> set[str]:
        """The subjects of stored answers."""
        return {row["subject"] for row in await self.fetch("SELECT subject FROM replies")}

    async def clear_tables(self, *tables: str) -> None:
        """Delete the rows of these tables and of the common ones."""
        async with transaction(self.pool) as tx:
            for table in (*tables, "outbox", "inbox", "replies"):
                await tx.execute("SELECT empty_table($1::text::regclass)", table)

    def _row(self, request: Request) -> Answer:
        (row,) = (each for each in self.service.answers if each.request is type(request))
        return row

    def _parts(self, tx: Any, kind: str, subject: str | None = None) -> dict[str, Any]:
        async def emit_event(event: Event, *, subject: str | None) -> str:
            _check_described(event)
            row = outbox_row(self.service.name, event, subject=subject, now=self.now)
            await insert_reserved(tx, [row])
            return row.message_id

        envelope = Envelope(
            id=str(uuid4()), source="impex/tests", type=kind, subject=subject, time=self.now,
            traceparent=None, data={},
        )  # fmt: skip
        return {
            "tx": tx,
            "deps": self.deps,
            "envelope": envelope,
            "now": self.clock,
            "_emit": emit_event,
        }


def _check_described(message: msgspec.Struct) -> None:
    """The reference of messages has the formats, limits and values that the service gives."""
    found = problems(message)
    assert not found, f"operations/docs/field_rules.py, or a docstring, says otherwise: {found}"


def _check_documented(request: Request, refusal: Refusal) -> None:
    """The docstring of the request names the refusal: the reference has it from there."""
    named = {one.slug for one in all_refusals(type(request))}
    assert refusal.slug in named, f"{request.TYPE} does not say that it is refused with {refusal}"


def unseal(opener: Opener, reply: Reply, field_name: str) -> str:
    """A secret of a reply, as its client reads it."""
    return opener.open(getattr(reply, field_name), seal_context(type(reply), field_name))
