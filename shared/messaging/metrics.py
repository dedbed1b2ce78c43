"""What an operator watches of the messaging: counters and one age, per service.

Depths of queues, dead letters among them, are the broker's own metrics and not repeated here.
"""

from prometheus_client import Counter, Gauge

from shared.runtime.telemetry import REGISTRY

MESSAGES = Counter(
    "impex_messages",
    "Facts heard, by what became of the delivery: handled, duplicate, retry or dead.",
    ("service", "outcome"),
    registry=REGISTRY,
)
REQUESTS = Counter(
    "impex_requests",
    "Requests answered, by outcome: replied, expired.",
    ("service", "outcome"),
    registry=REGISTRY,
)
OUTBOX_AGE = Gauge(
    "impex_outbox_oldest_seconds",
    "Age of the oldest fact not yet confirmed by the broker; growing means broker trouble.",
    ("service",),
    registry=REGISTRY,
)
