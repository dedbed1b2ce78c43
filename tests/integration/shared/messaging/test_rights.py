"""One broker user per service with least privilege, tested by trying what must be refused."""

import pytest
from aiormq.exceptions import ChannelAccessRefused, ChannelPreconditionFailed
from pamqp.commands import Basic

from shared.contracts.mailer import MailAccepted
from shared.contracts.registration.events import RequestCancelled
from shared.contracts.registration.requests import CancelRequest
from shared.messaging import answers, hears, topology
from shared.messaging.topology import permissions
from tests.support.servers.bus_fixture import BusFixture, RecordingHandler, channel

EVENTS = topology.EVENTS


async def _never(*_: object) -> None:
    raise AssertionError


FORBIDDEN_PUBLISHES = {
    "another owner's type": ("mailer", EVENTS, RequestCancelled.TYPE, "mailer"),
    "a request by somebody who asks nothing": (
        "mailer",
        topology.REQUESTS,
        CancelRequest.TYPE,
        "mailer",
    ),
    "straight into a queue": ("mailer", "", "registration", "mailer"),
    "another's retry exchange": ("mailer", "registration.retry", "registration", "mailer"),
    "an event by a service that emits nothing": ("gateway", EVENTS, "gateway.X.v1", "gateway"),
    "a dead letter by a service that consumes nothing": (
        "gateway",
        topology.DEAD,
        "mailer",
        "gateway",
    ),
    "shared by provisioning only": ("registration", topology.UNROUTED, "", "registration"),
}


@pytest.mark.parametrize("name", FORBIDDEN_PUBLISHES)
async def test_cr_06_a_service_publishes_only_what_is_its_own(bus: BusFixture, name: str) -> None:
    """CR-06: the broker refuses."""
    await bus.node("registration", hears=(hears(MailAccepted, RecordingHandler()),))
    service, exchange, key, user = FORBIDDEN_PUBLISHES[name]
    async with channel(bus.broker.url(service)) as raw:
        with pytest.raises(ChannelAccessRefused):
            await raw.basic_publish(
                b"{}",
                exchange=exchange,
                routing_key=key,
                properties=Basic.Properties(user_id=user),
            )


async def test_cr_06_a_service_cannot_publish_as_another(bus: BusFixture) -> None:
    """The broker compares `user_id` with who logged in."""
    async with channel(bus.broker.url("mailer")) as raw:
        with pytest.raises(ChannelPreconditionFailed):
            await raw.basic_publish(
                b"{}",
                exchange=EVENTS,
                routing_key=MailAccepted.TYPE,
                properties=Basic.Properties(user_id="registration"),
            )


@pytest.mark.parametrize(
    "queue", ["registration", "registration.dead", "registration.requests", "impex.unrouted.events"]
)
async def test_cr_06_a_service_reads_only_its_own_queues(bus: BusFixture, queue: str) -> None:
    """CR-06: neither work, nor dead letters, nor requests of another."""
    await bus.node(
        "registration",
        hears=(hears(MailAccepted, RecordingHandler()),),
        answers=(answers(CancelRequest, _never),),  # type: ignore[arg-type]
    )
    async with channel(bus.broker.url("mailer")) as raw:
        with pytest.raises(ChannelAccessRefused):
            await raw.basic_get(queue)


async def test_cr_06_a_service_subscribes_only_to_what_it_declares(bus: BusFixture) -> None:
    """Binding to an undeclared type is refused; so is deleting another's queue."""
    await bus.node("registration", hears=(hears(MailAccepted, RecordingHandler()),))
    async with channel(bus.broker.url("registration")) as raw:
        with pytest.raises(ChannelAccessRefused):
            await raw.queue_bind("registration", EVENTS, RequestCancelled.TYPE)
    async with channel(bus.broker.url("registration")) as raw:
        with pytest.raises(ChannelAccessRefused):
            await raw.queue_bind("registration", EVENTS, "#")
    async with channel(bus.broker.url("mailer")) as raw:
        with pytest.raises(ChannelAccessRefused):
            await raw.queue_delete("registration")


def test_rights_follow_from_the_declarations_of_a_service() -> None:
    """No unused right."""
    nothing = permissions("quiet", (), (), (), ())
    assert (nothing.write, nothing.read) == (r"^(quiet(\..+)?)$", r"^(quiet(\..+)?)$")
    shared = (
        *(topology.EVENTS, topology.REQUESTS, topology.REPLIES, topology.DEAD),
        topology.PARTNERS,
    )
    assert {(one.exchange, one.write, one.read) for one in nothing.topics} == {
        (name, "^$", "^$") for name in shared
    }
    client = permissions("asker", (), (), (CancelRequest,), ())
    assert client.write == r"^(impex\.requests|asker(\..+)?)$"
