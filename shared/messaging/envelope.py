"""The envelope around every message: CloudEvents 1.0 as structured JSON.

Decoding is strict about the JSON itself (UTF-8 without BOM, no key twice, finite numbers, at most
256 KiB) and tolerant about fields it does not know. Whatever is wrong raises `Undecodable` with a
reason that holds no value of the message.
"""

import json
import os
import time as clock_time
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID, uuid5

import msgspec

from shared.contracts.base import EVENTS, Event, Request
from shared.messaging.errors import Undecodable
from shared.runtime.tracing import new_traceparent, traceparent

CONTENT_TYPE = "application/cloudevents+json"
DATA_CONTENT_TYPE = "application/json"
#: Bytes; a larger body is refused before it is parsed.
MAX_BODY_BYTES = 256 * 1024

#: What the source of an event begins with, before the name of its publisher.
SOURCE = "impex/"
#: Ids of messages by publisher, where a type has several.
PUBLISHERS = UUID("5f2c8e1a-7a0b-5c0e-9f57-0d1f6b8a4c33")

Contract = TypeVar("Contract", bound=msgspec.Struct)
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """Publisher, type, subject and time of a message. `data` is the contract as plain JSON
    values.
    """

    id: str
    source: str
    type: str
    subject: str | None
    time: datetime
    traceparent: str | None
    data: dict[str, Any]

    @property
    def publisher(self) -> str:
        """The broker user who published it, once `is_published_by` has compared the source."""
        return self.source.removeprefix(SOURCE)

    @property
    def unique_id(self) -> str:
        """The id under which it is handled once: another publisher cannot use it up."""
        if self.publisher == owner_of(self):
            return self.id
        return str(uuid5(PUBLISHERS, f"{self.publisher}/{self.id}"))


class _Wire(msgspec.Struct, omit_defaults=True):
    specversion: Literal["1.0"]
    id: UUID
    source: Name
    type: Name
    time: Annotated[datetime, msgspec.Meta(tz=True)]
    data: Any
    subject: Name | None = None
    traceparent: Name | None = None
    datacontenttype: Name | None = None


class _Traced(msgspec.Struct):
    traceparent: str | None = None


def new_id() -> str:
    """A UUID of version 7: unique, and growing with time so that indexes stay compact."""
    bits = (clock_time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10), "big")
    bits = bits & ~(0xF << 76) | 7 << 76
    bits = bits & ~(0x3 << 62) | 2 << 62
    return str(UUID(int=bits))


def wrap(
    service: str,
    message: Event | Request,
    *,
    subject: str | None,
    now: datetime,
    message_id: str | None = None,
) -> tuple[str, bytes]:
    """Put `message` into an envelope of the publisher `service`; returns the message's id and
    bytes.

    The id is a new one unless it is given. The trace is that of the current task, or a new one.
    """
    wire = _Wire(
        specversion="1.0",
        id=UUID(message_id or new_id()),
        source=f"{SOURCE}{service}",
        type=message.TYPE,
        time=now,
        data=message,
        subject=subject,
        traceparent=traceparent.get() or new_traceparent(),
        datacontenttype=DATA_CONTENT_TYPE,
    )
    body = msgspec.json.encode(wire)
    if len(body) > MAX_BODY_BYTES:
        raise ValueError(f"{message.TYPE} takes {len(body)} bytes, more than {MAX_BODY_BYTES}")
    return str(wire.id), body


def decode(body: bytes) -> Envelope:
    """Read an envelope, or raise `Undecodable` with the reason."""
    wire = _convert(_strict_json(body), _Wire)
    # Its parameters, such as a charset, and its case mean nothing for data inside JSON.
    media_type = (wire.datacontenttype or DATA_CONTENT_TYPE).partition(";")[0].strip().lower()
    if media_type != DATA_CONTENT_TYPE:
        raise Undecodable(f"datacontenttype is not {DATA_CONTENT_TYPE}")
    if not isinstance(wire.data, dict):
        raise Undecodable("data is not an object")
    return Envelope(
        id=str(wire.id),
        source=wire.source,
        type=wire.type,
        subject=wire.subject,
        time=wire.time,
        traceparent=wire.traceparent,
        data=wire.data,
    )


def traceparent_of(body: bytes) -> str | None:
    """The trace of an envelope that this program wrote."""
    return msgspec.json.decode(body, type=_Traced).traceparent


def is_published_by(user: str | None, envelope: Envelope, key: str) -> bool:
    """Whether `user`, whom the broker vouches for, may publish the type: its owner, or a partner.

    The owner is that of `owner.Name.v1`. Partners have the right to publish a key or not: one that
    published under the type as the routing `key` has it.
    """
    if not user or envelope.source != f"{SOURCE}{user}":
        return False
    known = EVENTS.get(envelope.type)
    if known is not None and known.BY_PARTNERS:
        return key == envelope.type
    return user == owner_of(envelope)


def owner_of(envelope: Envelope) -> str:
    """The only publisher allowed for this type, whether the type is known here or not."""
    return envelope.type.partition(".")[0][:120]


def contract(envelope: Envelope, known: Mapping[str, type[Contract]]) -> Contract:
    """The typed message inside, one of `known`, or raise `Undecodable`."""
    cls = known.get(envelope.type)
    if cls is None:
        reason = f"type or version not known here: {envelope.type[:120]}"
        raise Undecodable(reason, "unknown_type")
    return _convert(envelope.data, cls)


def _strict_json(body: bytes) -> Any:
    if len(body) > MAX_BODY_BYTES:
        raise Undecodable(f"{len(body)} bytes, more than {MAX_BODY_BYTES}")
    try:
        value = msgspec.json.decode(body)
        # What our own encoder wrote comes out byte for byte again, and so holds no key twice;
        # anything else is read once more by a parser that shows every key.
        if msgspec.json.encode(value) != body:
            json.loads(body.decode("utf-8"), object_pairs_hook=_refuse_duplicate_keys)
    except Undecodable:
        raise
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        # The parser's own sentence names a byte position at most, never a value.
        kind = "nested too deeply" if isinstance(error, RecursionError) else "not strict JSON"
        raise Undecodable(kind) from None
    return value


def _refuse_duplicate_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Undecodable("a key stands twice in one object")
    return found


def _convert(value: Any, cls: type[Contract]) -> Contract:
    try:
        return msgspec.convert(value, cls)
    except msgspec.ValidationError as error:
        reason = f"wrong fields: {_without_values(str(error))}"
        raise Undecodable(reason, "wrong_fields") from None
    except RecursionError:
        raise Undecodable("nested too deeply") from None


def _without_values(sentence: str) -> str:
    """msgspec quotes an invalid enumeration value before its path; keep the path."""
    if sentence.startswith("Invalid enum value"):
        return f"Invalid enum value - {sentence.rpartition(' - ')[2]}"
    return sentence[:200]
