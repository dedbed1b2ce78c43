"""Reads the chain for its verification, in parts that fit in memory."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from services.support.journal_chain import Anchor
from services.support.journal_verification import ChainRow, Report, Verification
from shared.database import Connection
from shared.security.sealing import KeyRing

#: Links read at a time.
BATCH = 1_000
#: Seconds after which an entry has a link, where the service runs.
LINKED_AFTER = 60

_ENTRY = """
entry.id::text, entry.account_id::text, entry.agent_id::text, entry.type, entry.section, entry.at,
entry.heard_at, entry.expires, entry.public, entry.values_digest, entry.key_id,
entry.mac AS written_mac, apart.salt, apart."values"
"""
CHAIN = f"""
SELECT link.number, link.entry_number, link.entry_mac, link.account_id::text AS link_account,
    link.account_number, link.previous, link.expires_at, link.key_id AS link_key, link.mac, {_ENTRY}
FROM journal_links AS link
LEFT JOIN journal_entries AS entry ON entry.number = link.entry_number
LEFT JOIN journal_values AS apart ON apart.entry_number = link.entry_number
WHERE link.number > $1 ORDER BY link.number LIMIT $2
"""  # noqa: S608 - constants of this file
PART = """
SELECT max(number) FROM (
    SELECT number FROM journal_entries WHERE number > $1 ORDER BY number LIMIT $2) AS part
"""
UNLINKED = f"""
SELECT 0::bigint, entry.number, ''::bytea, NULL::text, 0::bigint, 0::bigint, NULL::timestamptz, '',
    ''::bytea, {_ENTRY}
FROM journal_entries AS entry
LEFT JOIN journal_values AS apart ON apart.entry_number = entry.number
WHERE entry.number > $1 AND entry.number <= $2
    AND entry.heard_at < now() - make_interval(secs => $3)
    AND NOT EXISTS (SELECT FROM journal_links WHERE entry_number = entry.number)
ORDER BY entry.number
"""  # noqa: S608 - constants of this file
ANCHORS = "SELECT at, number, link_mac, key_id, mac FROM journal_anchors ORDER BY at"
NOW = "SELECT now()"

Pause = Callable[[], Awaitable[None]]


async def read_anchors(connection: Connection) -> list[Anchor]:
    """Every anchor of the table."""
    return [Anchor(**dict(row)) for row in await connection.fetch(ANCHORS)]


async def verify(
    connection: Connection,
    keys: KeyRing,
    elsewhere: Sequence[Anchor] | None = None,
    *,
    batch: int = BATCH,
    pause: Pause | None = None,
) -> Report:
    """Check every row of the journal. `elsewhere` are the anchors of a file; with them, only they
    say how far the chain once went. `pause` is awaited between two parts of `batch` links."""
    now: datetime = await connection.fetchval(NOW)
    kept = await read_anchors(connection)
    work = Verification(keys, now, kept, elsewhere)
    rows = await connection.fetch(CHAIN, 0, batch)
    while rows:
        # The server finds the next rows while these are judged.
        following = asyncio.ensure_future(connection.fetch(CHAIN, rows[-1]["number"], batch))
        await asyncio.sleep(0)
        work.check(ChainRow(*row) for row in rows)
        if pause is not None:
            await pause()
        rows = await following
    after = 0
    while (until := await connection.fetchval(PART, after, 50 * BATCH)) is not None:
        rows = await connection.fetch(UNLINKED, after, until, LINKED_AFTER)
        work.check_unlinked(ChainRow(*row) for row in rows)
        after = until
    return work.report()
