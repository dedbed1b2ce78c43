"""Standard output: progress and tables for people, JSON for programs.

Standard library only: this is used before anything is installed.
"""

import io
import json
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

#: Columns of a step's name.
WIDTH = 56


class BrokenPipeTolerantIO(io.FileIO):
    """A stream that drops what is written after its reader has closed it, as `head` does."""

    def write(self, data: Any) -> int:
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


def print_rows(heads: "Sequence[str]", rows: "Sequence[Sequence[object]]") -> None:
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


def say(text: str) -> None:
    """One line for the person at the terminal, at once."""
    print(text, flush=True)


def note(text: str) -> None:
    """A remark under the current step."""
    say(f"      {text}")


def done(name: str, seconds: float) -> None:
    """The line of a finished step."""
    clear = "\r\033[K" if sys.stdout.isatty() else ""
    say(f"{clear}  ok  {name:<{WIDTH}} {seconds:6.1f} s")


def pending(name: str) -> None:
    """On a terminal, show the step that runs; its line replaces this."""
    if sys.stdout.isatty():
        print(f"\r\033[K  ..  {name}", end="", flush=True)


@contextmanager
def step(name: str) -> "Iterator[None]":
    """Do one step; its line shows when it is done, and on a terminal also that it has begun."""
    start = time.monotonic()
    pending(name)
    try:
        yield
    except BaseException:
        if sys.stdout.isatty():
            print("\r\033[K", end="")
        say(f"  --  {name:<{WIDTH}} {time.monotonic() - start:6.1f} s")
        raise
    done(name, time.monotonic() - start)
