"""Whether a statement would read a large table from end to end, by PostgreSQL's own plan."""

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Self
from uuid import UUID

from shared.database import Connection

#: Values of parameters, by type. What a moment selects depends on the moment: one of these is such
#: as the statement is used with.
MOMENTS = tuple(datetime.now(UTC) + timedelta(days=days) for days in (-400, 0, 400))
VALUES: dict[str, Any] = {
    "uuid": UUID(int=7),
    "text": str(UUID(int=7)),
    "bool": True,
    "int2": 1,
    "int4": 20,
    "int8": 20,
    "bytea": bytes(32),
    "date": date(2026, 1, 15),
    "interval": timedelta(days=1),
    "jsonb": "{}",
    "float8": 1.0,
    "numeric": 1,
    "tsquery": "none",
}


#: Pages from which on the planner's choice is that of a large table.
FILLED_PAGES = 100
FILLED = """
SELECT format('%s.%s', nspname, relname) AS name
FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE relkind = 'r' AND relpages >= $1
"""
#: Indexes of no more than a fifth of the rows.
PARTIAL = """
SELECT part.relname AS name
FROM pg_index JOIN pg_class AS part ON part.oid = indexrelid
    JOIN pg_class AS whole ON whole.oid = indrelid
WHERE indpred IS NOT NULL AND part.reltuples <= whole.reltuples / 5
"""
#: Nodes that ask for no more rows than are asked of them.
ON_DEMAND = ("LockRows", "Subquery Scan", "Result")


@dataclass(frozen=True)
class LargeTables:
    """`filled` have so many rows here that the planner decides as among millions. `growing` have
    few, of which it would read all; with such scans disabled it does so only where no index serves.
    `partial` are indexes of few of the rows."""

    filled: frozenset[str]
    growing: frozenset[str]
    partial: frozenset[str]

    @classmethod
    async def of(cls, connection: Connection, growing: Collection[str]) -> Self:
        """Of these tables of a database, as they are filled."""
        filled = {row["name"] for row in await connection.fetch(FILLED, FILLED_PAGES)}
        partial = {row["name"] for row in await connection.fetch(PARTIAL)}
        both = frozenset(growing)
        return cls(both & filled, both - filled, frozenset(partial))

    async def read_by(self, connection: Connection, statement: str) -> set[str]:
        """The tables that the statement reads from end to end, whatever moment it is given.

        Raises asyncpg.PostgresError where it is none.
        """
        kinds = [one.name for one in (await connection.prepare(statement)).get_parameters()]
        found: set[str] | None = None
        for moment in MOMENTS if any("timestamp" in kind for kind in kinds) else MOMENTS[:1]:
            values = [_value(kind, moment) for kind in kinds]
            read = await self._read(connection, statement, values)
            found = read if found is None else found & read
            if not found:
                break
        return found or set()

    async def _read(
        self, connection: Connection, statement: str, values: Sequence[Any]
    ) -> set[str]:
        found = set()
        for tables, setting in ((self.filled, "on"), (self.growing, "off")):
            for way in ("seqscan", "hashjoin", "mergejoin"):
                await connection.execute(f"SET enable_{way} = {setting}")
            text = await connection.fetchval(f"EXPLAIN (FORMAT JSON, VERBOSE) {statement}", *values)
            plan = json.loads(text)[0]["Plan"]
            found |= {one for one in self._whole(plan, limited=False) if one in tables}
        return found

    def _whole(self, plan: dict[str, Any], *, limited: bool) -> Iterator[str]:
        """Tables of which a plan may read every row: without a condition of an index, without an
        index of few rows only, and not in order up to a limit either."""
        kind = plan["Node Type"]
        if "Relation Name" in plan and kind.endswith("Scan"):
            found = any(plan.get(name) for name in ("Index Cond", "Recheck Cond", "TID Cond"))
            few = plan.get("Index Name") in self.partial
            in_order = limited and kind != "Seq Scan" and "Filter" not in plan
            if not (found or few or in_order):
                yield f"{plan['Schema']}.{plan['Relation Name']}"
        for part in plan.get("Plans", ()):
            yield from self._whole(part, limited=kind == "Limit" or (limited and kind in ON_DEMAND))


def _value(kind: str, moment: datetime) -> Any:
    if kind.endswith("[]"):
        return [_value(kind.removesuffix("[]"), moment)]
    if kind.startswith("timestamp"):
        return moment
    return VALUES[kind]
