"""One set of servers per test run, with a fresh database and virtual host for each test.

The first test that needs the servers starts them, in whichever worker; others find them by a file.
A database costs a copy of a template, a virtual host costs one request.
"""

import fcntl
import itertools
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from operations.install.paths import ADMIN, missing_servers
from operations.provision.broker_admin import BrokerAdmin
from operations.provision.database_admin import (
    create_database,
    execute,
    with_url_parts,
)
from operations.provision.permissions import (
    OWNER,
    Principal,
    connection_sql,
    definitions,
    roles_sql,
    users,
)
from operations.provision.provisioning import external_users, migrate_all
from shared.runtime.service import Service

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class ServerUrls:
    """The administrators' addresses of the run's servers."""

    folder: Path
    database_url: str
    amqp_url: str
    management_url: str


def drop_database(servers: ServerUrls, name: str) -> None:
    """Drop a database and end the connections to it."""
    execute(servers.database_url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def obtain(folder: Path, run: int, seconds: float = 90) -> ServerUrls:
    """The run's servers, started if necessary; they stop with the process `run`."""
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ready = folder / "servers.json"
        failed = folder / "failed.json"
        if not ready.exists() and not failed.exists():
            with (folder / "holder.log").open("ab") as log:
                holder = subprocess.Popen(
                    [
                        sys.executable,
                        "-m",
                        "tests.support.servers.server_process",
                        str(folder),
                        str(run),
                    ],
                    cwd=ROOT,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            end = time.monotonic() + seconds
            while not ready.exists() and not failed.exists() and time.monotonic() < end:
                time.sleep(0.05)
            # The server process outlives this worker on purpose; Popen would warn about that.
            holder.returncode = 0
        if not ready.exists():
            log_text = (folder / "holder.log").read_text()
            raise RuntimeError(f"the test servers did not start:\n{log_text[-4000:]}")
        found = json.loads(ready.read_text())
    del found["holder"]
    return ServerUrls(folder=folder, **found)


def reason_to_skip() -> str:
    """Why servers are unavailable here; empty if available. Fails instead where CI=true."""
    missing = missing_servers()
    if not missing:
        return ""
    reason = f"not installed: {', '.join(missing)} (`make test` installs them)"
    if os.environ.get("CI", "").lower() == "true":
        raise RuntimeError(reason)
    return reason


@dataclass
class Database:
    """One fresh database: `url(service)` for a service, `owner_url`, `admin_url`."""

    name: str
    admin_url: str
    passwords: dict[str, str]

    @property
    def owner_url(self) -> str:
        """The address under which migrations run."""
        return with_url_parts(self.admin_url, user=OWNER, password=self.passwords[OWNER])

    def url(self, service: str) -> str:
        """The address that `service` is given."""
        role = f"impex_{service}"
        return with_url_parts(self.admin_url, user=role, password=self.passwords[role])


@dataclass
class Broker:
    """One fresh virtual host: `url(service)`, `admin_url`, and the management API."""

    vhost: str
    admin_url: str
    management_url: str
    passwords: dict[str, str]
    admin: BrokerAdmin = field(repr=False)

    def url(self, service: str) -> str:
        """The AMQP address that `service` is given."""
        found = with_url_parts(self.admin_url, user=service, password=self.passwords[service])
        return found

    def depths(self) -> dict[str, int]:
        """Messages (ready and unacknowledged) per queue."""
        return {q["name"]: int(q.get("messages", 0)) for q in self.admin.queues(self.vhost)}


class TestServers:
    """Makes fresh databases and virtual hosts on the run's servers for one test process."""

    __test__ = False  # pytest takes other classes with such a name for tests

    def __init__(self, servers: ServerUrls, principals: Iterable[Principal]) -> None:
        self.servers = servers
        self.principals = tuple(principals)
        self.admin = BrokerAdmin(servers.management_url)
        self._numbers = itertools.count(1)
        self._prefix = f"t{os.getpid()}_{secrets.token_hex(2)}"
        self.passwords = self._passwords()

    def _passwords(self) -> dict[str, str]:
        """The same for every process of the run, because users and roles are shared by all."""
        seed = secrets.token_hex(8)
        path = self.servers.folder / "passwords.json"
        with (self.servers.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if path.exists():
                return dict(json.loads(path.read_text()))
            roles = [OWNER, *(p.role for p in self.principals)]
            names = [*external_users(), *(p.name for p in self.principals)]
            made = {name: f"{seed}-{name}" for name in [*roles, *names]}
            execute(self.servers.database_url, *roles_sql(self.principals, made))
            self.admin.import_definitions({"users": users({name: made[name] for name in names})})
            path.write_text(json.dumps(made))
            return made

    def database(self) -> Database:
        """A fresh database with roles and schemas."""
        return self._copy("impex_schemas")

    def migrated(self, services: Sequence[Service]) -> Database:
        """A fresh database with every table."""
        return self._copy("impex_tables", services)

    def _copy(self, template: str, services: Sequence[Service] = ()) -> Database:
        """A copy of a database that is made once per run, with the tables of `services`."""
        done = self.servers.folder / template
        with (self.servers.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not done.exists():
                create_database(self.servers.database_url, template, self.principals)
                migrate_all(self._named(template).owner_url, services)
                done.touch()
        made = self._named(f"{self._prefix}_{next(self._numbers)}")
        # Files are copied in half the time that a write-ahead log of their pages takes.
        execute(
            self.servers.database_url,
            f'CREATE DATABASE "{made.name}" TEMPLATE "{template}" STRATEGY FILE_COPY',
            *connection_sql(made.name, self.principals),
        )
        return made

    def _named(self, name: str) -> Database:
        return Database(
            name, with_url_parts(self.servers.database_url, database=name), self.passwords
        )

    def drop(self, database: Database) -> None:
        """Drop a database."""
        drop_database(self.servers, database.name)

    def broker(self, principals: Iterable[Principal] | None = None) -> Broker:
        """A fresh virtual host; other `principals` than all services get users of their own."""
        self.admin.close()  # the server may have been restarted since the last call
        vhost = f"{self._prefix}_{next(self._numbers)}"
        chosen = self.principals if principals is None else tuple(principals)
        fresh = {p.name: f"password-{p.name}" for p in chosen if p.name not in self.passwords}
        self.admin.import_definitions(definitions(vhost, chosen, fresh, ADMIN, queues=False))
        url = self.servers.amqp_url.removesuffix("/%2F") + "/" + vhost
        passwords = {**self.passwords, **fresh}
        return Broker(vhost, url, self.servers.management_url, passwords, self.admin)

    def delete(self, broker: Broker) -> None:
        """Delete a virtual host."""
        self.admin.call("DELETE", f"vhosts/{broker.vhost}")
