"""Events wait for a subscriber that has never started: provisioning declares its queue.

`docs/architecture.md` promises that every committed event reaches every subscriber.
"""

from typing import get_type_hints

import aiormq
from pamqp.commands import Basic

from operations import service_registry
from operations.provision.permissions import broker_topology, definitions
from shared.contracts import dossiers, gateway
from shared.contracts.base import EVENTS, Event
from shared.contracts.registration.events import AccountRequested
from shared.messaging.topology import declare
from tests.support import eventually
from tests.support.servers.shared_servers import ADMIN, Broker, TestServers


async def test_an_event_published_before_the_subscribers_first_start_waits_for_it(
    broker: Broker, test_servers: TestServers
) -> None:
    principals = service_registry.principals()
    test_servers.admin.import_definitions(definitions(broker.vhost, principals, {}, ADMIN))

    connection = await aiormq.connect(broker.url("registration"))
    try:
        channel = await connection.channel()
        await channel.basic_publish(
            b"{}",
            exchange="impex.events",
            routing_key=AccountRequested.TYPE,
            properties=Basic.Properties(user_id="registration", delivery_mode=2),
        )
    finally:
        await connection.close()

    connection = await aiormq.connect(broker.url("mailer"))
    try:
        waiting = await (await connection.channel()).basic_get("mailer", no_ack=True)
        assert waiting.routing_key == AccountRequested.TYPE
    finally:
        await connection.close()


def test_what_is_sealed_in_an_event_has_a_service_that_opens_it() -> None:
    """Else it would wait in the queue of unrouted events, which drops the oldest."""
    principals = service_registry.principals()
    subscribed = {event for principal in principals for event in principal.hears}
    sealed = {
        event
        for event in EVENTS.values()
        if any("Sealed" in str(kind) for kind in get_type_hints(event).values())
    }
    assert sealed
    assert not sealed - subscribed


async def _publish(broker: Broker, user: str, kinds: tuple[type[Event], ...]) -> None:
    """An empty message of each kind, as its owner's user."""
    connection = await aiormq.connect(broker.url(user))
    try:
        channel = await connection.channel()
        for kind in kinds:
            await channel.basic_publish(
                b"{}",
                exchange="impex.events",
                routing_key=kind.TYPE,
                properties=Basic.Properties(user_id=user, delivery_mode=2),
            )
    finally:
        await connection.close()


async def test_b_08_messages_to_support_wait_in_its_own_queue(
    broker: Broker, test_servers: TestServers
) -> None:
    """In the queue of unrouted messages it would be dropped after so many sign-ins."""
    test_servers.admin.import_definitions(
        definitions(broker.vhost, service_registry.principals(), {}, ADMIN)
    )
    events = (gateway.CorrectionRequested, gateway.DepartureReported)
    await _publish(broker, "gateway", events)
    await eventually(lambda: broker.depths().get("support") == len(events))
    assert broker.depths()["impex.unrouted.events"] == 0
    queues = broker_topology("impex", service_registry.principals())["queues"]
    (arguments,) = (queue["arguments"] for queue in queues if queue["name"] == "support")
    assert not {"x-max-length", "x-max-length-bytes", "x-message-ttl"} & set(arguments)


async def test_g_36_transfers_of_dossiers_wait_for_the_application_that_files_them(
    broker: Broker, test_servers: TestServers
) -> None:
    test_servers.admin.import_definitions(
        definitions(broker.vhost, service_registry.principals(), {}, ADMIN)
    )
    events = (dossiers.DossiersTransferred, dossiers.DossierTransferUndone)
    await _publish(broker, "dossiers", events)
    await eventually(lambda: broker.depths().get("backoffice.events") == len(events))
    connection = await aiormq.connect(broker.url("backoffice"))
    try:
        channel = await connection.channel()
        read = [await channel.basic_get("backoffice.events", no_ack=True) for _ in events]
    finally:
        await connection.close()
    assert [one.routing_key for one in read] == [kind.TYPE for kind in events]


async def test_each_service_declares_what_was_provisioned_without_a_difference(
    broker: Broker, test_servers: TestServers
) -> None:
    """A difference would close the channel (406) and stop the service's start."""
    test_servers.admin.import_definitions(
        definitions(broker.vhost, service_registry.principals(), {}, ADMIN)
    )
    for principal in service_registry.principals():
        connection = await aiormq.connect(broker.url(principal.name))
        try:
            await declare(await connection.channel(), principal.topology())
        finally:
            await connection.close()


def test_the_document_names_every_queue_of_every_service() -> None:
    names = {
        queue["name"] for queue in broker_topology("impex", service_registry.principals())["queues"]
    }
    assert {
        "mailer",
        "mailer.dead",
        "mailer.retry.5s",
        "registration",
        "registration.requests",
    } <= names
