"""Some or all services on a fresh database and a fresh virtual host.

`System.environment(name)` are the settings of the service `name`; `run` runs services inside the
test's loop, `spawn` as a process of their own, as an operator would.
"""

import asyncio
import base64
import hashlib
import os
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from operations import service_registry
from operations.local.processes import free_port
from operations.provision.provisioning import AdminUrls, account_urls
from services.operations.settings import MANAGEMENT_URL
from shared.runtime.lifecycle import ServiceRunner, supervise
from shared.runtime.service import Service, load_all, utc_now
from shared.security.seal_keys import PRIVATE, SealRing
from shared.security.signing_keys import PRIVATE as SIGNING
from tests.support.servers import fork_server
from tests.support.servers.fork_server import Forked
from tests.support.servers.services import principals
from tests.support.servers.shared_servers import Broker, Database
from tests.support.waiting import eventually


@cache
def keys() -> Mapping[str, str]:
    """Every key ring that a service reads; in tests the same in every process.

    Rings of sealed fields are those of the service that opens.
    """
    secret = {name: f"t1:{_key(name)}" for name in service_registry.key_ring_names()}
    pairs = {n: f"t1:{PRIVATE}:{_key(n)}" for n in service_registry.seal_ring_names()}
    signing = {n: f"t1:{SIGNING}:{_key(n)}" for n in service_registry.signing_ring_names()}
    return secret | pairs | signing


def _key(name: str) -> str:
    return base64.b64encode(hashlib.sha256(name.encode()).digest()).decode()


def keys_of(*names: str) -> dict[str, str]:
    """The key rings as these services are given them, together in one process."""
    chosen = [service_registry.service(name) for name in names]
    opened = set().union(*(service_registry.opening_names(one) for one in chosen))
    public = set().union(*(service_registry.sealing_names(one) for one in chosen)) - opened
    given = dict(keys())
    return given | {name: SealRing.parse(given[name]).for_senders() for name in public}


@dataclass
class Spawned:
    """A service in a process of its own."""

    process: Forked
    health_url: str
    log: Path

    def ready(self) -> bool:
        """Whether it answers that it is ready; AssertionError with its log when it has ended."""
        if self.process.poll() is not None:
            code = self.process.returncode
            raise RuntimeError(f"ended with {code}:\n{self.log.read_text()[-4000:]}")
        try:
            with urllib.request.urlopen(self.health_url, timeout=30) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def stop(self, seconds: float = 60) -> int:
        """SIGTERM, wait, and return the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def kill(self) -> None:
        """SIGKILL and wait."""
        self.process.kill()
        self.process.wait(10)


@dataclass
class System:
    """A database, a virtual host, and settings for every service on them."""

    database: Database
    broker: Broker
    folder: Path
    settings: dict[str, str] = field(default_factory=dict)
    spawned: list[Spawned] = field(default_factory=list)

    def admin_urls(self) -> AdminUrls:
        """The administrators' addresses."""
        return AdminUrls(self.database.admin_url, self.broker.admin_url, self.broker.management_url)

    def environment(self, *names: str, **more: str) -> dict[str, str]:
        """The variables of the services `names`; `more` and `self.settings` win."""
        values = {
            **keys_of(*names),
            **account_urls(self.admin_urls(), principals(), self.database.passwords),
            MANAGEMENT_URL: _without_login(self.broker.management_url),
        }
        known = set().union(
            *(service_registry.setting_names(service_registry.service(name)) for name in names)
        )
        chosen = {key: text for key, text in values.items() if key in known}
        return {**chosen, **self.settings, **more}

    @asynccontextmanager
    async def run(
        self, *names: str, clock: Callable[[], datetime] = utc_now, **more: str
    ) -> AsyncIterator[list[ServiceRunner]]:
        """Run services as tasks of the test's loop, by the test's clock; on leaving, drain them."""
        chosen: list[Service] = [service_registry.service(name) for name in names]
        settings = load_all(chosen, self.environment(*names, **more))
        running = [
            ServiceRunner(one, its, clock) for one, its in zip(chosen, settings, strict=True)
        ]
        stop = asyncio.Event()
        task = asyncio.create_task(supervise(running, stop))

        def all_ready() -> bool:
            if task.done():
                raise RuntimeError(f"{names} ended while starting: {task.result()}")
            return all(all(one.checks().values()) for one in running)

        try:
            await eventually(all_ready, 60, why=f"{names} ready")
            yield running
        finally:
            stop.set()
            await asyncio.wait_for(task, 60)

    def spawn(self, *names: str, **more: str) -> Spawned:
        """Start services together in one process of their own; see `ready`."""
        port = free_port()
        variables = self.environment(*names, **more)
        variables[f"IMPEX_{names[0].upper()}_HEALTH_PORT"] = str(port)
        log = self.folder / f"{'-'.join(names)}-{len(self.spawned)}.log"
        with log.open("wb") as output:
            environment = {"PATH": os.environ["PATH"], **variables}
            process = fork_server.start("operations", ["run", *names], environment, output, output)
        one = Spawned(process, f"http://127.0.0.1:{port}/health/ready", log)
        self.spawned.append(one)
        return one

    def close(self) -> None:
        """End running processes of `spawn`."""
        for one in self.spawned:
            if one.process.poll() is None:
                with suppress(subprocess.TimeoutExpired):
                    one.stop(35)
                    continue
                one.kill()


def _without_login(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def gateway_settings(port: int) -> Mapping[str, str]:
    """The gateway on a given port."""
    base = f"http://127.0.0.1:{port}"
    return {"IMPEX_GATEWAY_PORT": str(port), "IMPEX_BASE_URL": base}
