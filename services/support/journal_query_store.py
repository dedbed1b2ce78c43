"""SQL of what pages show of the journal: an account's story, the desk's journal, looks, exports."""

from collections.abc import Sequence
from datetime import datetime

from services.support.journal_views import Export, Look, NamedAgent, StoredEntry
from shared.database import Connection, row_count
from shared.database.rows import insert

_ENTRY = """
entry.number, entry.id::text, entry.account_id::text, entry.agent_id::text, entry.type,
entry.section, entry.at, entry.public, apart."values"
"""
_FROM = """
FROM journal_entries AS entry LEFT JOIN journal_values AS apart ON apart.entry_number = entry.number
"""
_NEWEST = "ORDER BY entry.at DESC, entry.number DESC LIMIT"
# The index of accounts holds the section too: entries of others are not read.
TIMELINE = f"""
SELECT {_ENTRY} {_FROM}
WHERE entry.account_id = $1 AND (entry.at, entry.number) < ($2, $3)
    AND entry.section = ANY($4)
{_NEWEST} $5
"""
ACTIVITY = f"""
SELECT {_ENTRY} {_FROM}
WHERE entry.account_id = $1 AND (entry.at, entry.number) < ($2, $3)
    AND entry.section = ANY($4) AND entry.type = ANY($5) AND entry.at > $6
{_NEWEST} $7
"""
JOURNAL = f"""
SELECT {_ENTRY} {_FROM}
WHERE entry.number < $1 AND entry.at >= $2 AND entry.at < $3 AND {{restricted}}
ORDER BY entry.number DESC LIMIT $4
"""
LOOKS = """
SELECT entry.at, entry.public, deferred.until
FROM journal_entries AS entry
LEFT JOIN journal_deferred_looks AS deferred ON deferred.entry_id = entry.id
WHERE entry.account_id = $1 AND entry.section = 'agents' AND entry.type = ANY($2)
    AND entry.at > $3 AND (deferred.until IS NULL OR deferred.until <= $4)
ORDER BY entry.at DESC, entry.number DESC LIMIT $5
"""
OWN_LOOKS = """
SELECT public FROM journal_entries
WHERE account_id = $1 AND at >= $4 AND section = 'agents' AND agent_id = $2 AND type = ANY($3)
"""
IS_LOOK = "SELECT account_id::text FROM journal_entries WHERE id = $1 AND type = ANY($2)"
LAST_VERIFICATION = """
SELECT at, public FROM journal_entries
WHERE section = 'agents' AND type = 'support.JournalVerified' ORDER BY number DESC LIMIT 1
"""
LAST_NUMBER = "SELECT coalesce(max(number), 0) FROM journal_entries"
EXPORTS = """
SELECT id::text, first_day, last_day, reason, proposed_by::text, approved_by::text, up_to, made_at,
    expires_at
FROM journal_exports WHERE expires_at > $1 ORDER BY made_at DESC
"""
EXPORT_LINES = f"""
SELECT {_ENTRY} {_FROM}
WHERE entry.number > $1 AND entry.number <= $2 AND entry.at >= $3 AND entry.at < $4
ORDER BY entry.number LIMIT $5
"""
HAS_DOWNLOADED = """
SELECT exists(
    SELECT FROM journal_entries
    WHERE agent_id = $1 AND at >= $2 AND type = 'support.JournalExported'
        AND public::jsonb ->> 'export_id' = $3)
"""
PURGE_EXPORTS = "DELETE FROM journal_exports WHERE expires_at <= $1"
AGENTS = """
SELECT id::text, first_name, last_name, address, role FROM agents WHERE id = ANY($1::uuid[])
"""
#: Looks shown to a person at once.
MAX_LOOKS = 500


async def read_timeline(
    tx: Connection,
    account_id: str,
    sections: Sequence[str],
    before: tuple[datetime, int],
    limit: int,
) -> list[StoredEntry]:
    """Entries of an account before a moment and number, newest first."""
    rows = await tx.fetch(TIMELINE, account_id, *before, list(sections), limit)
    return [StoredEntry(**dict(row)) for row in rows]


async def read_activity(
    tx: Connection,
    account_id: str,
    sections: Sequence[str],
    types: Sequence[str],
    since: datetime,
    before: tuple[datetime, int],
    limit: int,
) -> list[StoredEntry]:
    """Entries of these types since a moment, newest first."""
    rows = await tx.fetch(ACTIVITY, account_id, *before, list(sections), list(types), since, limit)
    return [StoredEntry(**dict(row)) for row in rows]


