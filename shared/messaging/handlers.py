"""What a service's handlers see: a typed message and a context, never a channel or a header.

Also the readable routing table: `hears(Event, handler)` and `answers(Request, handler)` make its
rows. Returning means done; `shared.errors.Retry` and `Reject` steer what happens to an event,
`Refused` is a definitive answer to a request, and any other exception is a bug.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from shared.contracts.base import Event, Refusal, Reply, Request
from shared.database import Connection
from shared.errors import Reject
from shared.messaging.envelope import Envelope

Deps = TypeVar("Deps")
E = TypeVar("E", bound=Event)
Q = TypeVar("Q", bound=Request)


class Refused(Exception):
    """The owner refuses the request, for a reason that the caller can act on.

    Raised in a handler it undoes the transaction; nothing is kept, so the same request asked again
    is judged again. Raised by `RpcClient.ask` it carries the owner's refusal.
    """

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.slug)
        self.refusal = refusal


class RefusalReply(Reply, frozen=True, kw_only=True):
    """What `RequestContext.refuse` returns: the writes are kept, and so is the refusal where it is
    `stored`."""

    refusal: Refusal
    stored: bool = True


class Emit(Protocol):
    """Puts an event into the outbox of the transaction and returns its id."""

    async def __call__(self, event: Event, *, subject: str | None) -> str: ...


@dataclass(frozen=True, kw_only=True)
class Context(Generic[Deps]):
    """What a handler works with: one transaction, the service's own things, the envelope.

    `prepared` is what `prepare` returned, outside the transaction.
    """

    tx: Connection
    deps: Deps
    envelope: Envelope
    now: Callable[[], datetime]
    _emit: Emit
    prepared: Any = None

    @property
    def account_id(self) -> str | None:
        """The account that the message is about: the envelope's subject."""
        return self.envelope.subject

    def require_account_id(self) -> str:
        """The account that the event is about; `Reject` where the envelope names none."""
        if self.account_id is None:
            raise Reject("the event has no subject")
        return self.account_id

    async def emit(self, event: Event, *, subject: str | None = None) -> str:
        """Publish `event` when the transaction commits; returns the event's id.

        `subject` is an account's id; left out, it is the subject of the message being handled.
        """
        return await self._emit(event, subject=subject or self.envelope.subject)


@dataclass(frozen=True, kw_only=True)
class RequestContext(Context[Deps]):
    """A request's context: it may also be refused. `settings` are those of the service."""

    settings: Any = None

    def refuse(self, refusal: Refusal) -> RefusalReply:
        """Refuse and keep what was written: `return context.refuse(...)`."""
        return RefusalReply(refusal=refusal)

    def refuse_for_now(self, refusal: Refusal) -> RefusalReply:
        """As `refuse`, for what does not last: the same request is judged anew."""
        return RefusalReply(refusal=refusal, stored=False)


EventHandler = Callable[[Any, Context[Any]], Awaitable[None]]
RequestHandler = Callable[[Any, RequestContext[Any]], Awaitable[Reply]]
Prepare = Callable[[Any, Any, Any], Awaitable[Any]]


@dataclass(frozen=True)
class SqlEffect:
    """All that an event does, as one INSERT, UPDATE or DELETE, carried out with its inbox row.

    The statement takes its rows `FROM first`, which has one row the first time that the message
    comes and none later. `values` are its parameters from `$3` on. `then` are further statements,
    which take their rows `FROM effect`, what the first one returns, or `FROM first`. Where the
    query `unless` finds a row nothing is done, not even the inbox row: the subscription's handler
    does it. `row` names the row that it changes, where effects of other messages change it too:
    those of a batch are applied in the order of their rows, so that no two batches wait for each
    other.
    """

    sql: str
    values: tuple[Any, ...]
    then: tuple[str, ...] = ()
    unless: str = ""
    row: str = ""


SqlEffectFactory = Callable[[Any, Envelope, datetime, Any], SqlEffect]


@dataclass(frozen=True)
class Subscription:
    """One row of the routing table: an event that the service subscribes to, and its handler.

    Either `handler` works in a transaction, or `effect(event, envelope, now, deps)` returns one SQL
    statement; with both, `handler` does what the statement leaves to it (`SqlEffect.unless`).
    `prepare(event, deps, pool)` runs outside the handler's transaction, for work that
    takes long (asking somebody else's server); what it returns is `context.prepared`.
    Where `only_if(event)` is false there is nothing to do, and nothing is written.
    With `logged` each event that was handled is a line of the log. `batched` effects that wait at
    the same time are applied in one transaction.
    """

    event: type[Event]
    handler: EventHandler | None = None
    prepare: Prepare | None = None
    effect: SqlEffectFactory | None = None
    only_if: Callable[[Any], bool] | None = None
    logged: bool = False
    batched: bool = False

    def concerns(self, event: Event) -> bool:
        """Whether this event has anything to do here."""
        return self.only_if is None or self.only_if(event)


@dataclass(frozen=True)
class Answer:
    """One row of the routing table: a request that the service handles and replies to.

    `prepare(request, deps, pool)` runs outside the transaction, for work that takes long (hashing);
    what it returns is `context.prepared`. It may raise `Refused`, as the handler may.
    """

    request: type[Request]
    handler: RequestHandler
    prepare: Prepare | None = None


def hears(
    event: type[E],
    handler: Callable[[E, Context[Any]], Awaitable[None]],
    prepare: Callable[[E, Any, Any], Awaitable[Any]] | None = None,
    *,
    only_if: Callable[[E], bool] | None = None,
) -> Subscription:
    """This service subscribes to `event` and handles each message once with `handler`."""
    return Subscription(event, handler, prepare, only_if=only_if)


def hears_sql(
    event: type[E],
    effect: Callable[[E, Envelope, datetime, Any], SqlEffect],
    handler: Callable[[E, Context[Any]], Awaitable[None]] | None = None,
    *,
    only_if: Callable[[E], bool] | None = None,
    logged: bool = False,
    batched: bool = False,
) -> Subscription:
    """This service subscribes to `event` and executes the statement of `effect` once, or `handler`
    where the statement leaves it to that.

    `batched` is for events that come many at a time. Where a batch and a handler wait for each
    other's rows, the server ends one of them: a batch is then applied one by one, and a handler
    is tried again.
    """
    return Subscription(
        event, handler, effect=effect, only_if=only_if, logged=logged, batched=batched
    )


def answers(
    request: type[Q],
    handler: Callable[[Q, RequestContext[Any]], Awaitable[Reply]],
    prepare: Callable[[Q, Any, Any], Awaitable[Any]] | None = None,
) -> Answer:
    """This service handles `request` with `handler` and replies."""
    return Answer(request, handler, prepare)
