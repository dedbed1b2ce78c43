"""Standard output: progress and tables for people, JSON for programs.

What is printed may come from outside: no character of it reaches a terminal as a command. Standard
library only: this is used before anything is installed.
"""

import io
import json
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

#: Columns of a step's name.
WIDTH = 56
#: Columns of a table that does not go to a terminal, and the least that a cell is cut to.
PIPED_WIDTH = 120
MIN_CELL = 8


class TolerantIO(io.FileIO):
    """A stream that drops what cannot be written: a command that has begun is carried out to its
    end. `failure` is why, but for a reader that has closed it, as `head` does.
    """

    failure: "OSError | None" = None

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            pass
        except OSError as error:
            self.failure = error
        return memoryview(data).nbytes


def counted(number: int, noun: str) -> str:
    """A number with its noun.

    >>> counted(1, "row"), counted(0, "row")
    ('1 row', '0 rows')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def tolerate_output() -> None:
    """Let a command end with its own exit code although nobody reads its output to the end, the
    disk is full, or a character is not in its encoding.
    """
    out = sys.stdout
    if out is not sys.__stdout__ or not isinstance(out, io.TextIOWrapper):
        return
    if out.isatty():
        out.reconfigure(errors="backslashreplace")
        return
    out.flush()
    sys.stdout = io.TextIOWrapper(
        io.BufferedWriter(TolerantIO(out.fileno(), "w", closefd=False)),
        encoding=out.encoding,
        errors="backslashreplace",
    )


def flush_output() -> "OSError | None":
    """Write what is left; returns why some of the output could not be written."""
    out = sys.stdout
    if out is None:  # closed by the caller
        return None
    try:
        out.flush()
    except OSError as error:
        return error
    raw = getattr(getattr(out, "buffer", None), "raw", None)
    return raw.failure if isinstance(raw, TolerantIO) else None


def escape(text: str) -> str:
    """Every character that a terminal would interpret or not show, as its escape sequence."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )


def cut(text: str, width: int) -> str:
    """The beginning of a text that is longer than `width` columns."""
    return text if len(text) <= width else f"{text[: width - 1]}…"


def print_json(value: Any) -> None:
    """One JSON document."""
    # What is not ASCII stays readable, but for what a terminal would interpret.
    text = json.dumps(value, indent=2, ensure_ascii=False)
    safe = (one if one.isprintable() or one == "\n" else f"\\u{ord(one):04x}" for one in text)
    print(text if text.isascii() and "\x7f" not in text else "".join(safe))


def print_rows(
    heads: "Sequence[str]",
    rows: "Sequence[Sequence[object]]",
    *,
    fit: bool = False,
    whole: "Sequence[str]" = (),
    below: "Sequence[str]" = (),
) -> None:
    """Columns as wide as their content, below `heads` if there are any; numbers to the right.

    With `fit` the widest texts are cut until a line fits the terminal, but those of `whole`, which
    people copy. `below` has a sentence for each row, printed under it.
    """
    lines = [[escape(str(cell)) for cell in row] for row in (heads, *rows) if row]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    right = [isinstance(cell, int | float) for cell in (rows or [heads])[0]]
    columns = shutil.get_terminal_size((PIPED_WIDTH, 0)).columns
    if fit:
        kept = [place for place, name in enumerate(heads) if name in whole]
        widths = fit_widths(widths, columns, kept)
    for number, line in enumerate(lines, -1 if heads else 0):
        cells = (
            cut(cell, width).rjust(width) if to_right else cut(cell, width).ljust(width)
            for cell, width, to_right in zip(line, widths, right, strict=True)
        )
        print(("  " + "  ".join(cells)).rstrip())
        if below and number >= 0:
            print(cut(f"    {escape(below[number])}", columns))


def fit_widths(widths: "Sequence[int]", columns: int, kept: "Sequence[int]" = ()) -> "list[int]":
    """The widths of a table's cells so that a line has no more than `columns`; `kept` stay."""
    fitted = list(widths)
    while 2 + sum(fitted) + 2 * (len(fitted) - 1) > columns:
        others = [place for place in range(len(fitted)) if place not in kept]
        widest = max(others, key=lambda place: fitted[place])
        if fitted[widest] <= MIN_CELL:
            break
        fitted[widest] -= 1
    return fitted


def say(text: str) -> None:
    """A sentence for the person at the terminal, at once."""
    print("\n".join(map(escape, text.split("\n"))), flush=True)


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
