"""What RabbitMQ 4.x does otherwise than the 3.10 of Debian 12, and what of it concerns us.

Where IMPEX_TEST_RABBITMQ names the program of another release, every test of the run uses it.
"""

import pytest
from aiormq.abc import AbstractChannel
from pamqp.commands import Basic

from operations import service_registry
from operations.provision.provisioning import AdminUrls, provision_broker
from shared.messaging.topology import DELIVERY_LIMIT, dead_queue
from tests.support.servers.bus_fixture import channel
from tests.support.servers.server_process import PROGRAM
from tests.support.servers.shared_servers import Broker
from tests.support.waiting import eventually

LOOKS = 50
#: A quorum queue of nobody's, without a limit of its own.
PLAIN = "plain"


@pytest.fixture
def newer_broker(broker: Broker) -> Broker:
    version = str(broker.admin.call("GET", "overview")["rabbitmq_version"])
    if int(version.partition(".")[0]) < 4:
        pytest.skip(f"RabbitMQ {version}: {PROGRAM} names no program of a newer release")
    return broker


async def looked_at(admin: AbstractChannel, queue: str) -> int:
    """How often the message of a queue could be looked at and put back, at most `LOOKS` times."""
    for looks in range(LOOKS):
        found = await admin.basic_get(queue)
        if isinstance(found.delivery, Basic.GetEmpty):
            return looks
        await admin.basic_nack(found.delivery.delivery_tag, requeue=True)
    return LOOKS


async def test_a_queue_s_default_limit_counts_every_return_and_no_dead_letter_is_lost(
    newer_broker: Broker,
) -> None:
    urls = AdminUrls("", newer_broker.admin_url, newer_broker.management_url)
    provision_broker(urls, service_registry.principals(), {})
    kept = dead_queue("mailer")

    async def has_its_policy() -> bool:
        found = newer_broker.admin.queue(newer_broker.vhost, kept)
        return bool(found.get("effective_policy_definition"))

    await eventually(has_its_policy, 60)
    async with channel(newer_broker.admin_url) as admin:
        await admin.queue_declare(PLAIN, durable=True, arguments={"x-queue-type": "quorum"})
        for queue in (PLAIN, kept):
            await admin.basic_publish(b"{}", routing_key=queue)
        assert await looked_at(admin, PLAIN) == DELIVERY_LIMIT + 1
        assert await looked_at(admin, kept) == LOOKS
