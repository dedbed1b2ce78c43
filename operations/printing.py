"""Tables for people and JSON for programs, on standard output."""

import io
import json
import sys
from collections.abc import Sequence
from typing import Any


class BrokenPipeTolerantIO(io.FileIO):
    """A stream that drops what is written after its reader has closed it, as `head` does."""

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            return memoryview(data).nbytes


def ignore_broken_pipe() -> None:
    """Let a command end with its own exit code although nobody reads its output to the end."""
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
    """Columns as wide as their content, below `heads` if there are any; numbers to the right."""
    lines = [[str(cell) for cell in row] for row in (heads, *rows) if row]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    right = [isinstance(cell, int | float) for cell in (rows or [heads])[0]]
    for line in lines:
        cells = (
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(line, widths, right, strict=True)
        )
        print(("  " + "  ".join(cells)).rstrip())
