"""Tables for people and JSON for programs, on standard output."""

import io
import json
import sys
from collections.abc import Sequence
from typing import Any


class BrokenPipeTolerantIO(io.FileIO):
    """A stream whose reader may go away, as `head` does: what comes after is dropped."""

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            return memoryview(data).nbytes


def ignore_broken_pipe() -> None:
    """Let a command whose output nobody reads on end as it would otherwise, with its own code."""
    out = sys.stdout
    if out is sys.__stdout__ and isinstance(out, io.TextIOWrapper) and not out.isatty():
        out.flush()
        sys.stdout = io.TextIOWrapper(
            io.BufferedWriter(BrokenPipeTolerantIO(out.fileno(), "w", closefd=False)),
            encoding=out.encoding,
            errors=out.errors,
        )


def print_json(value: Any) -> None:
    """One JSON document."""
    print(json.dumps(value, indent=2, ensure_ascii=False))


def print_rows(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Columns as wide as their content; numbers to the right."""
    lines = [[*heads], *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(heads))]
    right = [bool(rows) and isinstance(rows[0][i], int | float) for i in range(len(heads))]
    for line in lines:
        cells = (
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(line, widths, right, strict=True)
        )
        print(("  " + "  ".join(cells)).rstrip())


def human_bytes(size: int | None) -> str:
    """A size of memory for people."""
    return "-" if size is None else f"{size / 1_048_576:.0f} MB"
