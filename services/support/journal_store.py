"""SQL of the journal: one statement that writes an event, the chain, and what pages read of it.

Nothing here updates an entry, a link or an anchor: the role has no right to.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from services.support.journal_chain import EMPTY, Anchor, Link, Tail
from services.support.journal_entries import Entry, Values
from shared.database import Connection, row_count
from shared.messaging.handlers import SqlEffect

COLUMNS = """
id, account_id, agent_id, type, section, at, heard_at, expires, public, values_digest, key_id, mac
""".strip()
# Values begin at $3, behind the inbox row's. An event that was written before, whose inbox row is
# gone by now, changes nothing.
#: The account of an entry, in a query beside the statement that writes it.
ACCOUNT = "$4::uuid"
_PLACES = f"$3::uuid, {ACCOUNT}, $5::uuid, $6, $7, $8, $9, $10, $11, $12, $13, $14"
INSERT = f"""
INSERT INTO journal_entries ({COLUMNS})
SELECT {_PLACES} FROM first
ON CONFLICT (id) DO NOTHING
RETURNING number
"""  # noqa: S608 - constants of this file
INSERT_VALUES = """
INSERT INTO journal_values (entry_number, salt, "values")
SELECT number, $15::bytea, $16 FROM effect
"""
LOCK_CHAINING = """
SELECT done, gaps, gap_since, now() AS now FROM journal_chaining FOR UPDATE SKIP LOCKED
"""
_SELECTED = COLUMNS.replace(" account_id, agent_id", " account_id::text, agent_id::text").replace(
    "id,", "id::text,", 1
)
UNLINKED = f"""
SELECT number, {_SELECTED} FROM journal_entries
WHERE number > $1 ORDER BY number LIMIT $2
"""  # noqa: S608 - constants of this file
IN_GAPS = f"""
SELECT number, {_SELECTED} FROM journal_entries
WHERE number = ANY($1) ORDER BY number
"""  # noqa: S608 - constants of this file
TAIL = "SELECT number, account_number, mac FROM journal_links ORDER BY number DESC LIMIT 1"
ACCOUNT_TAILS = """
SELECT asked.id::text AS account_id, last.number, last.account_number, last.mac
FROM unnest($1::uuid[]) AS asked (id), LATERAL (
    SELECT number, account_number, mac FROM journal_links
    WHERE account_id = asked.id ORDER BY account_number DESC LIMIT 1) AS last
"""
INSERT_LINKS = """
INSERT INTO journal_links (
    number, entry_number, entry_mac, account_id, account_number, previous, expires_at, key_id, mac)
SELECT * FROM unnest(
    $1::bigint[], $2::bigint[], $3::bytea[], $4::uuid[], $5::bigint[], $6::bigint[],
    $7::timestamptz[], $8::text[], $9::bytea[])
"""
SAVE_CHAINING = "UPDATE journal_chaining SET done = $1, gaps = $2, gap_since = $3"
LAST_ANCHOR = "SELECT max(at) FROM journal_anchors"
INSERT_ANCHOR = """
INSERT INTO journal_anchors (at, number, link_mac, key_id, mac) VALUES ($1, $2, $3, $4, $5)
"""
CLAIM_VERIFICATION = """
UPDATE journal_chaining SET verified_at = now()
WHERE verified_at IS NULL OR verified_at < now() - $1::interval
"""
PURGE = "SELECT journal_purge($1)"
ERASE = "SELECT journal_erase($1)"
ANONYMISED = """
SELECT DISTINCT account_id::text FROM journal_entries
WHERE type = 'support.AnonymisationOrdered.v1' AND at > $1 AND account_id IS NOT NULL
    AND account_id <> ALL($2) LIMIT $3
