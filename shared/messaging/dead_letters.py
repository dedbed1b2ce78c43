"""Dead letters for an operator: looking at them, sending them again, discarding them, trying one.

Works under the operator's broker user. Looking takes nothing out; a letter is removed only after
its copy was confirmed, so an interruption leaves a duplicate at worst, which the inbox removes.
A replayed message is trusted, so one that its type's owner did not publish can only be discarded.
What waits in retry queues, is heard by nobody or was discarded can be looked at likewise.
"""

import hashlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, get_args, get_type_hints
from uuid import UUID

from aiormq.abc import DeliveredMessage

from shared.contracts.base import EVENTS as CONTRACTS
from shared.messaging.envelope import Envelope, decode, is_published_by
from shared.messaging.errors import WRONG_PUBLISHER, Undecodable
from shared.messaging.failures import (
    ATTEMPT,
    FIRST_ERROR,
    FIRST_FAILED_AT,
    MAX_FRAMES,
    PUBLISHED_BY,
    REPLAYED_AT,
    REPLAYED_BY,
    REPLAYS,
    attempt_of,
    failure_text,
    history,
)
from shared.messaging.letter_queue import open_channel, open_letters
from shared.messaging.topology import (
    DEAD,
    DISCARDED,
    EVENTS,
    OPERATOR,
    OPERATORS,
    RETRY_DELAYS,
    UNROUTED_QUEUE,
    dead_queue,
    retry_exchange,
    retry_queue,
)
from shared.messaging.trials import SECONDS, Trial, try_letter
from shared.runtime.telemetry import mask_text, trace_id

Place = Literal["dead", "retry", "unrouted", "discarded"]
PLACES: tuple[Place, ...] = get_args(Place)
#: Letters looked at in one go.
MAX_LISTED = 50_000
MAX_SHOWN = 300
#: Why the broker itself moved a message to the dead letters, by its own word.
BROKER_REASONS = {
    "delivery_limit": "the process ended or hung while handling it, too often",
    "expired": "it ran out before anybody took it",
}
DISCARDED_BY, DISCARDED_AT, DISCARD_REASON, DISCARDED_FROM = (
    "discarded_by",
    "discarded_at",
    "discard_reason",
    "discarded_from",
)


@dataclass(frozen=True)
class DeadLetter:
    """One letter as an operator may see it: nothing of its content.

    `code` names this letter alone, whatever its publisher wrote as its id; a forgery of it has
    another. `publisher_verified`:
    the owner of its type published it; others are never replayed. `age` is in seconds since it
    first failed, None where that is not known. Times are ISO texts, empty where not known.
    """

    service: str
    queue: str
    code: str
    id: str
    type: str
    attempt: int
    error_type: str
    error: str
    failed_by: str
    failed_at: str
    fingerprint: str
    frames: tuple[str, ...]
    first_failed_at: str
    first_error: str
    age: float | None
    published_by: str
    publisher_verified: bool
    replays: int
    replayed_by: str
    replayed_at: str
    discarded_by: str
    discarded_at: str
    discard_reason: str

    @property
    def fault(self) -> str:
        """A short name of what went wrong, the same for letters of one fault. Forged ones are apart
        by who published them: one may be a mistake, another a theft."""
        named = self.fingerprint or self.error_type or self.queue
        whose = self.publisher_verified or f"{self.published_by}\n{self.error}"
        return _digest(f"{self.service}\n{named}\n{whose}")


