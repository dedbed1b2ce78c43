"""A failed message: whether it is tried again, and the headers that describe the failure. Pure.

Every message either waits a bounded number of times or becomes a dead letter. The headers never
hold a value of the message: for an exception that is not one of ours, only its type and the place
in our code where it was raised.
"""

import traceback
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from aiormq.abc import DeliveredMessage
from pamqp.commands import Basic

from shared.errors import ImpexError, Reject, Retry
from shared.messaging.errors import Undecodable
from shared.messaging.topology import RETRY_DELAYS
from shared.runtime.telemetry import mask_text

#: Headers of ours; `x-` headers belong to the broker and are never copied.
ATTEMPT = "attempt"
FIRST_FAILED_AT = "first_failed_at"
#: The reason of the first failure, and the broker user who published the message.
FIRST_ERROR = "first_error"
PUBLISHED_BY = "published_by"
#: How often an operator sent it again, and who did so last, when.
REPLAYS = "replays"
REPLAYED_BY = "replayed_by"
REPLAYED_AT = "replayed_at"
#: What a copy takes over from the copy before.
HISTORY = (FIRST_FAILED_AT, FIRST_ERROR, PUBLISHED_BY, REPLAYS, REPLAYED_BY, REPLAYED_AT)
#: The reason for programs; a fault of ours has this one.
CODE, FAILED = "code", "failed"
MAX_REASON = 300
#: Places of our code that a copy names, the innermost last.
MAX_FRAMES = 12
_ROOT = Path(__file__).resolve().parents[2]
#: A message is tried once, and again after each step.
MAX_ATTEMPTS = len(RETRY_DELAYS) + 1


@dataclass(frozen=True)
class RetryIn:
    """Wait in the retry queue of `step`, then try again."""

    step: str


@dataclass(frozen=True)
class Dead:
    """Move to the dead letters, with the reason."""

    reason: str


Decision = RetryIn | Dead


def decide(error: BaseException, attempt: int) -> Decision:
    """What to do after `attempt` (1 is the first) failed with `error`.

    `Retry(after=…)` waits at least that long where a step does; a longer wait takes the longest.
    """
    if isinstance(error, Reject | Undecodable):
        return Dead(error.reason)
    if attempt >= MAX_ATTEMPTS:
        return Dead(f"failed {attempt} times")
    steps = list(RETRY_DELAYS)
    shortest = max(attempt, 1) - 1
    if isinstance(error, Retry) and error.after is not None:
        enough = [i for i, step in enumerate(steps) if RETRY_DELAYS[step] >= error.after * 1_000]
        shortest = enough[0] if enough else len(steps) - 1
    return RetryIn(steps[shortest])


def describe_failure(error: BaseException, service: str, now: datetime) -> dict[str, str]:
    """Why, where and when `error` was raised in a handler of `service`, as headers.

    `fingerprint` is alike for alike failures. `frames` are places in our code, one on each line.
    """
    own = _own_frames(error)
    name, place = type(error).__name__, own[-1][0] if own else "?"
    known = isinstance(error, ImpexError)
    return {
        CODE: error.code if isinstance(error, Reject | Undecodable) else FAILED,
        "error_type": name,
        "error": mask_text(str(error))[:MAX_REASON] if known else f"{name} at {place}",
        "failed_by": service,
        "failed_at": now.isoformat(),
        "fingerprint": f"{name} in {place}",
        "frames": "\n".join(f"{place}:{line}" for place, line in own[-MAX_FRAMES:]),
    }


def attempt_of(message: DeliveredMessage) -> int:
    """Which try this is, from our own header: `x-death` differs between broker versions."""
    attempt = (message.header.properties.headers or {}).get(ATTEMPT)
    return attempt if isinstance(attempt, int) and attempt > 0 else 1


def copy_properties(message: DeliveredMessage, headers: dict[str, Any]) -> Basic.Properties:
    """The properties of a copy of `message`, under other headers."""
    given = message.header.properties
    return Basic.Properties(
        content_type=given.content_type,
        delivery_mode=2,
        message_id=given.message_id,
        message_type=given.message_type,
        headers=headers,
    )


def failed_copy(
    message: DeliveredMessage, failure: dict[str, str], attempt: int, *, own: bool
) -> Basic.Properties:
    """The properties of the copy of a failed message.

    `own`: it is a copy itself, so its headers are believed; those of a publisher are not.
    """
    given = message.header.properties
    before = history(message) if own else {}
    first = {
        FIRST_FAILED_AT: failure["failed_at"],
        FIRST_ERROR: failure_text(failure["error_type"], failure["error"]),
        PUBLISHED_BY: "" if own else given.user_id or "",
    }
    return copy_properties(message, {ATTEMPT: attempt, **failure, **first, **before})


def history(message: DeliveredMessage) -> dict[str, Any]:
    """What a copy of ours says of the failures and replays before."""
    headers = message.header.properties.headers or {}
    return {name: headers[name] for name in HISTORY if isinstance(headers.get(name), str | int)}


def frames(error: BaseException) -> str:
    """The way the error took, for a log: places and lines of code, no value."""
    return "".join(traceback.format_tb(error.__traceback__))


def _own_frames(error: BaseException) -> list[tuple[str, int]]:
    """The places in our own code that the error passed through, with their lines."""
    own: list[tuple[str, int]] = []
    for frame in traceback.extract_tb(error.__traceback__):
        path = Path(frame.filename)
        if path.is_relative_to(_ROOT) and "site-packages" not in path.parts:
            own.append((f"{path.relative_to(_ROOT)}:{frame.name}", frame.lineno or 0))
    return own


def failure_text(kind: str, reason: str) -> str:
    """Why something failed; a reason that begins with its kind is not named twice.

    >>> failure_text("Undecodable", "not strict JSON"), failure_text("OSError", "OSError at a.py:f")
    ('Undecodable: not strict JSON', 'OSError at a.py:f')
    """
    named = not kind or reason == kind or reason.startswith(f"{kind} ")
    return reason if named else f"{kind}: {reason}"
