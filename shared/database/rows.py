"""Statements on one row, made from its columns, so that no value is copied field by field.

Tables and columns are named by the code, never by a message.
"""

from collections.abc import Mapping
from typing import Any

from shared.database.pool import Connection, row_count


async def insert(tx: Connection, table: str, row: Mapping[str, Any], conflict: str = "") -> bool:
    """Insert a row; False where `conflict` (`ON CONFLICT …`) left the table as it was."""
    places = ", ".join(f"${number}" for number in range(1, len(row) + 1))
    sql = f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places}) {conflict}"  # noqa: S608
    return row_count(await tx.execute(sql, *row.values())) == 1


async def upsert(
    tx: Connection, table: str, row: Mapping[str, Any], key: str, *, kept: str = ""
) -> None:
    """Insert a row, or replace the one with the same `key`, columns such as `account_id, kind`.

    The columns `kept` stay as they are in a row that is there.
    """
    unchanged = {*key.split(", "), *kept.split(", ")}
    changes = ", ".join(f"{name} = excluded.{name}" for name in row if name not in unchanged)
    await insert(tx, table, row, f"ON CONFLICT ({key}) DO UPDATE SET {changes}")


async def update(tx: Connection, table: str, row: Mapping[str, Any], key: str) -> bool:
    """Set the columns of the row with this `key`, a column of `row`; False where there is none."""
    places = {name: f"${number}" for number, name in enumerate(row, 1)}
    changes = ", ".join(f"{name} = {place}" for name, place in places.items() if name != key)
    sql = f"UPDATE {table} SET {changes} WHERE {key} = {places[key]}"  # noqa: S608
    return row_count(await tx.execute(sql, *row.values())) == 1