@dataclass(frozen=True)
class LetterContent:
    """What a letter says: type, account and trace, empty where there is none, and its fields."""

    type: str
    account: str
    trace: str
    said_at: str
    data: Mapping[str, Any]
    readable: bool = True


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which letters: one by id or code, one by its code alone, those of a type (`type` may be its
    name alone, as lists show it), those of a fault, or, of none, all."""

    id: str | None = None
    code: str | None = None
    type: str | None = None
    fault: str | None = None

    def matches(self, letter: DeadLetter) -> bool:
        """Whether it is one of them."""
        return (
            self.id in (None, letter.id, letter.code)
            and self.code in (None, letter.code)
            and self.type in (None, letter.type, name_of(letter.type))
            and self.fault in (None, letter.fault, letter.fingerprint)
        )


def name_of(event_type: str) -> str:
    """The middle of `owner.Name.v1`; what is no type stays whole.

    >>> name_of("backoffice.DossierFiled.v1"), name_of("junk")
    ('DossierFiled', 'junk')
    """
    parts = event_type.split(".")
    return parts[1] if len(parts) == 3 else event_type


def queues_of(service: str, place: Place = "dead") -> tuple[str, ...]:
    """The queues of a place; those of unrouted and discarded letters are everybody's."""
    match place:
        case "dead":
            return (dead_queue(service),)
        case "retry":
            return tuple(retry_queue(service, step) for step in RETRY_DELAYS)
        case "unrouted":
            return (UNROUTED_QUEUE,)
        case "discarded":
            return (DISCARDED,)


async def list_letters(
    amqp_url: str, service: str, place: Place = "dead", *, limit: int = MAX_LISTED
) -> list[DeadLetter]:
    """The letters of `service`, oldest first; they stay where they are."""
    found: list[DeadLetter] = []
    await read_letters(amqp_url, service, place, found.append, limit=limit)
    return found


async def read_letters(
    amqp_url: str,
    service: str,
    place: Place,
    take: Callable[[DeadLetter], None],
    *,
    limit: int = MAX_LISTED,
) -> int:
    """Give the oldest letters of `service` to `take`, one after the other, and keep none of them;
    returns how many."""
    seen = 0
    for queue in queues_of(service, place):
        async with open_letters(amqp_url, queue) as letters:
            async for part in letters.parts(limit - seen):
                for message in part:
                    take(_described(service, queue, message))
                seen += len(part)
    return seen


async def find_letter(
    amqp_url: str, service: str, wanted: Selection, place: Place = "dead"
) -> tuple[DeadLetter, LetterContent] | None:
    """The oldest letter of a selection with what it says; None where there is none. Of what was
    discarded, letters of other services than `service` are left out, where one is given.
    """
    for queue in queues_of(service, place):
        async with open_letters(amqp_url, queue) as letters:
            async for part in letters.parts():
                for message in part:
                    letter = _described(service, queue, message)
                    of_service = not service or letter.service == service
                    if of_service and wanted.matches(letter):
                        return letter, _content(message)
    return None


async def replay(
    amqp_url: str,
    service: str,
    wanted: Selection = Selection(),
    *,
    replayed_by: str = OPERATOR,
    progress: Callable[[int], None] = lambda _count: None,
) -> int:
    """Send dead letters of `service` again as first tries, only verified ones; returns how many.

    What was handled in the meantime has no second effect. `progress` gets the number so far.
    """
    moment = datetime.now(UTC).isoformat()

    def headers(letter: DeadLetter, message: DeliveredMessage) -> dict[str, Any]:
        return {
            ATTEMPT: 1,
            **_past(letter, message),
            REPLAYS: letter.replays + 1,
            REPLAYED_BY: replayed_by,
            REPLAYED_AT: moment,
        }

    return await _move(
        amqp_url,
        service,
        lambda letter: letter.publisher_verified and wanted.matches(letter),
        (retry_exchange(service), service),
        headers,
        progress,
    )


async def discard(
    amqp_url: str,
    service: str,
    wanted: Selection,
    *,
    discarded_by: str,
    reason: str,
    progress: Callable[[int], None] = lambda _count: None,
) -> int:
    """Put dead letters of `service` aside, where they end after 30 days; returns how many."""
    moment = datetime.now(UTC).isoformat()

    def headers(letter: DeadLetter, message: DeliveredMessage) -> dict[str, Any]:
        own = message.header.properties.headers or {}
        return {
            **{name: value for name, value in own.items() if not name.startswith("x-")},
            **_past(letter, message),
            "error_type": letter.error_type,
            "error": letter.error,
            "publisher_verified": letter.publisher_verified,
            DISCARDED_FROM: service,
            DISCARDED_BY: discarded_by,
            DISCARDED_AT: moment,
            DISCARD_REASON: reason,
        }

    return await _move(amqp_url, service, wanted.matches, (DEAD, DISCARDED), headers, progress)


