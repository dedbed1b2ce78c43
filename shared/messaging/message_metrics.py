"""Metrics of events and requests, by type. A type that the service does not know is `unknown`."""

from collections.abc import Iterable
from functools import cached_property

from prometheus_client import Counter, Histogram

from shared.runtime.metrics import (
    EVENT_TYPE,
    QUICK,
    REQUEST_TYPE,
    SERVICE,
    SLOW,
    counter,
    histogram,
)

UNKNOWN_TYPE = "unknown"
EVENT_OUTCOMES = ("handled", "duplicate", "retry", "dead")
REQUEST_OUTCOMES = ("replied", "refused", "repeated", "unavailable", "failed", "bad", "expired")

MESSAGES = counter(
    "impex_messages",
    "Events that came, by what became of each: handled, handled before, copied to a retry queue, "
    "copied to the dead letters.",
    service=SERVICE,
    type=EVENT_TYPE,
    outcome=EVENT_OUTCOMES,
)
HANDLER_SECONDS = histogram(
    "impex_message_handler_seconds",
    "Seconds that the handling of an event took, its transaction included, whatever its outcome.",
    QUICK,
    service=SERVICE,
    type=EVENT_TYPE,
)
MESSAGE_SECONDS = histogram(
    "impex_message_seconds",
    "Seconds from the time of an event, by its publisher's clock, until it was handled.",
    SLOW,
    service=SERVICE,
    type=EVENT_TYPE,
)
REQUESTS = counter(
    "impex_requests",
    "Requests, by the answer: a reply, a refusal, the answer given before to the same key, that "
    "the database or broker is unavailable, an internal error, that it cannot be read; or none, "
    "because the caller no longer waits.",
    service=SERVICE,
    type=REQUEST_TYPE,
    outcome=REQUEST_OUTCOMES,
)
REQUEST_SECONDS = histogram(
    "impex_request_seconds",
    "Seconds that a request took, until its answer was sent or it expired.",
    QUICK,
    service=SERVICE,
    type=REQUEST_TYPE,
)


class EventMetrics:
    """The series of events that one service hears."""

    def __init__(self, service: str, types: Iterable[str]) -> None:
        self._types = {each: _EventSeries(service, each) for each in (*types, UNKNOWN_TYPE)}

    def count(self, message_type: str | None, outcome: str) -> None:
        """One event, and what became of it."""
        self._of(message_type).counts[outcome].inc()

    def handler_took(self, message_type: str, seconds: float) -> None:
        """The handling of an event ended after `seconds`, well or not."""
        self._of(message_type).handler.observe(seconds)

    def handled_after(self, message_type: str, seconds: float) -> None:
        """An event was handled `seconds` after its time; two clocks may differ."""
        self._of(message_type).whole.observe(max(seconds, 0))

    def _of(self, message_type: str | None) -> "_EventSeries":
        return self._types.get(message_type or UNKNOWN_TYPE) or self._types[UNKNOWN_TYPE]


class RequestMetrics:
    """The series of requests that one service answers."""

    def __init__(self, service: str, types: Iterable[str]) -> None:
        self._types = {each: _RequestSeries(service, each) for each in (*types, UNKNOWN_TYPE)}

    def count(self, request_type: str | None, outcome: str, seconds: float) -> None:
        """One request, what became of it, and how long that took."""
        series = self._types.get(request_type or UNKNOWN_TYPE) or self._types[UNKNOWN_TYPE]
        series.counts[outcome].inc()
        series.seconds.observe(seconds)


class _EventSeries:
    """Looked up once: by its labels it takes three times as long to find one as to count.

    The counters are there from the start: one that appears with its first event has no increase
    that an alert could see. The others are made when they are needed.
    """

    def __init__(self, service: str, message_type: str) -> None:
        self._labels = (service, message_type)
        self.counts: dict[str, Counter] = {
            outcome: MESSAGES.labels(*self._labels, outcome) for outcome in EVENT_OUTCOMES
        }

    @cached_property
    def handler(self) -> Histogram:
        return HANDLER_SECONDS.labels(*self._labels)

    @cached_property
    def whole(self) -> Histogram:
        return MESSAGE_SECONDS.labels(*self._labels)


class _RequestSeries:
    """As `_EventSeries`."""

    def __init__(self, service: str, request_type: str) -> None:
        self._labels = (service, request_type)
        self.counts: dict[str, Counter] = {
            outcome: REQUESTS.labels(*self._labels, outcome) for outcome in REQUEST_OUTCOMES
        }

    @cached_property
    def seconds(self) -> Histogram:
        return REQUEST_SECONDS.labels(*self._labels)
