"""Waiting for a condition, with a deadline."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

T = TypeVar("T")


async def eventually(
    predicate: Callable[[], T | Awaitable[T]],
    timeout: float = 60.0,
    *,
    every: float = 0.02,
    why: str = "",
) -> T:
    """Poll until `predicate` (plain or async) returns something true, and return it.

    Raises AssertionError after `timeout` seconds, with `why` and the last value seen. An
    AssertionError of the predicate counts as "not yet" and is shown at the end.
    """
    end = time.monotonic() + timeout
    while True:
        last: Any
        try:
            last = predicate()
            if inspect.isawaitable(last):
                last = await last
            if last:
                return last  # type: ignore[no-any-return]
        except AssertionError as error:
            last = error
        if time.monotonic() > end:
            raise AssertionError(f"not within {timeout} s: {why or predicate} (last: {last!r})")
        await asyncio.sleep(every)


def eventually_sync(
    predicate: Callable[[], T], timeout: float = 60.0, *, every: float = 0.02, why: str = ""
) -> T:
    """`eventually` for tests without a loop."""
    end = time.monotonic() + timeout
    while True:
        last: Any
        try:
            last = predicate()
            if last:
                return last  # type: ignore[no-any-return]
        except AssertionError as error:
            last = error
        if time.monotonic() > end:
            raise AssertionError(f"not within {timeout} s: {why or predicate} (last: {last!r})")
        time.sleep(every)