async def try_replay(
    amqp_url: str, service: str, wanted: Selection, *, seconds: float = SECONDS
) -> Trial | None:
    """Have the service try the oldest verified letter of a selection; None where there is none."""
    queue = dead_queue(service)
    async with (
        open_channel(amqp_url, "operator.trial") as channel,
        open_letters(amqp_url, queue) as letters,
    ):
        async for part in letters.parts():
            for message in part:
                letter = _described(service, queue, message)
                if letter.publisher_verified and wanted.matches(letter):
                    return await try_letter(channel, service, message, letters.user, seconds)
    return None


async def _move(
    amqp_url: str,
    service: str,
    chosen: Callable[[DeadLetter], bool],
    to: tuple[str, str],
    headers: Callable[[DeadLetter, DeliveredMessage], dict[str, Any]],
    progress: Callable[[int], None],
) -> int:
    """Copy the chosen dead letters to an exchange with a key, and remove them."""
    queue, moved = dead_queue(service), 0
    async with open_letters(amqp_url, queue) as letters:
        async for part in letters.parts():
            described = [(_described(service, queue, message), message) for message in part]
            mine = [pair for pair in described if chosen(pair[0])]
            letters.holds = letters.holds or len(mine) < len(part)
            messages = [message for _, message in mine]
            await letters.publish(messages, *to, [headers(*pair) for pair in mine])
            moved += len(mine)
            progress(moved)
    return moved


def redact(content: LetterContent, event_type: str) -> dict[str, Any]:
    """The fields without what may be about a person: words stay where the contract lists them."""
    hints: dict[str, Any] = {}
    if (contract := CONTRACTS.get(event_type)) is not None:
        hints = get_type_hints(contract)
    return {name: _redacted(value, hints.get(name)) for name, value in content.data.items()}


def _redacted(value: Any, hint: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, list):
        return _hidden(len(value), "value")
    if not isinstance(value, str):
        return "‹hidden›"
    listed = {word for one in (hint, *get_args(hint)) for word in get_args(one)}
    if value in listed or _is_id_or_time(value):
        return value
    return _hidden(len(value), "character")


def _hidden(count: int, what: str) -> str:
    return f"‹{count} {what}›" if count == 1 else f"‹{count} {what}s›"


def _is_id_or_time(text: str) -> bool:
    for read in (UUID, datetime.fromisoformat):
        try:
            read(text)
        except ValueError:
            continue
        return len(text) >= len("2026-01-15")
    return False


def _described(service: str, queue: str, message: DeliveredMessage) -> DeadLetter:
    properties = message.header.properties
    headers: dict[str, Any] = dict(properties.headers or {})
    if queue == DISCARDED:  # elsewhere a publisher may have written the header
        service = _text(headers.get(DISCARDED_FROM)) or service
    past = history(message) if _is_copy(service, message) else {}
    vouched = _publisher_verified(service, message)
    broker_reason = _text(headers.get("x-first-death-reason"))
    error = _text(headers.get("error")) or BROKER_REASONS.get(broker_reason, "")
    if not vouched and not error.startswith(WRONG_PUBLISHER):
        error = f"{WRONG_PUBLISHER}anybody who is known to be allowed to"
    died_at = _died_at(headers)
    first = _text(past.get(FIRST_FAILED_AT)) or _text(headers.get(FIRST_FAILED_AT)) or died_at
    return DeadLetter(
        service=service,
        queue=queue,
        code=_digest(f"{properties.message_id}\n{vouched}", message.body, digits=16),
        id=_text(properties.message_id),
        type=_text(properties.message_type),
        attempt=attempt_of(message),
        error_type=_text(headers.get("error_type")) or broker_reason,
        error=error,
        failed_by=_text(headers.get("failed_by")) or service,
        failed_at=_text(headers.get("failed_at")) or died_at,
        fingerprint=_text(headers.get("fingerprint")),
        frames=_frames(headers.get("frames")),
        first_failed_at=first,
        first_error=_text(past.get(FIRST_ERROR)),
        age=_age(first),
        published_by=_publisher(service, message, past),
        publisher_verified=vouched,
        replays=_number(past.get(REPLAYS)),
        replayed_by=_text(past.get(REPLAYED_BY)),
        replayed_at=_text(past.get(REPLAYED_AT)),
        discarded_by=_text(headers.get(DISCARDED_BY)),
        discarded_at=_text(headers.get(DISCARDED_AT)),
        discard_reason=_text(headers.get(DISCARD_REASON)),
    )


