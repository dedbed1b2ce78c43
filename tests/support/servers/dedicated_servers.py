"""Servers of one test process, which a test may stop, kill and start again."""

import asyncio
import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from operations.local.postgres import Postgres
from operations.local.rabbit import Rabbit
from operations.provision.permissions import Principal
from tests.support.servers.server_folder import server_folder
from tests.support.servers.server_process import new_rabbit
from tests.support.servers.shared_servers import Broker, ServerUrls, TestServers
from tests.support.waiting import eventually


async def quorum_queues_saved(rabbit: Rabbit, broker: Broker) -> None:
    """Wait until the names of the virtual host's quorum queues are on the broker's disk.

    RabbitMQ 3.10 writes the name of a new quorum queue half a second later; killed before that, the
    queue never works again (docs/decisions/0003). The names are atoms in a table of the disk, each
    followed by a binary.
    """

    def missing() -> list[str]:
        names = [
            one["name"]
            for one in broker.admin.queues(broker.vhost)
            if one["arguments"].get("x-queue-type") == "quorum"
        ]
        assert names, "no quorum queue is declared yet"
        tables = (rabbit.folder / "mnesia").glob("*/quorum/*/names.dets")
        saved = b"".join(table.read_bytes() for table in tables)
        return [name for name in names if f"{broker.vhost}_{name}".encode() + b"m\0" not in saved]

    async def all_saved() -> bool:
        assert await asyncio.to_thread(missing) == []
        return True

    await eventually(all_saved, 60, every=0.1, why="the broker has the queues' names on its disk")


@dataclass
class DedicatedServers:
    """`postgres` and `rabbit` have `stop`, `kill`, `start`, `wait`; data survives all of them."""

    postgres: Postgres
    rabbit: Rabbit
    test_servers: TestServers

    def ensure(self) -> None:
        """Start what does not run and wait until both answer."""
        for server in (self.rabbit, self.postgres):
            if not server.child.alive:
                server.start()
        self.postgres.wait()
        self.rabbit.wait()


@contextmanager
def start_dedicated_servers(principals: Iterable[Principal]) -> Iterator[DedicatedServers]:
    """Both servers, durable as in production, in a folder that is removed at the end."""
    folder = server_folder("impex-own-")
    postgres = Postgres(folder / "postgresql", secrets.token_hex(12))
    rabbit = new_rabbit(folder, "own")
    try:
        rabbit.start()
        postgres.start()
        postgres.wait()
        rabbit.wait()
        servers = ServerUrls(folder, postgres.url(), rabbit.url(), rabbit.management_url)
        made = DedicatedServers(postgres, rabbit, TestServers(servers, principals))
        yield made
        made.test_servers.admin.close()
    finally:
        rabbit.kill()
        rabbit.epmd.kill()
        postgres.stop()
        shutil.rmtree(folder, ignore_errors=True)
