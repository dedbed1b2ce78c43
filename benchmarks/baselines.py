"""The baselines: each thing an account request needs, done by the bare library and nothing around
it.

They run in the harness's process, on uvloop, against the same servers and the same mail sink as
our services, with bodies of the size ours have. Every method returns milliseconds per call.
"""

import asyncio
import itertools
import os
import time
import uuid
from contextlib import AsyncExitStack
from typing import Self

import aio_pika
import aiohttp
import aiosmtplib
import argon2
import asyncpg
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage, AbstractQueue

from benchmarks.measure import timed
from benchmarks.subprocesses import Subprocess

BODY = os.urandom(512).hex().encode()  # 1 KiB, about what an event with two sealed secrets takes
EVENTS = "bench.baseline.events"
REPLIES = "amq.rabbitmq.reply-to"
HASHER = argon2.PasswordHasher(memory_cost=19_456, time_cost=2, parallelism=1)
TABLES = """
create table requests(
    id uuid primary key, account_id uuid not null,
    first_name text not null, last_name text not null,
    address text not null, address_key text not null, password_hash text not null,
    code_hash bytea not null, link_hash bytea not null unique, state text not null,
    created_at timestamptz not null default now(), expires_at timestamptz not null);
create index on requests(address_key);
create table outbox(
    id bigint generated always as identity primary key,
    message_id uuid not null, type text not null, body bytea not null,
    created_at timestamptz not null default now());
create table inbox(message_id uuid primary key, at timestamptz not null default now());
create table deliveries(
    id uuid primary key, cause uuid not null unique, recipient text not null, sealed bytea not null,
    state text not null, next_try_at timestamptz not null default now());
create index on deliveries(next_try_at) where state = 'pending';
"""
REQUEST = """
insert into requests(id, account_id, first_name, last_name, address, address_key, password_hash,
    code_hash, link_hash, state, expires_at)
values ($1, $2, 'Jeanne', 'Martin', $3, $3, $4, $5, $6, 'pending', now() + interval '1 day')
"""
OUTBOX = "insert into outbox(message_id, type, body) values ($1, 'baseline.Asked.v1', $2)"
INBOX = "insert into inbox(message_id) values ($1) on conflict do nothing returning message_id"
DELIVERY = """
insert into deliveries(id, cause, recipient, sealed, state) values ($1, $2, $3, $4, 'pending')
"""
FIELDS = {
    "first_name": "Jeanne",
    "last_name": "Martin",
    "address": "jeanne.martin@example.fr",
    "password": "Trois-Chevaux-Sautent-42",
    "csrf": "x" * 43,
    "key": str(uuid.uuid4()),
}


