"""Messages between services: frozen structures with an owner and a version.

A message type is declared with `@event(owner)` or `@request(owner, reply=...)`. Its wire name,
`registration.AccountRequested.v1`, is the AMQP type, the routing key, the name of its golden file
and the name in the logs. A breaking change is a new class with a higher version, emitted beside the
old one; readers ignore fields they do not know.
"""

from collections.abc import Callable
from types import ModuleType
from typing import ClassVar, TypeVar

import msgspec


class Sealed(msgspec.Struct, frozen=True, kw_only=True):
    """A secret that only one service can open (see `shared.security.sealing`).

    `recipient` is that service's name, `key_id` names the key among its key ring, which decides how
    `box` was made; `box` is base64url.
    """

    recipient: str
    key_id: str
    box: str

    def __repr__(self) -> str:
        return f"<sealed for {self.recipient}>"


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """An event, in the past tense. `OWNER` publishes it; any service may subscribe to it.

    With `BY_PARTNERS` no service publishes it: every partner may whose rights on the broker name
    the type. With `TO_PARTNER` each event is for one partner, which alone receives it.
    """

    OWNER: ClassVar[str]
    TYPE: ClassVar[str]
    BY_PARTNERS: ClassVar[bool]
    TO_PARTNER: ClassVar[bool]


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """The reply of an owner that carried a request out."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A query or command to one owner, answered within three seconds or not at all.

    A request with `CHANGES` true changes something and carries an idempotency key: sent twice with
    the same key, it is carried out once and gets the same reply twice. `REPLY_SECONDS` is how long
    the reply is stored for that.
    """

    OWNER: ClassVar[str]
    TYPE: ClassVar[str]
    REPLY: ClassVar[type[Reply]]
    CHANGES: ClassVar[bool]
    REPLY_SECONDS: ClassVar[int]


class FieldError(msgspec.Struct, frozen=True, kw_only=True):
    """One error of one field: `code` selects the text, `params` are its values."""

    field: str
    code: str
    params: dict[str, str | int] = {}


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """Why an owner did not carry a request out: a slug for programs, errors for the form's fields.

    `retry_after` is in seconds, where waiting helps.
    """

    slug: str
    errors: tuple[FieldError, ...] = ()
    retry_after: int | None = None
    params: dict[str, str | int] = {}


EVENTS: dict[str, type[Event]] = {}
REQUESTS: dict[str, type[Request]] = {}

E = TypeVar("E", bound=type[Event])
R = TypeVar("R", bound=type[Request])


def event(
    owner: str, version: int = 1, *, by_partners: bool = False, to_partner: bool = False
) -> Callable[[E], E]:
    """Declare an event of `owner` and enter it in `EVENTS`."""

    def declare(cls: E) -> E:
        cls.OWNER = owner
        cls.BY_PARTNERS = by_partners
        cls.TO_PARTNER = to_partner
        cls.TYPE = f"{owner}.{cls.__name__}.v{version}"
        if cls.TYPE in EVENTS:
            raise ValueError(f"event {cls.TYPE} is declared twice")
        EVENTS[cls.TYPE] = cls
        return cls

    return declare


def request(
    owner: str,
    reply: type[Reply],
    *,
    changes: bool,
    reply_seconds: int = 86_400,
    version: int = 1,
) -> Callable[[R], R]:
    """Declare a request that `owner` answers and enter it in `REQUESTS`."""

    def declare(cls: R) -> R:
        cls.OWNER = owner
        cls.TYPE = f"{owner}.{cls.__name__}.v{version}"
        cls.REPLY = reply
        cls.CHANGES = changes
        cls.REPLY_SECONDS = reply_seconds
        if cls.TYPE in REQUESTS:
            raise ValueError(f"request {cls.TYPE} is declared twice")
        REQUESTS[cls.TYPE] = cls
        return cls

    return declare


def requests_of(module: ModuleType) -> tuple[type[Request], ...]:
    """The requests that a module of contracts declares."""
    return tuple(one for one in REQUESTS.values() if one.__module__ == module.__name__)
