"""Cancellations that a library makes up, and those that it loses.

A lost heartbeat of the broker cancels what waits for it, though nobody asked. And a real
cancellation can be lost: a driver that is about to answer returns its result, or raises that the
server is unavailable, instead.
"""

import asyncio


def cancellation_requested() -> bool:
    """Whether the current task was really cancelled."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def raise_if_cancelled() -> None:
    """End a loop that survives every outage, where the cancellation of its task was lost."""
    if cancellation_requested():
        raise asyncio.CancelledError
