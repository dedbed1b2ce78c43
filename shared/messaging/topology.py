"""Names and arguments of everything on the broker; the only place that knows them.

What a service needs is data (`service_topology`, `permissions`), so that a running service, the
provisioning and the definitions file agree. `declare` makes it, dead letters first: a queue must
never exist without the place its dead letters go to.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import aiormq
from aiormq.abc import AbstractChannel

from shared.contracts.base import Event, Request
from shared.errors import ConfigurationError

EVENTS = "impex.events"
UNROUTED = "impex.unrouted"
UNROUTED_QUEUE = f"{UNROUTED}.events"
REQUESTS = "impex.requests"
DEAD = "impex.dead"
REPLIES = "impex.replies"
#: Events that are for one partner. What no queue takes is dropped: that partner does not hear it.
PARTNERS = "impex.partners"
#: The broker users whose replayed messages every service accepts: the operator's own, and the
#: service that does the same from the desk's page.
OPERATOR, OPERATIONS = "operator", "operations"
OPERATORS = (OPERATOR, OPERATIONS)

#: Retry queues: name of the step and its delay in milliseconds. One fixed delay each: a queue
#: expires from its head only, so a short wait behind a long one would take the long one's time.
RETRY_DELAYS: Mapping[str, int] = MappingProxyType(
    {"5s": 5_000, "30s": 30_000, "2m": 120_000, "10m": 600_000, "1h": 3_600_000}
)
#: Stops crash loops only: a handler's own failures are counted by `attempt` (MQ-02).
DELIVERY_LIMIT = 20
#: Milliseconds a request waits for its owner, and how many may wait.
REQUEST_TTL = 3_000
MAX_WAITING_REQUESTS = 1_000
#: Bytes of the unrouted events that are kept; set by a policy, which an operator may change. Two
#: and a half million events, which take twice as much on the disk with their properties.
MAX_UNROUTED_BYTES = 1_000_000_000
#: Where an operator's discarded letters wait for their end, and how long, in milliseconds.
DISCARDED = "impex.discarded"
DISCARDED_TTL = 30 * 86_400_000
#: Deliveries of what operators look at: each look is one, and a broker from 4.0 on drops a message
#: after twenty. Older ones take no number for "no limit".
KEPT_DELIVERIES = 1_000_000_000
#: The policy with that limit, and the queues that it is for.
KEPT_POLICY = "impex.kept"
KEPT_QUEUES = r"^([a-z][a-z0-9-]*\.(dead|retry\..+)|impex\.discarded)$"
#: The key of the answer about a trial: the queue of whoever asked for it.
TRIAL_KEY = re.compile(rf"^({'|'.join(OPERATORS)})\.replies\.[0-9a-f]+$")
#: The key of a reply: the name of the queue of the process that asked.
REPLY_KEY = re.compile(r"^[a-z]+\.replies\.[0-9a-f]+$")
#: Users for whom an event alone may be.
PARTNER_NAME = re.compile(r"[a-z0-9-]+")
#: The pattern that no key of ours matches.
NO_KEY = "^$"


@dataclass(frozen=True)
class Exchange:
    """A durable exchange."""

    name: str
    kind: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Queue:
    """A durable queue."""

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Binding:
    """`queue` takes what comes to `exchange` with `key`."""

    exchange: str
    queue: str
    key: str


@dataclass(frozen=True)
class Topology:
    """Exchanges, queues and bindings in the order in which they are to be made."""

    exchanges: tuple[Exchange, ...] = ()
    queues: tuple[Queue, ...] = ()
    bindings: tuple[Binding, ...] = ()


@dataclass(frozen=True)
class TopicPermission:
    """Which keys of a topic exchange a user may publish (`write`) and bind (`read`)."""

    exchange: str
    write: str
    read: str


@dataclass(frozen=True)
class Permissions:
    """Regular expressions for `rabbitmqctl set_permissions` and `set_topic_permissions`.

    `topics` has a row for every shared topic exchange: without a row the broker allows all keys.
    """

    user: str
    configure: str
    write: str
    read: str
    topics: tuple[TopicPermission, ...]


def _quorum(**arguments: Any) -> dict[str, Any]:
    named = {f"x-{name.replace('_', '-')}": value for name, value in arguments.items()}
    return {"x-queue-type": "quorum", **named}


def _dead_letter_arguments(exchange: str, key: str) -> dict[str, Any]:
    # At-least-once dead-lettering silently becomes at-most-once without reject-publish (MQ-03).
    return {
        "x-dead-letter-exchange": exchange,
        "x-dead-letter-routing-key": key,
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
    }


def shared_exchanges() -> Topology:
    """What all services share; made by provisioning, not by services.

    Topic exchanges, because only their keys have permissions; no key of ours is a pattern.
    """
    return Topology(
        exchanges=(
            Exchange(UNROUTED, "fanout"),
            Exchange(EVENTS, "topic", {"alternate-exchange": UNROUTED}),
            Exchange(REQUESTS, "topic"),
            Exchange(REPLIES, "topic"),
            Exchange(DEAD, "topic"),
            Exchange(PARTNERS, "topic"),
        ),
        queues=(
            Queue(UNROUTED_QUEUE, _quorum()),
            Queue(DISCARDED, _quorum(message_ttl=DISCARDED_TTL)),
        ),
        bindings=(Binding(UNROUTED, UNROUTED_QUEUE, ""), Binding(DEAD, DISCARDED, DISCARDED)),
    )


def retry_exchange(service: str) -> str:
    """Where a service's retry copies and replays go: key = step, or the service's name."""
    return f"{service}.retry"


def retry_queue(service: str, step: str) -> str:
    """The queue where copies wait for `step`."""
    return f"{service}.retry.{step}"


def dead_queue(service: str) -> str:
    """The queue an operator reads."""
    return f"{service}.dead"


def refusals_queue(service: str) -> str:
    """The queue where a copy of each dead letter waits for the service to notify its publisher."""
    return f"{service}.refusals"


def requests_queue(service: str) -> str:
    """The queue where requests to `service` wait, three seconds at most."""
    return f"{service}.requests"


def reply_queue(service: str, suffix: str) -> Queue:
    """The queue of replies to one process of `service`, `suffix` being random hex digits.

    It ends with its consumer. A reply that nobody awaits any more does not wait either.
    """
    name = f"{service}.replies.{suffix}"
    return Queue(name, {"x-message-ttl": REQUEST_TTL, "x-max-length": MAX_WAITING_REQUESTS})


def service_topology(
    service: str,
    hears: Iterable[type[Event]],
    answers: Iterable[type[Request]],
    *,
    refusals: bool = False,
) -> Topology:
    """What `service` declares for itself: dead, then retry, then main, then requests.

    With `refusals` it receives a copy of each of its dead letters.
    """
    heard, answered = _types(hears), _types(answers)
    main = Queue(
        service,
        {**_quorum(delivery_limit=DELIVERY_LIMIT), **_dead_letter_arguments(DEAD, service)},
    )
    listening = _subscriptions(service, heard, main) if heard else Topology()
    if refusals:
        copies = Queue(refusals_queue(service), _quorum(delivery_limit=DELIVERY_LIMIT))
        listening = Topology(
            listening.exchanges,
            (copies, *listening.queues),
            (Binding(DEAD, copies.name, service), *listening.bindings),
        )
    if not answered:
        return listening
    requests = Queue(
        requests_queue(service),
        {
            "x-message-ttl": REQUEST_TTL,
            "x-max-length": MAX_WAITING_REQUESTS,
            "x-overflow": "reject-publish",
        },
    )
    return Topology(
        listening.exchanges,
        (*listening.queues, requests),
        (*listening.bindings, *(Binding(REQUESTS, requests.name, key) for key in answered)),
    )


def partner_key(event_type: str, partner: str) -> str:
    """The routing key of an event that is for one partner."""
    return f"{event_type}.{partner}"


def partner_queue(partner: str) -> str:
    """The queue where events wait for another application."""
    return f"{partner}.events"


def partner_queues(partner: str) -> tuple[str, ...]:
    """The names of every queue that another application may have."""
    steps = (retry_queue(partner, step) for step in RETRY_DELAYS)
    return (partner_queue(partner), *steps, dead_queue(partner))


def partner_topology(partner: str, hears: Iterable[type[Event]]) -> Topology:
    """The queues of another application, which declares nothing itself: what is agreed that it
    hears waits until it reads it, what it cannot handle yet or at all is beside that.

    The queue has no arguments: one of an earlier version had none, and they cannot change.
    `partner_policy` gives it its dead letters.
    """
    heard, queue = list(hears), Queue(partner_queue(partner), _quorum())
    if not heard:
        return Topology()
    common = _subscriptions(partner, _types(one for one in heard if not one.TO_PARTNER), queue)
    own = _types(one for one in heard if one.TO_PARTNER)
    bindings = (Binding(PARTNERS, queue.name, partner_key(key, partner)) for key in own)
    return Topology(common.exchanges, common.queues, (*common.bindings, *bindings))


def partner_policy(partner: str) -> dict[str, Any]:
    """What the queue of a partner does with a message that it rejects, or lets return too often."""
    return {
        "delivery-limit": DELIVERY_LIMIT,
        "dead-letter-exchange": DEAD,
        "dead-letter-routing-key": partner,
        "dead-letter-strategy": "at-least-once",
        "overflow": "reject-publish",
    }


def _subscriptions(service: str, heard: list[str], main: Queue) -> Topology:
    retry = retry_exchange(service)
    queues = {step: retry_queue(service, step) for step in RETRY_DELAYS}
    back = _dead_letter_arguments(retry, service)
    return Topology(
        exchanges=(Exchange(retry, "direct"),),
        queues=(
            Queue(dead_queue(service), _quorum()),
            *(
                Queue(queues[step], {**_quorum(message_ttl=RETRY_DELAYS[step]), **back})
                for step in RETRY_DELAYS
            ),
            main,
        ),
        bindings=(
            Binding(DEAD, dead_queue(service), service),
            *(Binding(retry, queues[step], step) for step in RETRY_DELAYS),
            Binding(retry, main.name, service),
            *(Binding(EVENTS, main.name, key) for key in heard),
        ),
    )


def _types(messages: Iterable[type[Event]] | Iterable[type[Request]]) -> list[str]:
    return sorted(message.TYPE for message in messages)


def permissions(
    service: str,
    hears: Iterable[type[Event]],
    emits: Iterable[type[Event]],
    asks: Iterable[type[Request]],
    answers: Iterable[type[Request]],
) -> Permissions:
    """The least rights with which `service` can do its work."""
    own = rf"{re.escape(service)}(\..+)?"
    heard, answered, asked = _types(hears), _types(answers), _types(asks)
    emits = tuple(emits)
    emitted, to_partners = _types(emits), _types(one for one in emits if one.TO_PARTNER)
    write = [re.escape(EVENTS)] if emitted else []
    write += [re.escape(PARTNERS)] if to_partners else []
    write += [re.escape(REQUESTS)] if asked else []
    write += [re.escape(DEAD)] if heard else []
    # Not the default exchange, whose write permission reaches every queue.
    write += [re.escape(REPLIES)] if answered or heard else []
    read = [re.escape(name) for name, used in ((EVENTS, heard), (DEAD, heard)) if used]
    read += [re.escape(REQUESTS)] if answered else []
    read += [re.escape(REPLIES)] if asked else []
    own_letters = [service] if heard else []
    return Permissions(
        user=service,
        configure=f"^{own}$",
        write=_any_of([*write, own]),
        read=_any_of([*read, own]),
        topics=(
            TopicPermission(
                EVENTS,
                write=rf"^{re.escape(service)}\." if emitted else NO_KEY,
                read=_keys(heard),
            ),
            TopicPermission(REQUESTS, write=_keys(asked), read=_keys(answered)),
            TopicPermission(
                REPLIES,
                write=REPLY_KEY.pattern if answered else TRIAL_KEY.pattern if heard else NO_KEY,
                read=rf"^{re.escape(service)}\.replies\.[0-9a-f]+$" if asked else NO_KEY,
            ),
            TopicPermission(DEAD, write=_keys(own_letters), read=_keys(own_letters)),
            TopicPermission(
                PARTNERS,
                write=rf"^({'|'.join(map(re.escape, to_partners))})\.{PARTNER_NAME.pattern}$"
                if to_partners
                else NO_KEY,
                read=NO_KEY,
            ),
        ),
    )


def letters_permissions(least: Permissions) -> Permissions:
    """`least` and the rights to read, replay, try and discard the letters of every service."""
    kept = rf"({KEPT_QUEUES[1:-1]}|{re.escape(UNROUTED_QUEUE)})"
    own = re.escape(least.user)
    topics = {one.exchange: one for one in least.topics}
    topics[REPLIES] = replace(topics[REPLIES], read=rf"^{own}\.replies\.[0-9a-f]+$")
    topics[DEAD] = replace(topics[DEAD], write=_keys([least.user, DISCARDED]))
    return replace(
        least,
        write=rf"{least.write}|^([a-z][a-z0-9-]*\.retry|{re.escape(DEAD)})$",
        read=f"{least.read}|^{kept}$|^{re.escape(REPLIES)}$",
        topics=tuple(topics.values()),
    )


def push_permissions(least: Permissions, partners: Iterable[str]) -> Permissions:
    """`least` and the right to read the queues of these partners."""
    queues = [re.escape(partner_queue(one)) for one in sorted(partners)]
    return replace(least, read=f"{least.read}|{_any_of(queues)}") if queues else least


def partner_permissions(
    user: str, emits: Iterable[type[Event]], hears: Iterable[type[Event]]
) -> Permissions:
    """The permissions of another application: to publish the events agreed with it, and, where it
    hears any, to read its queues and to put a message back to be tried again; nothing else.

    What nobody hears would push older facts out of the unrouted ones.
    """
    heard, name = _types(hears), re.escape(user)
    write = [re.escape(EVENTS)] if _types(emits) else []
    write += [re.escape(retry_exchange(user))] if heard else []
    return Permissions(
        user=user,
        configure=NO_KEY,
        write=_any_of(write) if write else NO_KEY,
        read=_any_of([rf"{name}\.(events|dead|retry\..+)"]) if heard else NO_KEY,
        topics=(
            TopicPermission(EVENTS, write=_keys(_types(emits)), read=NO_KEY),
            TopicPermission(REQUESTS, write=NO_KEY, read=NO_KEY),
            TopicPermission(REPLIES, write=NO_KEY, read=NO_KEY),
            TopicPermission(DEAD, write=NO_KEY, read=NO_KEY),
            TopicPermission(PARTNERS, write=NO_KEY, read=NO_KEY),
        ),
    )


def _keys(keys: list[str]) -> str:
    """Exactly these keys."""
    return _any_of([re.escape(key) for key in keys]) if keys else NO_KEY


def _any_of(patterns: list[str]) -> str:
    return f"^({'|'.join(patterns)})$"


async def declare(channel: AbstractChannel, topology: Topology) -> None:
    """Make `topology` on a throw-away `channel`: a mismatch closes the channel.

    Raises `ConfigurationError` where something exists with other arguments or may not be made.
    """
    name = "?"
    try:
        for exchange in topology.exchanges:
            name = f"exchange {exchange.name}"
            await channel.exchange_declare(
                exchange.name,
                exchange_type=exchange.kind,
                durable=True,
                arguments=dict(exchange.arguments),
            )
        for queue in topology.queues:
            name = f"queue {queue.name}"
            await channel.queue_declare(queue.name, durable=True, arguments=dict(queue.arguments))
        for binding in topology.bindings:
            name = f"binding of {binding.queue} to {binding.exchange}"
            await channel.queue_bind(binding.queue, binding.exchange, binding.key)
    except aiormq.exceptions.ChannelPreconditionFailed as error:
        sentence = (
            f"the {name} exists with other arguments; drain it and delete it, or give the new one "
            f"another name ({error})"
        )
        raise ConfigurationError([("RabbitMQ", sentence)]) from error
    except (
        aiormq.exceptions.ChannelAccessRefused,
        aiormq.exceptions.ChannelNotFoundEntity,
    ) as error:
        sentence = f"the {name} cannot be made; run the provisioning first ({error})"
        raise ConfigurationError([("RabbitMQ", sentence)]) from error
