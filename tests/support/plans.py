"""What statements read, by PostgreSQL's own count."""

import json
from typing import Any


class CountingConnection:
    """A connection that also explains each query; `read` are the rows that each looked at."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.read: list[tuple[str, int]] = []

    async def fetch(self, sql: str, *values: Any) -> Any:
        """The rows, once the statement was explained."""
        await self._explain(sql, values)
        return await self._connection.fetch(sql, *values)

    async def fetchval(self, sql: str, *values: Any) -> Any:
        """The value, once the statement was explained."""
        await self._explain(sql, values)
        return await self._connection.fetchval(sql, *values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    async def _explain(self, sql: str, values: tuple[Any, ...]) -> None:
        found = await self._connection.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", *values)
        self.read.append((sql, _rows(json.loads(found)[0]["Plan"])))


def _rows(plan: dict[str, Any]) -> int:
    """The rows that the scans of a plan looked at, found or not."""
    rows = sum(_rows(part) for part in plan.get("Plans", ()))
    if "Scan" not in plan["Node Type"]:
        return rows
    names = ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck")
    return rows + plan["Actual Loops"] * sum(int(plan.get(name, 0)) for name in names)
