"""`impex queues`: every queue with its depth, and what that means.

The backlog of each service, the messages to be tried again, those that somebody must read, and
those that no service hears.
"""

import argparse
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import Any

from operations.operate.endpoints import BrokerEndpoint, resolve_broker
from operations.printing import print_json, print_rows
from operations.provision.broker_admin import BrokerAdmin
from operations.provision.permissions import PARTNERS
from shared.messaging import topology

#: The share of its limit from which a queue is warned about.
WARN_AT = 0.5


@dataclass(frozen=True)
class Depth:
    """One queue: messages `ready` for a consumer, and `taken` by one but not settled yet."""

    queue: str
    kind: str
    ready: int
    taken: int
    meaning: str
    #: The share of its limit in bytes that is used, at which the oldest are dropped; None without.
    full: float | None = None


def depths(where: BrokerEndpoint) -> list[Depth]:
    """Every queue of the virtual host, in the order of the services."""
    with closing(BrokerAdmin(where.management_url)) as admin:
        found = admin.queues(where.vhost)
        full = {
            one["name"]: share_used(admin.queue(where.vhost, one["name"]))
            for one in found
            if one["name"] == topology.UNROUTED_QUEUE
        }
    rows = [
        Depth(
            queue=one["name"],
            kind=str(one.get("type") or one.get("arguments", {}).get("x-queue-type", "classic")),
            ready=int(one.get("messages_ready", 0)),
            taken=int(one.get("messages_unacknowledged", 0)),
            meaning=meaning(one["name"]),
            full=full.get(one["name"]),
        )
        for one in found
        # Neither the broker's own nor those of one process, which end with it.
        if not one["name"].startswith("amq.") and not one.get("exclusive")
    ]
    return sorted(rows, key=_place)


def _place(row: Depth) -> tuple[bool, str, int, int]:
    """A service's queues together: main, requests, retry queues by delay, dead."""
    service, _, rest = row.queue.partition(".")
    rank = {"": 0, "requests": 1, "dead": 3}.get(rest, 2)
    step = topology.RETRY_DELAYS.get(rest.removeprefix("retry."), 0)
    return service == "impex", service, rank, step


def meaning(queue: str) -> str:
    """What messages in a queue mean to an operator."""
    service, _, rest = queue.partition(".")
    if queue == topology.UNROUTED_QUEUE:
        return "events that nobody hears yet"
    if queue == topology.UNROUTED:
        return "such events of an earlier version, kept for the desk"
    if rest == "dead":
        return f"must be read: impex dead list {service}"
    if rest.startswith("retry."):
        return f"tried again after {rest.removeprefix('retry.')}"
    if service in PARTNERS:
        return f"waits until {service} reads it"
    if rest == "requests":
        return "questions waiting, 3 s at most"
    return "backlog"


def share_used(queue: Mapping[str, Any]) -> float | None:
    """How much of its limit a queue uses, 0 to 1; None without a limit or statistics yet."""
    limit = (queue.get("effective_policy_definition") or {}).get("max-length-bytes")
    used = queue.get("message_bytes_ready")
    return round(used / limit, 3) if limit and used is not None else None


def warnings(rows: Sequence[Depth]) -> list[str]:
    """A sentence for each queue that will drop its oldest messages if nobody acts."""
    return [
        f"{row.queue} is {row.full:.0%} full; when it is full, its oldest events are lost: "
        "see « Unrouted events » in the runbook"
        for row in rows
        if row.full is not None and row.full >= WARN_AT
    ]


def main(options: argparse.Namespace) -> int:
    """Print the table, or JSON; exit code 1 when dead letters wait to be read."""
    rows = depths(resolve_broker())
    if options.json:
        print_json([asdict(row) for row in rows])
    else:
        show(rows)
    return 1 if any(row.queue.endswith(".dead") and row.ready for row in rows) else 0


def show(rows: list[Depth]) -> None:
    """The table for people, with the meaning where the queue has messages."""
    print_rows(
        ("queue", "ready", "taken", "kind", ""),
        [
            (row.queue, row.ready, row.taken, row.kind, row.meaning if row.ready else "")
            for row in rows
        ],
    )
    for sentence in warnings(rows):
        print(f"\n  {sentence}")
