"""S-14: events that nobody subscribes to are kept until the desk reads them.

An installation of before had a queue with a limit of 100,000 events among its arguments, which
cannot change: it keeps what it holds, and new events go to another one.
"""

import aiormq
import pytest
from pamqp.commands import Basic

from operations import service_registry
from operations.operate.endpoints import BrokerEndpoint
from operations.operate.queues import notes, read_queues, show
from operations.provision.provisioning import AdminUrls, provision_broker
from shared.messaging.queue_states import QueueState, share_used
from shared.messaging.topology import (
    DISCARDED,
    EVENTS,
    KEPT_DELIVERIES,
    MAX_UNROUTED_BYTES,
    UNROUTED,
    UNROUTED_QUEUE,
)
from shared.runtime.service import utc_now
from tests.support import eventually
from tests.support.servers.shared_servers import ROOT, Broker, TestServers

#: Of a later version: support hears every event there is today.
TYPE = "registration.EmailVerified.v2"


async def publish(broker: Broker, *texts: str) -> None:
    connection = await aiormq.connect(broker.admin_url)
    channel = await connection.channel(publisher_confirms=True)
    for text in texts:
        await channel.basic_publish(
            text.encode(),
            exchange=EVENTS,
            routing_key=TYPE,
            properties=Basic.Properties(delivery_mode=2),
        )
    await connection.close()


def provision(broker: Broker) -> None:
    urls = AdminUrls("", broker.admin_url, broker.management_url)
    provision_broker(urls, service_registry.principals(), {})


def limit(broker: Broker) -> int:
    """The limit in force; 0 before the broker's next statistics."""
    found = broker.admin.queue(broker.vhost, UNROUTED_QUEUE)
    return int((found.get("effective_policy_definition") or {}).get("max-length-bytes", 0))


async def test_s_14_an_earlier_queue_keeps_its_events_and_gets_no_more(broker: Broker) -> None:
    earlier = {"x-queue-type": "quorum", "x-max-length": 100_000}
    connection = await aiormq.connect(broker.admin_url)
    channel = await connection.channel()
    await channel.queue_unbind(UNROUTED_QUEUE, UNROUTED)
    await channel.queue_declare(UNROUTED, durable=True, arguments=dict(earlier))
    await channel.queue_bind(UNROUTED, UNROUTED)
    await connection.close()
    await publish(broker, "one", "two")
    await eventually(lambda: broker.depths().get(UNROUTED) == 2)

    for number in (1, 2):  # and again: nothing else changes
        provision(broker)
        await publish(broker, "new")
        await eventually(lambda number=number: broker.depths()[UNROUTED_QUEUE] == number)
        assert broker.depths()[UNROUTED] == 2
    rows = await read_queues(BrokerEndpoint(broker.management_url, broker.admin_url, broker.vhost))
    assert f"{UNROUTED}: such events of an earlier version, kept for the desk" in notes(rows)


async def test_s_14_the_limit_is_an_operators_to_change(broker: Broker) -> None:
    await eventually(lambda: limit(broker) == MAX_UNROUTED_BYTES, 60)
    policy = {
        "pattern": f"^{UNROUTED_QUEUE}$",
        "apply-to": "queues",
        "priority": 1,
        "definition": {"max-length-bytes": 1000},
    }
    broker.admin.call("PUT", f"policies/{broker.vhost}/{UNROUTED_QUEUE}", policy)
    provision(broker)
    await eventually(lambda: limit(broker) == 1000, 60)
    await publish(broker, "a" * 300, "b" * 300)
    where = BrokerEndpoint(broker.management_url, broker.admin_url, broker.vhost)

    async def warned() -> bool:
        return any("is 60% full" in sentence for sentence in notes(await read_queues(where)))

    await eventually(warned, 60, why="the queue is more than half full")


async def test_no_look_uses_up_what_operators_look_at(broker: Broker) -> None:
    """A broker from 4.0 on drops a message after twenty deliveries, and each look is one.

    Where an earlier version had set the policy of unrouted events, the limit is added.
    """
    policy = {"pattern": f"^{UNROUTED_QUEUE}$", "definition": {"max-length-bytes": 1000}}
    broker.admin.call("PUT", f"policies/{broker.vhost}/{UNROUTED_QUEUE}", policy)
    provision(broker)
    queues = (UNROUTED_QUEUE, DISCARDED, "mailer.dead", "mailer.retry.5s", "support.retry.1h")

    def limits() -> list[int]:
        found = (broker.admin.queue(broker.vhost, name) for name in queues)
        policies = [one.get("effective_policy_definition") or {} for one in found]
        return [int(one.get("delivery-limit", 0)) for one in policies]

    await eventually(lambda: limits() == [KEPT_DELIVERIES] * len(queues), 60)
    main = broker.admin.queue(broker.vhost, "mailer")
    assert main["arguments"]["x-delivery-limit"] == 20
    assert not main.get("effective_policy_definition")


def test_s_14_few_of_the_events_that_wait_are_in_memory(
    test_servers: TestServers,
) -> None:
    """By default 512 MiB of them, with which memory would run out before the queue is full."""
    setting = "raft.wal_max_size_bytes = 67108864"
    assert setting in (ROOT / "deploy" / "rabbitmq.conf").read_text().splitlines()
    (conf,) = test_servers.servers.folder.rglob("rabbitmq.conf")
    assert setting in conf.read_text().splitlines()


@pytest.mark.parametrize(
    ("queue", "share"),
    [
        ({}, None),
        ({"effective_policy_definition": {"max-length-bytes": 1000}}, None),
        ({"message_bytes_ready": 10}, None),
        ({"message_bytes_ready": 10, "effective_policy_definition": []}, None),
        ({"message_bytes_ready": 10, "effective_policy_definition": {"max-length": 5}}, None),
        ({"message_bytes_ready": 0, "effective_policy_definition": {"max-length-bytes": 10}}, 0),
        ({"message_bytes_ready": 7, "effective_policy_definition": {"max-length-bytes": 10}}, 0.7),
    ],
)
def test_s_14_how_much_of_its_limit_a_queue_uses(
    queue: dict[str, object], share: float | None
) -> None:
    assert share_used(queue) == share


@pytest.mark.parametrize(
    ("full", "text"), [(None, ""), (0.0, ""), (0.499, ""), (0.5, "50%"), (0.97, "97%"), (1, "100%")]
)
def test_s_14_half_a_limit_is_warned_about(
    full: float | None, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    show([QueueState(queue=UNROUTED_QUEUE, ready=5, full=full)], with_all=False, now=utc_now())
    printed = capsys.readouterr().out
    assert ("Unrouted events" in printed) is bool(text)
    assert f"is {text} full" in printed or not text
