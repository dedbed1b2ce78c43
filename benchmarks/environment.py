"""A private environment to measure in: PostgreSQL, RabbitMQ, the mail sink, and every service.

All of it listens on its own loopback ports, has its data in one temporary folder, and ends
afterwards: each child is stopped by its own process id. PostgreSQL flushes as in production.
"""

import asyncio
import itertools
import os
import re
import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import aiohttp
import asyncpg

from benchmarks.baselines import Baselines
from benchmarks.browser import Mailbox
from benchmarks.sample_service import SERVICE as BENCH
from benchmarks.subprocesses import Subprocess
from operations import service_registry
from operations.install.paths import ROOT
from operations.local.postgres import Postgres
from operations.local.processes import Child, free_port
from operations.local.rabbit import Rabbit
from operations.provision.broker_admin import BrokerAdmin
from operations.provision.provisioning import (
    DATABASE,
    OWNER_URL,
    AdminUrls,
    account_urls,
    accounts,
    migrate_all,
    provision_broker,
    provision_database,
    ring_makers,
)
from operations.provision.secrets_dir import new_password
from services.operations.settings import MANAGEMENT_URL

START_SECONDS = 60
#: Two environments may be there at once.
NUMBERS = itertools.count(1)
#: The name of the process that runs all services.
TOGETHER = "all services"
#: The server counts what each service asks of it.
STATEMENT_SETTINGS = (
    "shared_preload_libraries = 'pg_stat_statements'",
    "pg_stat_statements.max = 10000",
)
STATEMENTS = """
SELECT substr(role.rolname, 7) AS service, query, calls, total_exec_time AS milliseconds
FROM pg_stat_statements AS counted JOIN pg_roles AS role ON role.oid = counted.userid
WHERE role.rolname LIKE 'impex\\_%' AND role.rolname <> 'impex_admin'
"""
ANSWERED = re.compile(r"^impex_requests_total\{.*\} (\S+)$", re.M)
HANDLED = re.compile(r"^impex_messages_total\{.*\} (\S+)$", re.M)


@dataclass(frozen=True)
class StatementCounts:
    """Calls and milliseconds by (service, statement)."""

    of: Mapping[tuple[str, str], tuple[int, float]]

    def since(self, before: "StatementCounts") -> "StatementCounts":
        """What was added to `before`."""
        added = {}
        for key, (calls, milliseconds) in self.of.items():
            earlier = before.of.get(key, (0, 0.0))
            if calls > earlier[0]:
                added[key] = calls - earlier[0], milliseconds - earlier[1]
        return StatementCounts(added)

    def calls(self, service: str | None = None, statement: str | None = None) -> int:
        """How many statements, or how many of one such as COMMIT, all services made or one."""
        return sum(
            calls
            for (whose, text), (calls, _) in self.of.items()
            if service in (None, whose) and statement in (None, text)
        )