async def read_journal(
    tx: Connection,
    begin: datetime,
    end: datetime,
    *,
    sections: Sequence[str],
    account_id: str | None,
    agent_id: str | None,
    before: int,
    limit: int,
) -> list[StoredEntry]:
    """Entries from `begin` to before `end`, newest first, of these sections, of one account or
    agent if given."""
    restricted, values = "entry.section = ANY($5)", [list(sections)]
    if list(sections) == ["agents"]:
        # The words of the partial index.
        restricted, values = "entry.section = 'agents'", []
    for column, value in (("account_id", account_id), ("agent_id", agent_id)):
        if value is not None:
            values.append(value)  # type: ignore[arg-type]
            restricted += f" AND entry.{column} = ${4 + len(values)}::uuid"
    sql = JOURNAL.format(restricted=restricted)
    rows = await tx.fetch(sql, before, begin, end, limit, *values)
    return [StoredEntry(**dict(row)) for row in rows]


async def read_looks(
    tx: Connection, account_id: str, types: Sequence[str], since: datetime, now: datetime
) -> list[Look]:
    """The looks at an account since a moment that its holder may see, newest first."""
    rows = await tx.fetch(LOOKS, account_id, list(types), since, now, MAX_LOOKS)
    return [Look(row["at"], row["public"], row["until"]) for row in rows]


async def read_own_looks(
    tx: Connection, account_id: str, agent_id: str, types: Sequence[str], since: datetime
) -> list[str]:
    """The fields of one agent's looks at an account since a moment."""
    rows = await tx.fetch(OWN_LOOKS, account_id, agent_id, list(types), since)
    return [row["public"] for row in rows]


async def find_look(tx: Connection, entry_id: str, types: Sequence[str]) -> str | None:
    """The account that a look was at, or None."""
    found: str | None = await tx.fetchval(IS_LOOK, entry_id, list(types))
    return found


async def defer_look(
    tx: Connection, entry_id: str, agent_id: str, now: datetime, until: datetime
) -> bool:
    """Keep a look from the person until then; False where it is so already."""
    row = {"entry_id": entry_id, "deferred_by": agent_id, "deferred_at": now, "until": until}
    return await insert(tx, "journal_deferred_looks", row, "ON CONFLICT DO NOTHING")


async def last_verification(tx: Connection) -> tuple[datetime, str] | None:
    """When the journal was verified last, and what was found."""
    row = await tx.fetchrow(LAST_VERIFICATION)
    return None if row is None else (row["at"], row["public"])


async def last_number(tx: Connection) -> int:
    """The number of the newest entry, 0 without one."""
    return int(await tx.fetchval(LAST_NUMBER))


async def insert_export(tx: Connection, export: Export) -> None:
    """Let an export be downloaded."""
    await insert(tx, "journal_exports", vars(export), "ON CONFLICT DO NOTHING")


async def read_exports(tx: Connection, now: datetime) -> list[Export]:
    """The exports that can be downloaded, newest first."""
    return [Export(**dict(row)) for row in await tx.fetch(EXPORTS, now)]


async def read_export_lines(
    tx: Connection, up_to: int, begin: datetime, end: datetime, after: int, limit: int
) -> list[StoredEntry]:
    """The next entries from `begin` to before `end` up to a number, in the order of writing."""
    rows = await tx.fetch(EXPORT_LINES, after, up_to, begin, end, limit)
    return [StoredEntry(**dict(row)) for row in rows]


async def has_downloaded(tx: Connection, agent_id: str, export_id: str, since: datetime) -> bool:
    """Whether an agent began to download an export since then, as the journal has it."""
    found: bool = await tx.fetchval(HAS_DOWNLOADED, agent_id, since, export_id)
    return found


async def purge_exports(tx: Connection, now: datetime) -> int:
    """Delete the exports that have expired; returns how many."""
    return row_count(await tx.execute(PURGE_EXPORTS, now))


async def read_agents(tx: Connection, agents: Sequence[str]) -> dict[str, NamedAgent]:
    """Names and roles of agents by their ids; an address where there is no name yet."""
    if not agents:
        return {}
    rows = await tx.fetch(AGENTS, list(agents))
    return {
        row["id"]: NamedAgent(
            f"{row['first_name']} {row['last_name']}".strip() or row["address"], row["role"]
        )
        for row in rows
    }
