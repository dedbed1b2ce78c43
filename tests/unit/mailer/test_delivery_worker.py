"""The probe of an unavailable mail server, and the stop."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from services.mailer import delivery_worker
from services.mailer.delivery_worker import DeliveryWorker
from services.mailer.smtp import SmtpUnavailable


class _SilentServer:
    """Takes connections and greets nobody."""

    def __init__(self) -> None:
        self.waiting = 0

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[None]:
        self.waiting += 1
        try:
            await asyncio.Event().wait()
            yield
        finally:
            self.waiting -= 1

    async def close_idle(self, older_than: float = 0) -> None:
        """None is idle."""


async def test_no_probe_begins_after_the_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    """A round that was deferring mails when the stop came ends without one."""
    deferring, go_on = asyncio.Event(), asyncio.Event()

    @asynccontextmanager
    async def transaction(_pool: object) -> AsyncIterator[None]:
        deferring.set()
        await go_on.wait()
        yield

    async def none_due(*_: object) -> list[Any]:
        return []

    monkeypatch.setattr(delivery_worker, "transaction", transaction)
    monkeypatch.setattr(delivery_worker.claims, "due", none_due)
    monkeypatch.setattr(delivery_worker, "MIN_PROBE_SECONDS", 0)
    runtime = SimpleNamespace(pool=None, clock=lambda: None, publish=lambda _events: None)
    server = _SilentServer()
    courier = SimpleNamespace(runtime=runtime, settings=None, smtp=server)
    worker = DeliveryWorker(courier)  # type: ignore[arg-type]
    worker._server_unavailable(SmtpUnavailable("away"))
    round_ = asyncio.create_task(worker._while_unavailable())
    await deferring.wait()
    await worker.stop(1)
    go_on.set()
    await round_
    await asyncio.sleep(0)
    assert server.waiting == 0
