"""Provisioning an installation whose exchanges were made by an earlier version.

S-02: `impex.requests` and `impex.dead` were direct exchanges, whose keys have no permissions. The
same names become topic exchanges; what is in queues, or on its way to one, is not lost.
"""

from contextlib import closing

import aiormq
import pytest
from pamqp.commands import Basic

from operations import service_registry
from operations.provision.broker_admin import BrokerAdmin
from operations.provision.permissions import Principal, definitions
from operations.provision.provisioning import AdminUrls, provision_broker, replace_exchanges
from shared.contracts.registration.requests import SignIn
from shared.messaging.topology import DEAD, REQUESTS
from tests.support import eventually
from tests.support.servers.shared_servers import ADMIN, Broker, TestServers

REPLACED = (REQUESTS, DEAD)
KEY = SignIn.TYPE


def earlier(broker: Broker) -> dict[str, list[dict[str, object]]]:
    """The definitions as the version before made them."""
    made = definitions(broker.vhost, service_registry.principals(), {}, ADMIN)
    for one in made["exchanges"]:
        if one["name"] in REPLACED:
            one["type"] = "direct"
    made["topic_permissions"] = [
        row for row in made["topic_permissions"] if row["exchange"] not in REPLACED
    ]
    return made


async def publish(channel: aiormq.abc.AbstractChannel, exchange: str, key: str, text: str) -> None:
    await channel.basic_publish(
        text.encode(),
        exchange=exchange,
        routing_key=key,
        mandatory=True,
        properties=Basic.Properties(delivery_mode=2),
    )


async def texts(channel: aiormq.abc.AbstractChannel, queue: str, number: int) -> list[str]:
    """What is in `queue`, as soon as there are `number` messages."""
    found: list[str] = []

    async def enough() -> bool:
        message = await channel.basic_get(queue, no_ack=True)
        if isinstance(message.delivery, Basic.GetOk):
            found.append(message.body.decode())
        return len(found) >= number

    await eventually(enough, 60, why=f"{number} messages in {queue}")
    return found


def held(broker: Broker, queue: str) -> int:
    """Bytes of the messages that `queue` holds until their dead-letter exchange takes them."""
    found = broker.admin.call("GET", f"queues/{broker.vhost}/{queue}")
    return int(found.get("message_bytes_dlx", 0))  # unknown until the next statistics


@pytest.fixture
def earlier_broker(broker: Broker, test_servers: TestServers) -> Broker:
    """A virtual host that the version before provisioned."""
    for name in REPLACED:
        test_servers.admin.delete_exchange(broker.vhost, name)
    test_servers.admin.import_definitions(earlier(broker))
    return broker


async def test_s_02_exchanges_of_an_earlier_version_are_replaced_and_nothing_is_lost(
    earlier_broker: Broker, test_servers: TestServers
) -> None:
    broker, admin = earlier_broker, test_servers.admin
    spy = await aiormq.connect(broker.url("profile"))
    listening = await spy.channel()
    await listening.queue_declare("profile.spy", durable=True)
    for exchange, key in ((REQUESTS, KEY), (DEAD, "registration")):
        await listening.queue_bind("profile.spy", exchange, key)  # the fault that is mended
    connection = await aiormq.connect(broker.admin_url)
    channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
    await publish(channel, "registration.retry", "registration", "rejected meanwhile")
    await publish(channel, DEAD, "registration", "dead before")
    await publish(channel, "registration.retry", "1h", "waits")
    taken = await channel.basic_get("registration")
    assert taken.body == b"rejected meanwhile"

    # The worst moment: the exchange is gone when a queue moves a message to it.
    admin.delete_exchange(broker.vhost, DEAD)
    await channel.basic_reject(taken.delivery.delivery_tag, requeue=False)
    replace_exchanges(
        admin, broker.vhost, definitions(broker.vhost, service_registry.principals(), {}, ADMIN)
    )
    assert admin.exchange_kind(broker.vhost, REQUESTS) == "topic"
    url = AdminUrls("", broker.admin_url, broker.management_url)
    for _ in range(2):  # and again: nothing changes
        provision_broker(url, service_registry.principals(), {})
    assert {admin.exchange_kind(broker.vhost, name) for name in REPLACED} == {"topic"}

    assert await texts(channel, "registration.dead", 1) == ["dead before"]
    # Its queue holds it and sends it again by itself, three minutes after the exchange was missed.
    await eventually(lambda: held(broker, "registration") == len(b"rejected meanwhile"))
    assert broker.depths()["registration.retry.1h"] == 1
    await channel.queue_purge("profile.spy")
    await publish(channel, REQUESTS, KEY, "asked")
    await publish(channel, DEAD, "registration", "dead after")
    assert await texts(channel, "registration.requests", 1) == ["asked"]
    assert await texts(channel, "registration.dead", 1) == ["dead after"]
    assert broker.depths()["profile.spy"] == 0, "the binding by another's key is gone"
    with pytest.raises(aiormq.exceptions.ChannelAccessRefused):
        await listening.queue_bind("profile.spy", REQUESTS, KEY)
    await spy.close()
    await connection.close()


def test_s_02_a_server_without_the_virtual_host_is_left_to_the_import(
    test_servers: TestServers,
) -> None:
    with closing(BrokerAdmin(test_servers.servers.management_url)) as admin:
        assert admin.exchange_kind("no-such-host", REQUESTS) is None
        replace_exchanges(
            admin, "no-such-host", definitions("no-such-host", (Principal("a"),), {}, ADMIN)
        )
        assert all(one["name"] != "no-such-host" for one in admin.call("GET", "vhosts"))
