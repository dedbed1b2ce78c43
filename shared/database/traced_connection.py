"""Connections whose statements are in traces; only where these are recorded.

The driver's own loggers of statements are not used: for each statement they take a turn of the loop
and an object of all its parameters, which is several times the cost of its span.
"""

from collections.abc import Awaitable, Callable
from functools import lru_cache, wraps
from time import time_ns
from typing import Any, ClassVar

from shared.database.wait_limits import LimitedConnection
from shared.runtime.tracing import record_statement


def _recorded(method: Callable[..., Awaitable[Any]]) -> Any:
    @wraps(method)
    async def execute(self: "TracedConnection", sql: str, *args: object, **options: object) -> Any:
        began, error = time_ns(), None
        try:
            return await method(self, sql, *args, **options)
        except BaseException as failure:
            error = failure
            raise
        finally:
            record_statement(self.service, sql, began, time_ns(), error)

    return execute


class TracedConnection(LimitedConnection):
    """Tells the trace of each statement."""

    service: ClassVar[str]

    execute = _recorded(LimitedConnection.execute)
    executemany = _recorded(LimitedConnection.executemany)
    fetch = _recorded(LimitedConnection.fetch)
    fetchmany = _recorded(LimitedConnection.fetchmany)
    fetchrow = _recorded(LimitedConnection.fetchrow)
    fetchval = _recorded(LimitedConnection.fetchval)


@lru_cache
def traced_connection(service: str) -> type[TracedConnection]:
    """The connections of `service`."""
    return type("TracedConnection", (TracedConnection,), {"service": service})
