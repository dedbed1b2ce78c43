"""Searches among millions of rows, none of which reads them all.

A table that is searched by words has a stored `tsvector` column with a GIN index, and its schema
the functions `folded` and `search_words`, which made that column: what is typed and what is stored
are folded alike. Apostrophes, hyphens and blanks only part words, and words are stored joined with
the next ones too, so that « obrien » finds O'Brien; what is typed is tried joined as well.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from shared.database.pool import Connection

#: Shorter beginnings match too much to help anybody: such words must be there as a whole.
MIN_BEGINNING = 3
#: Further words are ignored.
MAX_WORDS = 8
#: Rows that are looked at before the index: what is in one row of two hundred is found there, and
#: the index would first collect every row that has it.
FIRST_ROWS = 5_000
#: Words that are tried joined; of more, the number of ways doubles with each.
MAX_JOINED = 4
FOLDED = "SELECT folded($1)"


@asynccontextmanager
async def by_index(connection: Connection, *, in_order: bool = False) -> AsyncIterator[None]:
    """The statements in it read no table from end to end where an index serves them.

    With a LIMIT the planner hopes to come across a few rows soon, and reads every row where there
    is none. `in_order`: the index gives the rows in the order of the statement, one by one until
    the LIMIT, instead of all of them to be sorted. The settings end with the transaction, so that
    the pooled session stays as it was.
    """
    async with connection.transaction():
        await connection.execute("SET LOCAL enable_seqscan = off")
        if in_order:
            await connection.execute("SET LOCAL enable_bitmapscan = off")
        yield


async def find_by_words(
    connection: Connection, table: str, key: str, column: str, typed: str, limit: int
) -> tuple[list[str], list[str]]:
    """The keys of rows whose `column` has all the words of `typed`, and where there is none, of
    those where words begin so; at most `limit`. Names are the code's own.
    """
    folded = await connection.fetchval(FOLDED, typed)
    whole = words_query(folded, beginnings=False)
    if whole is None:
        return [], []
    exact = await _find(connection, table, key, column, whole, limit)
    if exact:
        return exact, []
    beginnings = words_query(folded, beginnings=True)
    if beginnings == whole:
        return [], []
    return [], await _find(connection, table, key, column, str(beginnings), limit)


async def _find(
    connection: Connection, table: str, key: str, column: str, query: str, limit: int
) -> list[str]:
    match = f"{column} @@ $1::text::tsquery LIMIT {limit}"
    first = f"SELECT {key}, {column} FROM {table} LIMIT {FIRST_ROWS}"  # noqa: S608
    rows: Sequence[Any] = await connection.fetch(
        f"SELECT {key}::text FROM ({first}) AS first_rows WHERE {match}",  # noqa: S608
        query,
    )
    if len(rows) < limit:
        async with by_index(connection):
            rows = await connection.fetch(
                f"SELECT {key}::text FROM {table} WHERE {match}",  # noqa: S608
                query,
            )
    return [row[0] for row in rows]


def words_query(folded: str, *, beginnings: bool) -> str | None:
    """The `tsquery` of words that must all be there, or begin so, some of them joined or none; None
    without any word.

    >>> words_query("durand ma", beginnings=True)
    "'durand':* & 'ma' | 'durandma':*"
    """
    words = folded.split()[:MAX_WORDS]
    ways = _joined(words) if len(words) <= MAX_JOINED else [words]
    return " | ".join(filter(None, (_all_of(way, beginnings) for way in ways))) or None


def _all_of(words: Sequence[str], beginnings: bool) -> str:
    parts = []
    for word in words:
        # Letters and digits only, so that nothing in it could be an operator.
        quoted = "'" + "".join(char for char in word if char.isalnum()) + "'"
        if quoted != "''":
            parts.append(f"{quoted}:*" if beginnings and len(word) >= MIN_BEGINNING else quoted)
    return " & ".join(parts)


def _joined(words: Sequence[str]) -> list[list[str]]:
    """The words as they are, then with neighbours joined in every way."""
    ways: list[list[str]] = [[]]
    for word in words:
        ways = [[*way, word] for way in ways] + [[*way[:-1], way[-1] + word] for way in ways if way]
    return ways
