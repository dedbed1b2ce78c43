"""`impex queues`: every queue with its depth, and what that means.

The backlog of each service, the messages to be tried again, those that somebody must read, and
those that no service hears.
"""

import argparse
from contextlib import closing
from dataclasses import asdict, dataclass

from operations.operate.endpoints import BrokerEndpoint, resolve_broker
from operations.printing import print_json, print_rows
from operations.provision.broker_admin import BrokerAdmin
from operations.provision.permissions import PLANNED_SERVICES
from shared.messaging import topology


@dataclass(frozen=True)
class Depth:
    """One queue: messages `ready` for a consumer, and `taken` by one but not settled yet."""

    queue: str
    kind: str
    ready: int
    taken: int
    meaning: str


def depths(where: BrokerEndpoint) -> list[Depth]:
    """Every queue of the virtual host, in the order of the services."""
    with closing(BrokerAdmin(where.management_url)) as admin:
        found = admin.queues(where.vhost)
    rows = [
        Depth(
            queue=one["name"],
            kind=str(one.get("type") or one.get("arguments", {}).get("x-queue-type", "classic")),
            ready=int(one.get("messages_ready", 0)),
            taken=int(one.get("messages_unacknowledged", 0)),
            meaning=meaning(one["name"]),
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
    if queue == topology.UNROUTED:
        return "events that nobody hears yet"
    if queue in {one.name for one in PLANNED_SERVICES}:
        return "kept for a service of a later release"
    if rest == "dead":
        return f"must be read: impex dead list {service}"
    if rest.startswith("retry."):
        return f"tried again after {rest.removeprefix('retry.')}"
    if rest == "requests":
        return "questions waiting, 3 s at most"
    return "backlog"


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
