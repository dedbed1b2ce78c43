"""The service push, quick and with a receiver."""

import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aio_pika
import asyncpg
import pytest

from operations.local.processes import free_port
from operations.provision.partners import FOLDER
from services.push import delivery_worker, receiver_client, service
from tests.support.harness.pushing import Pushing
from tests.support.push_receiver import Receiver
from tests.support.servers.certificates import Authority
from tests.support.servers.system import System


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Polls without waiting, an attempt of a second, partners and a name server of the test's."""
    known = socket.getaddrinfo

    def resolve(host: Any, *rest: Any, **more: Any) -> Any:
        return known("127.0.0.2" if host == "inside.example" else host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(delivery_worker, "POLL_SECONDS", 0.05)
    monkeypatch.setattr(delivery_worker, "MEASURE_SECONDS", 0.05)
    monkeypatch.setattr(service, "REFRESH_SECONDS", 0.1)
    monkeypatch.setattr(receiver_client, "ATTEMPT_SECONDS", 1.0)
    (tmp_path / "partners").mkdir()
    monkeypatch.setenv(FOLDER, str(tmp_path / "partners"))


@pytest.fixture
async def pushing(system: System, authority: Authority, quick: None) -> AsyncIterator[Pushing]:
    receiver = Receiver(free_port(), authority.server_context())
    database = await asyncpg.connect(
        system.database.admin_url, server_settings={"search_path": "push"}
    )
    broker = await aio_pika.connect(system.broker.url("registration"))
    made = Pushing(system, receiver, authority, database, broker)
    yield made
    await receiver.stop()
    await broker.close()
    await database.close()
    for name in made.partners:
        system.broker.admin.delete(f"users/{name}")