class Baselines:
    """Everything opened once; use as `async with Baselines(...) as baselines`."""

    def __init__(self, database_url: str, amqp_url: str, smtp_port: int, *, warm: int = 3) -> None:
        """Administrator's addresses of the private servers, and the sink's port. `warm` calls come
        before those that are asked for, uncounted."""
        self._warm = warm
        self.database_url = database_url
        self.amqp_url = amqp_url
        self.smtp_port = smtp_port
        self.mail_bytes = 6_000

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as opened:
            self.peer = await Subprocess.start("peer", self.amqp_url, "bench.baseline.requests")
            opened.push_async_callback(self.peer.stop)
            self.database = await self._open_database()
            opened.push_async_callback(self.database.close)
            self.broker = await opened.enter_async_context(await aio_pika.connect(self.amqp_url))
            self.http = await opened.enter_async_context(aiohttp.ClientSession())
            self.smtp = await opened.enter_async_context(
                aiosmtplib.SMTP(hostname="127.0.0.1", port=self.smtp_port, start_tls=False)
            )
            await self._open_channels()
            self._opened = opened.pop_all()
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._opened.aclose()

    async def _open_database(self) -> asyncpg.Connection:
        admin = await asyncpg.connect(self.database_url)
        name = f"bench_{uuid.uuid4().hex[:12]}"
        await admin.execute(f"create database {name}")
        await admin.close()
        database = await asyncpg.connect(self.database_url.rpartition("/")[0] + "/" + name)
        await database.execute(TABLES)
        return database

    async def _open_channels(self) -> None:
        self.channel = await self.broker.channel(publisher_confirms=True)
        self.exchange = await self.channel.declare_exchange(EVENTS, "topic", durable=True)
        self.replying: AbstractChannel = await self.broker.channel(publisher_confirms=False)
        self.waiting: dict[str, asyncio.Future[bytes]] = {}
        replies = await self.replying.get_queue(REPLIES, ensure=False)

        async def replied(message: AbstractIncomingMessage) -> None:
            future = self.waiting.pop(message.correlation_id or "", None)
            if future is not None:
                future.set_result(message.body)

        await replies.consume(replied, no_ack=True)

    async def hash(self, count: int) -> list[float]:
        """One argon2id of 19 MiB, two passes, one lane, in a thread."""
        return await timed(
            count, lambda: asyncio.to_thread(HASHER.hash, FIELDS["password"]), self._warm
        )

    async def asking(self, count: int) -> list[float]:
        """BEGIN, the request's row, the outbox row, COMMIT."""

        async def once() -> None:
            async with self.database.transaction():
                request, link = uuid.uuid4(), os.urandom(32)
                address = f"{request}@example.fr"
                row = (request, uuid.uuid4(), address, "$argon2id$" + "x" * 87, link, link)
                await self.database.execute(REQUEST, *row)
                await self.database.execute(OUTBOX, request, BODY)

        return await timed(count, once, self._warm)

    async def reading(self, count: int) -> list[float]:
        """One row found by its key."""
        (key,) = await self.database.fetchrow("select link_hash from requests limit 1")
        query = "select id, address, state from requests where link_hash = $1"
        return await timed(count, lambda: self.database.fetchrow(query, key), self._warm)

    async def delivering(self, count: int) -> list[float]:
        """BEGIN, the inbox row, the delivery's row, COMMIT."""

        async def once() -> None:
            async with self.database.transaction():
                cause = uuid.uuid4()
                await self.database.fetchval(INBOX, cause)
                row = (uuid.uuid4(), cause, f"{cause}@example.fr", BODY[:600])
                await self.database.execute(DELIVERY, *row)

        return await timed(count, once, self._warm)

    async def fresh_queue(self, name: str) -> AbstractQueue:
        """An empty quorum queue bound to the baselines' exchange by its own name."""
        await self.channel.queue_delete(name)
        queue = await self.channel.declare_queue(
            name, durable=True, arguments={"x-queue-type": "quorum"}
        )
        await queue.bind(self.exchange, name)
        return queue

    async def publish(self, name: str) -> None:
        """One persistent message, confirmed."""
        message = aio_pika.Message(BODY, delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
        await self.exchange.publish(message, name)

    async def confirm(self, count: int) -> list[float]:
        """Publish to a quorum queue and wait for the confirm, one at a time."""
        await self.fresh_queue("bench.baseline.confirm")
        spent = await timed(count, lambda: self.publish("bench.baseline.confirm"), self._warm)
        await self.channel.queue_delete("bench.baseline.confirm")
        return spent

    async def consume(self, count: int) -> list[float]:
        """From one delivery of a filled quorum queue to the next, prefetch 1, each acknowledged."""
        name, warm = "bench.baseline.consume", 4
        await self.fresh_queue(name)
        await asyncio.gather(*(self.publish(name) for _ in range(count + warm)))
        channel = await self.broker.channel()
        await channel.set_qos(prefetch_count=1)
        queue = await channel.get_queue(name)
        times: list[float] = []
        done = asyncio.Event()

        async def heard(message: AbstractIncomingMessage) -> None:
            await message.ack()
            times.append(time.perf_counter())
            if len(times) == count + warm:
                done.set()

        await queue.consume(heard)
        await asyncio.wait_for(done.wait(), 60)
        await channel.close()
        await self.channel.queue_delete(name)
        gaps = [1_000 * (after - before) for before, after in itertools.pairwise(times)]
        return gaps[-count:]

    async def mail(self, count: int) -> list[float]:
        """A ready-made message of our size over one connection that stays open."""
        head = b"From: a@example.fr\r\nTo: b@example.fr\r\nSubject: baseline\r\n\r\n"
        message = head + (b"x" * 74 + b"\r\n") * (self.mail_bytes // 76)

        async def once() -> None:
            await self.smtp.sendmail("a@example.fr", ["baseline@example.fr"], message)

        return await timed(count, once, self._warm)

    async def post(self, count: int) -> list[float]:
        """A form posted to a bare aiohttp server in another process, answered 303."""
        url = f"http://127.0.0.1:{self.peer.first['port']}/"

        async def once() -> None:
            async with self.http.post(url, data=FIELDS, allow_redirects=False) as answer:
                await answer.read()

        return await timed(count, once, self._warm)

    async def page(self, count: int) -> list[float]:
        """A page of one line, of a bare aiohttp server in another process."""
        return await self._get("/", count)

    async def rendered(self, count: int) -> list[float]:
        """A page of the portal, which that server has Jinja2 render and compresses."""
        return await self._get("/rendered", count)

    async def _get(self, path: str, count: int) -> list[float]:
        url = f"http://127.0.0.1:{self.peer.first['port']}{path}"

        async def once() -> None:
            async with self.http.get(url) as answer:
                await answer.read()

        return await timed(count, once, self._warm)

    async def call(self, body: bytes = BODY) -> bytes:
        """One request over direct reply-to to a bare responder in another process."""
        key = uuid.uuid4().hex
        future: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self.waiting[key] = future
        message = aio_pika.Message(body, correlation_id=key, reply_to=REPLIES)
        await self.replying.default_exchange.publish(message, "bench.baseline.requests")
        return await future

    async def request(self, count: int) -> list[float]:
        """Question and answer over the broker, one at a time."""
        return await timed(count, self.call, self._warm)