def _is_copy(service: str, message: DeliveredMessage) -> bool:
    """Whether the headers are the service's or an operator's, not a publisher's."""
    return message.header.properties.user_id in (service, *OPERATORS)


def _publisher(service: str, message: DeliveredMessage, past: Mapping[str, Any]) -> str:
    if _is_copy(service, message):
        return _text(past.get(PUBLISHED_BY))
    return _text(message.header.properties.user_id)


def _past(letter: DeadLetter, message: DeliveredMessage) -> dict[str, Any]:
    """What the copy says of before: its publisher and the first failure."""
    past = history(message) if _is_copy(letter.service, message) else {}
    first = {
        FIRST_FAILED_AT: letter.first_failed_at,
        FIRST_ERROR: failure_text(letter.error_type, letter.error),
        PUBLISHED_BY: letter.published_by,
    }
    return {**first, **past}


def _publisher_verified(service: str, message: DeliveredMessage) -> bool:
    """A copy is as its service found it; what the broker moved here still has its sender."""
    properties = message.header.properties
    headers = properties.headers or {}
    if headers.get("publisher_verified") is False:
        return False
    if properties.user_id == service:
        return not str(headers.get("error", "")).startswith(WRONG_PUBLISHER)
    if properties.user_id in OPERATORS:
        return True
    try:
        return is_published_by(properties.user_id, decode(message.body), _key(message))
    except Undecodable:
        return False


def _key(message: DeliveredMessage) -> str:
    """The routing key under which it was published; nothing where the broker has moved it since.

    The broker notes the key in `x-death`, and continues a note that a publisher wrote there.
    """
    return message.routing_key or "" if message.exchange == EVENTS else ""


def _content(message: DeliveredMessage) -> LetterContent:
    envelope: Envelope
    try:
        envelope = decode(message.body)
    except Undecodable:
        return LetterContent(type="", account="", trace="", said_at="", data={}, readable=False)
    return LetterContent(
        type=envelope.type,
        account=envelope.subject or "",
        trace=trace_id(envelope.traceparent) or "",
        said_at=envelope.time.isoformat(),
        data=envelope.data,
    )


def _digest(text: str, more: bytes = b"", *, digits: int = 8) -> str:
    return hashlib.sha256(text.encode() + b"\n" + more).hexdigest()[:digits]


def _text(value: object) -> str:
    """The value masked and cut, since any publisher may have written it."""
    return mask_text(str(value))[:MAX_SHOWN] if value is not None else ""


def _frames(value: object) -> tuple[str, ...]:
    lines = mask_text(str(value or "")).splitlines()[-MAX_FRAMES:]
    return tuple(line[:MAX_SHOWN] for line in lines)


def _number(value: object) -> int:
    return value if isinstance(value, int) and value > 0 else 0


def _last_death(headers: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the broker noted when it last moved a message."""
    deaths = headers.get("x-death")
    last = deaths[0] if isinstance(deaths, list) and deaths else None
    return last if isinstance(last, dict) else {}


def _died_at(headers: Mapping[str, Any]) -> str:
    """When the broker itself moved a message, from its own header."""
    when = _last_death(headers).get("time")
    return when.astimezone(UTC).isoformat() if isinstance(when, datetime) else ""


def _age(first_failed_at: str) -> float | None:
    try:
        age = (datetime.now(UTC) - datetime.fromisoformat(first_failed_at)).total_seconds()
    except (ValueError, TypeError):
        return None
    return age if math.isfinite(age) else None