class Environment:
    """Use as `async with Environment()`; everything it started ends with the block."""

    children: dict[str, Child]

    async def __aenter__(self) -> Self:
        self.children = {}
        async with AsyncExitStack() as opened:
            self.folder = Path(tempfile.mkdtemp(prefix="impex-bench-"))
            self.folder.chmod(0o755)  # the databases' user must be able to pass
            opened.callback(shutil.rmtree, self.folder, ignore_errors=True)
            self._start_servers(opened)
            sink = await Subprocess.start("smtp_sink")
            opened.push_async_callback(sink.stop)
            self.smtp_port = int(sink.first["port"])
            self.mailbox = Mailbox(sink)
            opened.push_async_callback(self.mailbox.close)
            self.baselines = await opened.enter_async_context(
                Baselines(self.postgres.url(), self.admin_urls.amqp_url, self.smtp_port)
            )
            self._settings()
            opened.push_async_callback(self.stop_services)
            self._opened = opened.pop_all()
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._opened.aclose()

    def _start_servers(self, opened: AsyncExitStack) -> None:
        """Both servers, and in them what every service needs to find."""
        self.postgres = Postgres(
            self.folder / "postgresql", secrets.token_hex(12), settings=STATEMENT_SETTINGS
        )
        opened.callback(self.postgres.stop)
        name = f"bench{os.getpid()}x{next(NUMBERS)}"
        self.rabbit = Rabbit(self.folder / "rabbitmq", secrets.token_hex(12), name=name)
        opened.callback(self.rabbit.stop)
        self.rabbit.start()
        self.postgres.start()
        self.postgres.wait()
        self.rabbit.wait()
        self.admin_urls = AdminUrls(
            self.postgres.url(DATABASE), self.rabbit.url(), self.rabbit.management_url
        )
        services = [*service_registry.services(), BENCH]
        principals = [service_registry.principal(one) for one in services]
        passwords = {name: new_password() for name in accounts(principals).values()}
        provision_database(self.admin_urls, principals, passwords)
        provision_broker(self.admin_urls, principals, passwords)
        self.urls = account_urls(self.admin_urls, principals, passwords)
        migrate_all(self.urls[OWNER_URL], services)

    def _settings(self) -> None:
        """The services' settings; all others have the defaults of the try-out."""
        self.services = service_registry.service_names()
        self.health_ports = {name: free_port() for name in self.services}
        port, desk_port = free_port(), free_port()
        self.base_url = f"http://127.0.0.1:{port}"
        management = f"http://127.0.0.1:{self.rabbit.ports['management']}"
        self.values = {
            **self.urls,
            MANAGEMENT_URL: management,
            **{ring: make() for ring, make in ring_makers().items()},
            **{f"IMPEX_{n.upper()}_HEALTH_PORT": str(p) for n, p in self.health_ports.items()},
            "IMPEX_BASE_URL": self.base_url,
            "IMPEX_GATEWAY_PORT": str(port),
            "IMPEX_DESK_PORT": str(desk_port),
            "IMPEX_DESK_BASE_URL": f"http://127.0.0.1:{desk_port}",
            "IMPEX_SMTP_URL": f"smtp://127.0.0.1:{self.smtp_port}",
            "IMPEX_MAIL_SENDER": "ne-pas-repondre@example.fr",
        }

    async def start_services(self, *, cheap_hashes: bool = False, **extra: str) -> None:
        """Start every service afresh and wait until each reports that it is ready.

        `extra` are further variables: settings, or the interpreter's own.
        """
        await self.stop_services()
        through = ["benchmarks.cheap_hashes"] if cheap_hashes else []
        for name in self.services:
            self._start(name, [*through, service_registry.package(name)], [name], extra)
        await self._all_ready()

    async def start_in_one_process(self) -> None:
        """The same with `impex run`: all services in the child `TOGETHER`."""
        await self.stop_services()
        self._start(TOGETHER, ["operations", "run", *self.services], self.services, {})
        await self._all_ready()

    def _start(
        self, child: str, module: Sequence[str], services: Sequence[str], extra: Mapping[str, str]
    ) -> None:
        self.children[child] = Child(
            child,
            [sys.executable, "-m", *module],
            self.folder / f"{child}.log",
            {**service_registry.environment(services, self.values, {}), **extra},
            ROOT,
        )
        self.children[child].start()

    async def _all_ready(self) -> None:
        async with asyncio.timeout(START_SECONDS):
            for name in self.services:
                await self._ready(name)

    async def _ready(self, name: str) -> None:
        url = f"http://127.0.0.1:{self.health_ports[name]}/health/ready"
        child = self.children.get(name) or self.children[TOGETHER]
        async with aiohttp.ClientSession() as session:
            while True:
                child.require_alive()
                try:
                    async with session.get(url) as answer:
                        if answer.status == 200:
                            return
                except aiohttp.ClientConnectionError:
                    pass
                await asyncio.sleep(0.05)

    async def stop_services(self) -> None:
        """Ask every service to drain, all at once, and wait for them."""
        running = [child for child in self.children.values() if child.alive]
        await asyncio.gather(*(asyncio.to_thread(child.stop) for child in running))
        self.children.clear()

    def pid(self, name: str) -> int:
        """The process id of a service; raises StartFailed with its last lines if it has ended."""
        child = self.children[name]
        child.require_alive()
        assert child.pid is not None
        return child.pid

    async def requests_answered(self) -> dict[str, int]:
        """How many requests each service has answered over the broker, by its own metrics."""
        return await self._counted(ANSWERED)

    async def events_handled(self) -> dict[str, int]:
        """How many deliveries of events each service has handled, by its own metrics."""
        return await self._counted(HANDLED)

    async def _counted(self, metric: re.Pattern[str]) -> dict[str, int]:
        found = {}
        async with aiohttp.ClientSession() as session:
            for name in self.services:
                url = f"http://127.0.0.1:{self.health_ports[name]}/metrics"
                async with session.get(url) as answer:
                    counted = metric.findall(await answer.text())
                found[name] = sum(int(float(number)) for number in counted)
        return found

    async def count_statements(self) -> "StatementCounts":
        """What each service has asked of PostgreSQL since the server started."""
        database = await asyncpg.connect(self.admin_urls.database_url)
        try:
            await database.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
            rows = await database.fetch(STATEMENTS)
        finally:
            await database.close()
        return StatementCounts(
            {(row["service"], row["query"]): (row["calls"], row["milliseconds"]) for row in rows}
        )

    async def settle(self, seconds: float = 30) -> None:
        """Wait until no queue holds a message: all work is done."""
        async with asyncio.timeout(seconds):
            while self._waiting():  # noqa: ASYNC110 - only the broker knows
                await asyncio.sleep(0.1)

    def depth(self, queue: str) -> int:
        """Messages of a queue, those being handled included; blocks."""
        with self.admin() as admin:
            found = admin.queues(self.admin_urls.vhost)
        return next(int(one.get("messages", 0)) for one in found if one["name"] == queue)

    def _waiting(self) -> list[str]:
        with self.admin() as admin:
            queues = admin.queues(self.admin_urls.vhost)
        full = [str(queue["name"]) for queue in queues if queue.get("messages", 0)]
        # Events that no service hears end in a queue without a consumer.
        return [name for name in full if not name.startswith(("bench", "impex."))]

    @contextmanager
    def admin(self) -> Iterator[BrokerAdmin]:
        """A fresh connection to the management API, which closes idle ones after a minute."""
        with closing(BrokerAdmin(self.admin_urls.management_url)) as admin:
            yield admin

    async def versions(self) -> dict[str, Any]:
        """The servers' versions, and whether the database flushes."""
        with self.admin() as admin:
            rabbitmq = admin.call("GET", "overview")["rabbitmq_version"]
        database = await asyncpg.connect(self.postgres.url())
        try:
            return {
                "postgresql": (await database.fetchval("show server_version")).split()[0],
                "fsync": await database.fetchval("show fsync"),
                "synchronous_commit": await database.fetchval("show synchronous_commit"),
                "rabbitmq": rabbitmq,
            }
        finally:
            await database.close()