"""

#: A transaction that took a number and has not written its entry by then never will: handlers are
#: ended after a minute.
GAP_LIFETIME = timedelta(minutes=10)
#: Numbers waited for at once.
MAX_GAPS = 10_000


def insert_entry(entry: Entry, values: Values | None, unless: str = "") -> SqlEffect:
    """The statement that writes an entry; one with the same id is there already."""
    row = _row(entry)
    if values is None:
        return SqlEffect(INSERT, row, unless=unless)
    return SqlEffect(INSERT, (*row, values.salt, values.text), then=(INSERT_VALUES,), unless=unless)


def _row(entry: Entry) -> tuple[Any, ...]:
    return (
        entry.id,
        entry.account_id,
        entry.agent_id,
        entry.type,
        entry.section,
        entry.at,
        entry.heard_at,
        entry.expires,
        entry.public,
        entry.values_digest,
        entry.key_id,
        entry.mac,
    )


@dataclass(frozen=True, kw_only=True)
class Chaining:
    """How far the chain is: entries up to `done` have links, but for `gaps` (since when)."""

    done: int
    gaps: Mapping[int, datetime]
    now: datetime


async def lock_chaining(tx: Connection) -> Chaining | None:
    """The state of the chain, locked until `tx` ends; None while another process has the lock."""
    row = await tx.fetchrow(LOCK_CHAINING)
    if row is None:
        return None
    gaps = dict(zip(row["gaps"], row["gap_since"], strict=True))
    return Chaining(done=row["done"], gaps=gaps, now=row["now"])


async def read_unlinked(tx: Connection, state: Chaining, limit: int) -> list[tuple[int, Entry]]:
    """The next entries without a link and their numbers, in the order of these."""
    late = await tx.fetch(IN_GAPS, list(state.gaps)) if state.gaps else []
    rows = [dict(row) for row in (*late, *await tx.fetch(UNLINKED, state.done, limit))]
    return [(row.pop("number"), Entry(**row)) for row in rows]


async def save_chaining(tx: Connection, before: Chaining, numbers: Collection[int]) -> None:
    """Which numbers were read now, and which are still to come."""
    done = max(before.done, *numbers)
    gaps = {
        number: since
        for number, since in before.gaps.items()
        if number not in numbers and before.now - since < GAP_LIFETIME
    }
    first = max(before.done + 1, done - MAX_GAPS)
    gaps |= {number: before.now for number in range(first, done) if number not in numbers}
    await tx.execute(SAVE_CHAINING, done, list(gaps), list(gaps.values()))


async def read_tail(tx: Connection) -> Tail:
    """The last link of the chain."""
    row = await tx.fetchrow(TAIL)
    return EMPTY if row is None else Tail(**dict(row))


async def read_account_tails(tx: Connection, accounts: Sequence[str]) -> dict[str, Tail]:
    """The last link of each of these accounts that has one."""
    rows = await tx.fetch(ACCOUNT_TAILS, list(accounts))
    return {
        row["account_id"]: Tail(
            number=row["number"], account_number=row["account_number"], mac=row["mac"]
        )
        for row in rows
    }


async def insert_links(tx: Connection, links: Sequence[Link]) -> None:
    """Write links; none where every entry that was read is forged."""
    columns = ([getattr(link, one.name) for link in links] for one in fields(Link))
    await tx.execute(INSERT_LINKS, *columns)


async def last_anchor_at(tx: Connection) -> datetime | None:
    """When the last anchor was made."""
    found: datetime | None = await tx.fetchval(LAST_ANCHOR)
    return found


async def insert_anchor(tx: Connection, made: Anchor) -> None:
    """Write an anchor."""
    await tx.execute(INSERT_ANCHOR, made.at, made.number, made.link_mac, made.key_id, made.mac)


async def claim_verification(tx: Connection, interval: timedelta) -> bool:
    """Whether the last verification began longer ago than that; then this is the next."""
    return row_count(await tx.execute(CLAIM_VERIFICATION, interval)) == 1


async def purge(tx: Connection, batch: int) -> int:
    """Delete up to `batch` expired entries; returns how many."""
    return int(await tx.fetchval(PURGE, batch))


async def erase(tx: Connection, account_id: str) -> int:
    """Delete the values of an account that was anonymised; returns how many."""
    return int(await tx.fetchval(ERASE, account_id))


async def read_anonymised(
    tx: Connection, since: datetime, tried: Sequence[str], limit: int
) -> list[str]:
    """The accounts that were anonymised since then, except those of `tried`."""
    rows = await tx.fetch(ANONYMISED, since, tried, limit)
    return [row["account_id"] for row in rows]
