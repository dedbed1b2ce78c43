"""Headers that describe a failure on the copy of a failed message.

Never holds a value of the message: for an exception that is not one of ours, only its type and the
place in our code where it was raised.
"""

import traceback
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from aiormq.abc import DeliveredMessage

from shared.errors import ImpexError
from shared.runtime.telemetry import mask_text

#: Headers of ours that a copy carries on; `x-` headers belong to the broker and are never copied.
FIRST_FAILED_AT = "first_failed_at"
ATTEMPT = "attempt"
MAX_REASON = 300
_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Failure:
    """Why, where and when a handler failed. `fingerprint` is alike for alike failures."""

    error_type: str
    error: str
    failed_by: str
    failed_at: datetime
    fingerprint: str

    @classmethod
    def of(cls, error: BaseException, service: str, now: datetime) -> "Failure":
        """Describe `error`, raised in a handler of `service`."""
        name, place = type(error).__name__, _own_frame(error)
        known = isinstance(error, ImpexError)
        return cls(
            error_type=name,
            error=mask_text(str(error))[:MAX_REASON] if known else f"{name} at {place}",
            failed_by=service,
            failed_at=now,
            fingerprint=f"{name} in {place}",
        )


def attempt_of(message: DeliveredMessage) -> int:
    """Which try this is, from our own header: `x-death` differs between broker versions."""
    attempt = (message.header.properties.headers or {}).get(ATTEMPT)
    return attempt if isinstance(attempt, int) and attempt > 0 else 1


def headers_of(message: DeliveredMessage, failure: Failure, attempt: int) -> dict[str, Any]:
    """The headers of the copy of a failed message."""
    before = message.header.properties.headers or {}
    first = before.get(FIRST_FAILED_AT)
    return {
        ATTEMPT: attempt,
        "error_type": failure.error_type,
        "error": failure.error,
        "failed_by": failure.failed_by,
        "failed_at": failure.failed_at.isoformat(),
        FIRST_FAILED_AT: first if isinstance(first, str) else failure.failed_at.isoformat(),
        "fingerprint": failure.fingerprint,
    }


def frames(error: BaseException) -> str:
    """The way the error took, for a log: places and lines of code, no value."""
    return "".join(traceback.format_tb(error.__traceback__))


def _own_frame(error: BaseException) -> str:
    """The innermost place in our own code that the error passed through."""
    own = "?"
    for frame in traceback.extract_tb(error.__traceback__):
        path = Path(frame.filename)
        if path.is_relative_to(_ROOT) and "site-packages" not in path.parts:
            own = f"{path.relative_to(_ROOT)}:{frame.name}"
    return own
