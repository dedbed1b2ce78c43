"""The pages of operators in their states."""

from datetime import timedelta
from typing import Any

from services.gateway.desk.features.operations.queue_lines import COLUMNS, UNFOLDED, queue_lines
from shared.contracts.operations import QueueRow
from tests.support.pages.page_basis import NOW, State


def _row(queue: str, **values: Any) -> QueueRow:
    quiet: dict[str, Any] = {
        "ready": 0, "in_work": 0, "waiting": 0, "next_at": None, "dead": 0, "oldest_at": None,
        "in_rate": 0.0, "out_rate": 0.0, "consumers": 1, "full": None, "stopped": False,
        "kept": False, "at_rest": False,
    }  # fmt: skip
    return QueueRow(queue=queue, **{**quiet, **values})


ROWS = (
    _row("registration", ready=3, in_work=2, in_rate=12.4, out_rate=11.9, consumers=2),
    _row(
        "mailer",
        waiting=1_204,
        next_at=NOW + timedelta(minutes=2),
        dead=18,
        oldest_at=NOW - timedelta(days=3),
    ),
    _row("profile", consumers=0, stopped=True, ready=40),
    _row("impex.unrouted.events", ready=2_500_000, consumers=0, kept=True, full=0.93),
)


def _queues(*rows: QueueRow, read: bool = True, with_all: bool = False) -> dict[str, Any]:
    lines = queue_lines(rows, NOW, "fr")
    return {
        "columns": [(name, name not in UNFOLDED) for name in COLUMNS],
        "lines": lines,
        "with_all": with_all,
        "dead": sum(one.dead for one in lines),
        "read_at": NOW if read else None,
    }


def operations_states(operator: Any) -> tuple[State, ...]:
    """Queues that need somebody, none, and without an answer."""
    queues = "operations_queues.html"
    return (
        State("desk-queues", queues, _queues(*ROWS), me=operator),
        State("desk-queues-all", queues, _queues(*ROWS, with_all=True), me=operator),
        State("desk-queues-quiet", queues, _queues(), me=operator),
        State("desk-queues-away", queues, _queues(read=False), me=operator),
    )
