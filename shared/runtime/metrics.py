"""The metrics of this process: one registry, in which every metric and label has a meaning.

Modules make their metrics by `counter`, `gauge` and `histogram`; `docs/metrics.md` is written from
what they say. The values of a label come from our own code and from a set that is known before:
never from what somebody sent, and never about a person.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)

from shared.version import VERSION

#: Every metric of this process is registered here.
REGISTRY = CollectorRegistry(auto_describe=True)
ProcessCollector(registry=REGISTRY)
# The time at which each series began, a second series for each: nobody asks for it.
disable_created_metrics()  # type: ignore[no-untyped-call]

#: Upper bounds in seconds: for what a person waits for, and for what may wait for hours.
QUICK = (0.005, 0.02, 0.05, 0.2, 1, 5)
SLOW = (0.1, 0.5, 2, 10, 60, 600, 3600)

#: What the value of a label is, where no list of values says it.
SERVICE = "name of the service"
EVENT_TYPE = "type of the event, as in events.md; `unknown` for one that this service does not hear"
REQUEST_TYPE = (
    "type of the request, as in events.md; `unknown` for one that this service does not answer"
)

Label = str | Iterable[str]


@dataclass(frozen=True)
class Description:
    """A metric, as `docs/metrics.md` describes it.

    `name` is the name of its series, without what a histogram adds to it. A label has the list of
    its values, or a sentence that says what they are.
    """

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    meaning: str
    labels: dict[str, str | tuple[str, ...]]


#: By the name of its series.
DESCRIPTIONS: dict[str, Description] = {}


def counter(name: str, meaning: str, **labels: Label) -> Counter:
    """A counter, whose series is called `NAME_total`."""
    _describe(f"{name}_total", "counter", meaning, labels)
    return Counter(name, meaning, tuple(labels), registry=REGISTRY)


def gauge(name: str, meaning: str, **labels: Label) -> Gauge:
    """A value that goes up and down."""
    _describe(name, "gauge", meaning, labels)
    return Gauge(name, meaning, tuple(labels), registry=REGISTRY)


def histogram(name: str, meaning: str, buckets: tuple[float, ...], **labels: Label) -> Histogram:
    """How many lasted at most so long; `buckets` are seconds."""
    _describe(name, "histogram", meaning, labels)
    return Histogram(name, meaning, tuple(labels), registry=REGISTRY, buckets=buckets)


def _describe(
    name: str,
    kind: Literal["counter", "gauge", "histogram"],
    meaning: str,
    labels: dict[str, Label],
) -> None:
    DESCRIPTIONS[name] = Description(
        name,
        kind,
        meaning,
        {key: text if isinstance(text, str) else tuple(text) for key, text in labels.items()},
    )


BUILD = gauge("impex_build_info", "Always 1.", version="version of this program")
BUILD.labels(VERSION).set(1)
