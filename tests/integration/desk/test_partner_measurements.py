"""What partners do not read is measured: their queues have no limit."""

import aio_pika
import pytest

from operations import service_registry
from operations.provision.partners import FOLDER, partner
from operations.provision.permissions import partner_definitions
from services.operations import service
from shared.contracts.registration.events import AccountCreated
from shared.messaging.topology import EVENTS, dead_queue, partner_queue
from shared.runtime.metrics import REGISTRY
from tests.support.servers.system import System
from tests.support.waiting import eventually


def _measured(name: str) -> dict[str, float | None]:
    return {
        state: REGISTRY.get_sample_value(
            "impex_partner_messages", {"partner": name, "state": state}
        )
        for state in ("ready", "in_work", "waiting", "dead")
    }


async def test_mq_07_what_a_partner_does_not_read_is_measured(
    system: System, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    """Also what it takes without acknowledgement, and what is dead; nothing once it is removed."""
    monkeypatch.setattr(service, "MEASURE_SECONDS", 0.2)
    monkeypatch.setenv(FOLDER, str(tmp_path))
    broker, name = system.broker, f"p{system.broker.vhost.replace('_', '')}-idle"
    made = partner_definitions(
        broker.vhost, partner(name, [AccountCreated.TYPE]), "x", service_registry.principals()
    )
    broker.admin.import_definitions(made)
    connection = await aio_pika.connect(broker.admin_url)
    try:
        channel = await connection.channel()
        exchange = await channel.get_exchange(EVENTS, ensure=False)
        for _ in range(4):
            await exchange.publish(aio_pika.Message(b"{}"), routing_key=AccountCreated.TYPE)
        queue = await channel.get_queue(partner_queue(name), ensure=False)
        async with system.run("operations"):
            await eventually(lambda: _measured(name)["ready"] == 4, 20, why="4 ready")
            await queue.get()
            rejected = await queue.get()
            assert rejected is not None
            await rejected.reject(requeue=False)
            wanted = {"ready": 2, "in_work": 1, "waiting": 0, "dead": 1}
            await eventually(lambda: _measured(name) == wanted, 20, why=str(wanted))
            for one in (partner_queue(name), dead_queue(name)):
                await channel.queue_delete(one)
            gone = dict.fromkeys(wanted)
            await eventually(lambda: _measured(name) == gone, 20, why="no series")
    finally:
        await connection.close()
        broker.admin.delete(f"users/{name}")
