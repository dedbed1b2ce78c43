"""A start while the broker is still starting."""

import asyncio
from typing import Any

import aiormq
import pytest

from shared.contracts.registration.events import RequestCancelled
from shared.messaging import hears, service_bus
from tests.support.servers.bus_fixture import BusFixture, RecordingHandler
from tests.support.waiting import eventually


async def test_a_broker_that_fails_or_is_silent_at_declarations_is_tried_again(
    bus: BusFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A restarted broker closes the connection (541), or does not answer."""
    original, tried = service_bus.declare, 0

    async def late(channel: Any, topology: Any) -> None:
        nonlocal tried
        tried += 1
        if tried == 1:
            raise aiormq.exceptions.ConnectionInternalError("INTERNAL_ERROR")
        if tried == 2:
            await asyncio.sleep(3600)
        await original(channel, topology)

    monkeypatch.setattr(service_bus, "declare", late)
    monkeypatch.setattr(service_bus, "DECLARE_SECONDS", 0.2)
    handler = RecordingHandler()
    mailer = await bus.node("mailer", hears=(hears(RequestCancelled, handler),))
    await eventually(lambda: mailer.ready[0])
    assert tried >= 3
