"""The topology as data: the arguments that correctness depends on."""

from shared.contracts.mailer import MailAccepted
from shared.contracts.registration.requests import CancelRequest
from shared.messaging.topology import (
    Binding,
    Exchange,
    Queue,
    service_topology,
    shared_exchanges,
)


def test_mq_02_mq_03_the_queues_of_a_service() -> None:
    """MQ-02, MQ-03: quorum, delivery limit, dead letters at least once, nothing dropped."""
    made = service_topology("svc", (MailAccepted,), (CancelRequest,))
    queues = {queue.name: dict(queue.arguments) for queue in made.queues}
    at_least_once = {
        "x-queue-type": "quorum",
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
    }
    assert queues["svc"] == at_least_once | {
        "x-delivery-limit": 20,
        "x-dead-letter-exchange": "impex.dead",
        "x-dead-letter-routing-key": "svc",
    }
    steps = {"5s": 5_000, "30s": 30_000, "2m": 120_000, "10m": 600_000, "1h": 3_600_000}
    for step, milliseconds in steps.items():
        assert queues[f"svc.retry.{step}"] == at_least_once | {
            "x-message-ttl": milliseconds,
            "x-dead-letter-exchange": "svc.retry",
            "x-dead-letter-routing-key": "svc",
        }
    assert queues["svc.dead"] == {"x-queue-type": "quorum"}
    assert queues["svc.requests"]["x-message-ttl"] == 3_000
    assert len(queues) == 8


def test_dead_letter_queues_are_declared_before_their_sources() -> None:
    """A queue never exists without the place its dead letters go to."""
    order = [queue.name for queue in service_topology("svc", (MailAccepted,), ()).queues]
    assert order[0] == "svc.dead"
    assert order[-1] == "svc"


def test_every_queue_is_reached_by_its_binding() -> None:
    """Dead letters, each retry queue, the way back, events and requests."""
    made = service_topology("svc", (MailAccepted,), (CancelRequest,))
    assert set(made.bindings) == {
        Binding("impex.dead", "svc.dead", "svc"),
        *(Binding("svc.retry", f"svc.retry.{s}", s) for s in ("5s", "30s", "2m", "10m", "1h")),
        Binding("svc.retry", "svc", "svc"),
        Binding("impex.events", "svc", "mailer.MailAccepted.v1"),
        Binding("impex.requests", "svc.requests", "registration.CancelRequest.v1"),
    }


def test_a_service_declares_only_what_it_uses() -> None:
    """A service that only sends requests declares nothing."""
    assert not service_topology("svc", (), ()).queues
    assert [q.name for q in service_topology("svc", (), (CancelRequest,)).queues] == [
        "svc.requests"
    ]


def test_unrouted_messages_are_stored() -> None:
    """The shared exchanges, and the queue of unrouted events."""
    made = shared_exchanges()
    assert Exchange("impex.events", "topic", {"alternate-exchange": "impex.unrouted"}) in (
        made.exchanges
    )
    # S-14: arguments of a queue cannot change; its limit is a policy's.
    assert made.queues == (
        Queue("impex.unrouted.events", {"x-queue-type": "quorum"}),
        Queue("impex.discarded", {"x-queue-type": "quorum", "x-message-ttl": 30 * 86_400_000}),
    )
    assert Binding("impex.unrouted", "impex.unrouted.events", "") in made.bindings
