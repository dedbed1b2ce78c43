"""`impex queues`: what waits, moves or is dead, live on a terminal.

A row for each service with its retry queues and dead letters, one for each queue of requests, and
those that nobody consumes. Colours repeat what a word or a number says.
"""

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from operations.operate.asking import explained
from operations.operate.endpoints import OPERATOR_URL, BrokerEndpoint, at_management, resolve_broker
from operations.printing import print_json, print_rows, say
from shared.errors import DependencyDown, ImpexError
from shared.messaging import topology
from shared.messaging.queue_states import QueueReader, QueueState

if TYPE_CHECKING:
    from rich.console import RenderableType

#: The share of its limit from which a queue is warned about.
WARN_AT = 0.5
#: Seconds between two readings.
PAUSE = 2.0
HEADS = ("queue", "ready", "in work", "waiting", "next", "dead", "oldest", "in/s", "out/s", "cons.")
MINUTE, HOUR, DAY = 60, 3_600, 86_400


async def read_queues(where: BrokerEndpoint) -> list[QueueState]:
    """Every row of the virtual host, in the order of the services."""
    async with _reader(where) as reader:
        return await _read(reader, where)


@asynccontextmanager
async def _reader(where: BrokerEndpoint) -> AsyncIterator[QueueReader]:
    with at_management(where):
        async with QueueReader(where.management_url, where.operator_url, where.vhost) as reader:
            yield reader


async def _read(reader: QueueReader, where: BrokerEndpoint) -> list[QueueState]:
    with at_management(where):
        try:
            return await reader.read()
        except DependencyDown as down:
            if down.reason.startswith("http"):  # of the management API, which says its address
                raise
            with explained(OPERATOR_URL, where.operator_url):
                raise


def notes(rows: Sequence[QueueState]) -> list[str]:
    """A sentence for what a number alone does not say."""
    found = []
    if dead := [row.queue for row in rows if row.dead]:
        found.append(f"Dead letters of {', '.join(dead)} must be read: impex dead list")
    for row in rows:
        if row.is_stopped:
            found.append(f"{row.queue}: nobody consumes it, so the service is stopped or starting")
        if row.is_partners and row.ready:
            owner = row.queue.partition(".")[0]
            found.append(f"{row.queue}: waits until the application {owner} reads it")
        if row.queue == topology.UNROUTED_QUEUE and row.ready:
            found.append(f"{row.queue}: events that nobody heard: impex dead list --in unrouted")
        if row.queue == topology.UNROUTED and row.ready:
            found.append(f"{row.queue}: such events of an earlier version, kept for the desk")
        if row.full is not None and row.full >= WARN_AT:
            found.append(
                f"{row.queue} is {row.full:.0%} full; when it is full, its oldest events are lost: "
                "see « Unrouted events » in the runbook"
            )
    return found


def main(options: argparse.Namespace) -> int:
    """Show the rows; exit code 1 when dead letters wait to be read."""
    where = resolve_broker()
    if sys.stdout.isatty() and not (options.once or options.json):
        return _live(where, with_all=options.all)
    rows = asyncio.run(read_queues(where))
    if options.json:
        print_json([document(row) for row in rows])
    else:
        show(rows, with_all=options.all, now=datetime.now(UTC))
    return _code(rows)


def document(row: QueueState) -> dict[str, Any]:
    """A row as JSON; times are ISO texts."""
    values = {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in asdict(row).items()
    }
    return {**values, "at_rest": row.at_rest}


def show(rows: Sequence[QueueState], *, with_all: bool, now: datetime) -> None:
    """The table as plain text."""
    shown = [row for row in rows if with_all or not row.at_rest]
    if not shown:
        say("  All at rest.")
        return
    print_rows(HEADS, [cells(row, now) for row in shown], fit=True)
    for number, sentence in enumerate(notes(rows)):
        say(f"  {sentence}" if number else f"\n  {sentence}")


def cells(row: QueueState, now: datetime) -> tuple[str | int | float, ...]:
    """A row's cells, in the order of `HEADS`."""
    return (
        row.queue,
        row.ready,
        row.in_work,
        row.waiting,
        _until(row.next_at, now),
        row.dead,
        _since(row.oldest_at, now),
        row.in_rate,
        row.out_rate,
        "-" if row.is_kept else row.consumers,
    )


def _until(at: datetime | None, now: datetime) -> str:
    """When the next waiting one is tried again, to the minute."""
    if at is None:
        return "-"
    minutes = (at - now).total_seconds() / MINUTE
    return "now" if minutes < 1 else f"in {minutes:.0f} min"


def _since(at: datetime | None, now: datetime) -> str:
    if at is None:
        return "-"
    seconds = max(0.0, (now - at).total_seconds())
    for unit, size in (("d", DAY), ("h", HOUR), ("min", MINUTE)):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def _code(rows: Sequence[QueueState]) -> int:
    return 1 if any(row.dead for row in rows) else 0


def _live(where: BrokerEndpoint, *, with_all: bool) -> int:
    """Redraw until Ctrl-C; the exit code is that of the last reading."""
    rows: list[QueueState] = []

    async def redraw() -> None:
        nonlocal rows
        from rich.live import Live

        async with _reader(where) as reader:
            with Live(auto_refresh=False) as live:
                while True:
                    problem = ""
                    try:
                        rows = await _read(reader, where)
                    except ImpexError as error:
                        problem = str(error)
                    now = datetime.now(UTC)
                    table = drawn(rows, with_all=with_all, now=now, problem=problem)
                    live.update(table, refresh=True)
                    await asyncio.sleep(PAUSE)

    with suppress(KeyboardInterrupt):
        asyncio.run(redraw())
    return _code(rows)


def drawn(
    rows: Sequence[QueueState], *, with_all: bool, now: datetime, problem: str = ""
) -> "RenderableType":
    """The table for a terminal, with what is wrong below it."""
    from rich import box
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    shown = [row for row in rows if with_all or not row.at_rest]
    parts: list[Any] = []
    if shown:
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
        for head in HEADS:
            table.add_column(head, justify="left" if head == "queue" else "right", no_wrap=True)
        for row in shown:
            texts = [str(cell) for cell in cells(row, now)]
            table.add_row(*(Text(text, _style(row, n)) for n, text in enumerate(texts)))
        parts.append(table)
    elif not problem:
        parts.append(Text("All at rest.", "green"))
    parts += [Text(sentence) for sentence in notes(rows)]
    if problem:
        parts.append(Text(f"Not read: {problem}", "bold red"))
    parts.append(Text(f"{now:%H:%M:%S} UTC, every {PAUSE:.0f} s, Ctrl-C ends", "dim"))
    return Group(*parts)


def _style(row: QueueState, column: int) -> str:
    """Red: somebody must act. Yellow: it is tried again. Nothing else is coloured."""
    name = HEADS[column]
    if (name == "dead" and row.dead) or (name == "cons." and row.is_stopped):
        return "bold red"
    if name in ("waiting", "next") and row.waiting:
        return "yellow"
    return "bold" if name == "queue" else ""
