"""What a person sees while things happen: one line per step with its seconds.

Standard library only: this is used before anything is installed.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

WIDTH = 56


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
    """On a terminal, show what is being waited for; its line replaces this."""
    if sys.stdout.isatty():
        print(f"\r\033[K  ..  {name}", end="", flush=True)


@contextmanager
def step(name: str) -> Iterator[None]:
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
