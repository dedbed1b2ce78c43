"""What an answer of a receiver means, and when an event is posted again.

Pure: the time is passed in.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Literal

#: Waits between attempts; the last one repeats until the event is given up.
WAITS = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(hours=1),
)
#: How long an event is posted, from when it came or was replayed.
GIVEN_UP_AFTER = timedelta(hours=72)
#: What a receiver may ask for by `Retry-After`.
MIN_RETRY_AFTER, MAX_RETRY_AFTER = timedelta(seconds=1), timedelta(hours=1)
#: Answers of a receiver, or of what is before it, that cannot work for now.
UNAVAILABLE = frozenset({408, 429, 502, 503, 504})
GONE = 410

Kind = Literal["delivered", "refused", "gone", "unavailable"]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of one attempt.

    `refused`: the receiver answered, and only this event waits. `unavailable`: it gave no answer or
    cannot work, and all its events wait. `gone`: it will never take this event. `status` is that of
    the answer; `reason` says why there is none.
    """

    kind: Kind
    status: int | None = None
    reason: str = ""
    retry_after: timedelta | None = None


def classify(status: int, retry_after: str, now: datetime) -> Outcome:
    """The outcome of an answer with this status and this `Retry-After`, which may be empty."""
    if 200 <= status < 300:
        return Outcome(kind="delivered", status=status)
    if status == GONE:
        return Outcome(kind="gone", status=status)
    kind: Kind = "unavailable" if status in UNAVAILABLE else "refused"
    return Outcome(kind=kind, status=status, retry_after=parse_retry_after(retry_after, now))


def parse_retry_after(text: str, now: datetime) -> timedelta | None:
    """The wait that is asked for, in seconds or as a date, within bounds; else None."""
    text = text.strip()
    if text.isascii() and text.isdigit() and len(text) < 9:
        wait = timedelta(seconds=int(text))
    else:
        try:
            at = parsedate_to_datetime(text)
        except (ValueError, OverflowError):  # the latter for numbers of a date that are too large
            return None
        wait = (at if at.tzinfo else at.replace(tzinfo=UTC)) - now
    return min(max(wait, MIN_RETRY_AFTER), MAX_RETRY_AFTER)


def wait_after(failures: int) -> timedelta:
    """How long to wait after so many failures, one at least."""
    return WAITS[min(failures, len(WAITS)) - 1]
