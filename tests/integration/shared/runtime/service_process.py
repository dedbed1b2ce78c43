"""The small services as a process, and helpers for it and its servers."""

import json
import os
import signal
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import asyncpg

from shared.contracts.registration.events import RequestCancelled
from shared.outbox import emit
from shared.runtime.service import utc_now
from tests.support.servers import fork_server
from tests.support.servers.shared_servers import Database

MODULE = "tests.integration.shared.runtime.sample_services"
Start = Callable[..., "Process"]


class Process:
    """The small services in a separate process; its output goes to files."""

    def __init__(self, environ: dict[str, str], folder: Path, *arguments: str) -> None:
        self.out: IO[bytes] = (folder / "out").open("wb")
        self.err: IO[bytes] = (folder / "err").open("wb")
        self.folder = folder
        environment = {"PATH": os.environ["PATH"], **environ}
        self.child = fork_server.start(MODULE, arguments, environment, self.out, self.err)

    def lines(self) -> list[str]:
        return (self.folder / "err").read_text().splitlines()

    def logged(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines() if line.endswith("}")]

    def actions(self) -> list[str]:
        return [line.get("action", "") for line in self.logged()]

    def has_printed(self, word: str) -> bool:
        return word in (self.folder / "out").read_text()

    def ready(self) -> bool:
        if self.child.poll() is not None:
            raise RuntimeError("it has stopped:\n" + "\n".join(self.lines()))
        return self.actions().count("service_ready") == 2

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        self.child.send_signal(number)

    def code(self, timeout: float = 60) -> int:
        return self.child.wait(timeout)

    def end(self) -> None:
        if self.child.poll() is None:
            self.child.kill()
            self.child.wait(10)
        self.out.close()
        self.err.close()
        print(*self.lines(), sep="\n")  # shown where the test fails


async def emit_event(database: Database) -> None:
    """Put an event into the emitter's outbox, which its relay polls every second."""
    connection = await asyncpg.connect(
        database.admin_url, server_settings={"search_path": "registration"}
    )
    try:
        event = RequestCancelled(request_id="1")
        await emit(connection, "registration", event, subject="account", now=utc_now())
    finally:
        await connection.close()


async def work(database: Database) -> list[str]:
    connection = await asyncpg.connect(database.admin_url)
    try:
        rows = await connection.fetch("SELECT what FROM mailer.work ORDER BY at")
    finally:
        await connection.close()
    return [row["what"] for row in rows]


async def allow_sessions(database: Database, allowed: bool) -> None:
    """Open or close this database to everybody but administrators, sessions included."""
    server = await asyncpg.connect(database.admin_url.rpartition("/")[0] + "/postgres")
    try:
        await server.execute(f"ALTER DATABASE {database.name} ALLOW_CONNECTIONS {allowed}")
        await server.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1",
            database.name,
        )
    finally:
        await server.close()


def fetch(port: int, path: str) -> tuple[int, dict[str, str], str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
            return answer.status, dict(answer.headers), answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, dict(error.headers), error.read().decode()
    except OSError:
        return 0, {}, ""
