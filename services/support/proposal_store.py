"""SQL on acts, in the caller's transaction."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from services.support.journal_store import ACCOUNT
from services.support.proposals import NAMES_ESTABLISHMENT, OPEN_STATES, SENSITIVE, Proposal
from shared.database import Connection
from shared.database.rows import update

COLUMNS = """
id::text, serial, act, account_id::text, subject_agent_id::text, request_number, reason, details,
note, state, proposed_by::text, proposed_at, expires_at, approved_by::text, approved_at, single,
due_at, done_at, ended_by, ended_agent_id::text, ended_at, ended_why, failure, link_hash,
holder_agents::text[], inviter_agent::text
"""
FIND = f"select {COLUMNS} from proposals where id = $1"  # noqa: S608
LOCK = f"{FIND} for update"
FIND_BY_LINK = f"select {COLUMNS} from proposals where link_hash = any($1)"  # noqa: S608
LOCK_BY_LINK = f"{FIND_BY_LINK} for update"
LOCK_OPEN = f"""
select {COLUMNS} from proposals
where account_id = $1 and act = any($2) and state in ('proposed', 'approved')
order by id for update
"""  # noqa: S608
#: Whether an account has an open act, beside the statement that writes an event of it.
HAS_OPEN_ACT = f"""
select from proposals where account_id = {ACCOUNT} and state in ('proposed', 'approved')
"""
OPEN_OF_AGENT = f"""
select {COLUMNS} from proposals
where state in ('proposed', 'approved') and $1 in (proposed_by, approved_by) order by id
"""  # noqa: S608
#: By agent: how many acts are open, and the numbers of those that stopped with their access.
PARTS_OF_AGENTS = """
select part.agent_id::text,
    count(*) filter (where proposals.state in ('proposed', 'approved')) as open,
    array_remove(array_agg(
        case when ended_by = 'departure' and ended_at = agents.since
            then coalesce(nullif(request_number, ''), 'ACT-' || serial) end order by serial
    ), null) as stopped
from proposals
    cross join lateral (select distinct unnest(array[proposed_by, approved_by])) as part (agent_id)
    join agents on agents.id = part.agent_id
where proposals.state in ('proposed', 'approved') or ended_by = 'departure'
group by part.agent_id
"""
DUE = """
select id::text from proposals
where state = 'approved' and due_at <= $1 and id <> all($2) order by due_at, id limit $3
"""
EXPIRED = """
select id::text from proposals
where state = 'proposed' and expires_at <= $1 and id <> all($2) order by expires_at, id limit $3
"""
# What expires or falls due next comes first, then what ended, the latest first.
LIST = f"""
select {COLUMNS} from proposals
where ($1::text[] is null or state = any($1)) and ($2::uuid is null or account_id = $2)
order by case state when 'proposed' then expires_at when 'approved' then due_at end nulls last,
    proposed_at desc, id
limit $3 offset $4
"""  # noqa: S608
COUNT = """
select count(*) from proposals
where ($1::text[] is null or state = any($1)) and ($2::uuid is null or account_id = $2)
"""
PROPOSED = f"""
select {COLUMNS} from proposals where state = 'proposed' and expires_at > $1
order by expires_at, id limit 500
"""  # noqa: S608
# The receiver of a transfer is told of it as well.
PLANNED = f"""
select {COLUMNS} from proposals
where state = 'approved' and (account_id = $1::text::uuid or details ->> 'to_account_id' = $1)
order by due_at, id
"""  # noqa: S608
# Those that nobody undoes already, and how many dossiers their owner said that it moved.
UNDOABLE = f"""
select {COLUMNS}, (
    select (entry.public::jsonb ->> 'count')::int from journal_entries as entry
    where entry.account_id = transfer.account_id and entry.at >= transfer.done_at
        and entry.type = 'dossiers.DossiersTransferred.v1'
        and entry.public::jsonb ->> 'transfer_id' = transfer.id::text
    limit 1) as moved
from proposals as transfer
where account_id = $1 and act = 'transfer_dossiers' and state = 'done' and done_at > $2
    -- The fields of an anonymised account's acts are deleted.
    and details ? 'to_account_id'
    and not exists (
        select from proposals as undo
        where undo.account_id = transfer.account_id and undo.act = 'undo_transfer'
            and undo.state = any($3) and undo.details ->> 'transfer_id' = transfer.id::text)
order by done_at desc
"""  # noqa: S608
INSERT = """
insert into proposals (id, act, account_id, subject_agent_id, request_number, reason, details, note,
    state, proposed_by, proposed_at, expires_at, holder_agents, inviter_agent)
values ($1, $2, $3, $4, $5, $6, $7, $8, 'proposed', $9, $10, $11, $12, $13)
on conflict do nothing returning serial
"""
LATEST_SENSITIVE = """
select max(done_at) from proposals where account_id = $1 and act = any($2) and state = 'done'
"""
LATEST_CORRECTION = """
select max(done_at) from proposals
where account_id = $1 and act = 'correct_information' and state = 'done' and details ?| $2
"""
DELETE_DETAILS = """
update proposals set details = '{}', note = '', holder_agents = '{}' where account_id = $1
"""
#: What stays as it was proposed.
PROPOSED_ONCE = (
    "serial",
    "act",
    "account_id",
    "subject_agent_id",
    "details",
    "note",
    "reason",
    "holder_agents",
    "inviter_agent",
)


def _proposal(row: Any) -> Proposal:
    values = dict(row)
    values["details"] = msgspec.json.decode(values["details"], type=dict[str, str])
    values["holder_agents"] = tuple(values["holder_agents"])
    return Proposal(**values)


async def insert(tx: Connection, proposal: Proposal) -> int | None:
    """Add a proposed act; returns its serial number, or None where the same act is open for the
    account."""
    serial: int | None = await tx.fetchval(
        INSERT,
        proposal.id,
        proposal.act,
        proposal.account_id,
        proposal.subject_agent_id,
        proposal.request_number,
        proposal.reason,
        msgspec.json.encode(proposal.details).decode(),
        proposal.note,
        proposal.proposed_by,
        proposal.proposed_at,
        proposal.expires_at,
        proposal.holder_agents,
        proposal.inviter_agent,
    )
    return serial


async def save(tx: Connection, proposal: Proposal) -> None:
    """Store what happened to an act that the caller locked; what was proposed stays as it is."""
    columns = asdict(proposal)
    for name in PROPOSED_ONCE:
        del columns[name]
    await update(tx, "proposals", columns, "id")


async def find(tx: Connection, proposal_id: str) -> Proposal | None:
    """An act by id; None also for an id that is no UUID."""
    return await _one(tx, FIND, proposal_id)


async def lock(tx: Connection, proposal_id: str) -> Proposal | None:
    """The same, locked until the transaction ends."""
    return await _one(tx, LOCK, proposal_id)


async def find_by_link(tx: Connection, hashes: Sequence[bytes]) -> Proposal | None:
    """The act that a mailed link objects to."""
    return await _one(tx, FIND_BY_LINK, list(hashes))


async def lock_by_link(tx: Connection, hashes: Sequence[bytes]) -> Proposal | None:
    """The same, locked until the transaction ends."""
    return await _one(tx, LOCK_BY_LINK, list(hashes))


async def lock_open(tx: Connection, account_id: str, acts: Sequence[str]) -> list[Proposal]:
    """The acts of these kinds that are open for an account, locked."""
    return [_proposal(row) for row in await tx.fetch(LOCK_OPEN, account_id, list(acts))]


async def open_of_agent(tx: Connection, agent_id: str) -> list[Proposal]:
    """The open acts that an agent proposed or approved."""
    return [_proposal(row) for row in await tx.fetch(OPEN_OF_AGENT, agent_id)]


async def parts_of_agents(tx: Connection) -> dict[str, tuple[int, tuple[str, ...]]]:
    """By agent: how many acts are open, and the numbers of those that stopped with their access."""
    rows = await tx.fetch(PARTS_OF_AGENTS)
    return {row["agent_id"]: (row["open"], tuple(row["stopped"])) for row in rows}


async def due_ids(tx: Connection, now: datetime, tried: Sequence[str], limit: int) -> list[str]:
    """The ids of approved acts whose date has come, except those of `tried`."""
    return [row["id"] for row in await tx.fetch(DUE, now, tried, limit)]


async def expired_ids(tx: Connection, now: datetime, tried: Sequence[str], limit: int) -> list[str]:
    """The ids of proposed acts that nobody approved in time, except those of `tried`."""
    return [row["id"] for row in await tx.fetch(EXPIRED, now, tried, limit)]


async def list_page(
    tx: Connection,
    states: Sequence[str] | None,
    account_id: str | None,
    *,
    limit: int,
    offset: int,
) -> list[Proposal]:
    """Acts in these states, of one account where given."""
    rows = await tx.fetch(LIST, _listed(states), account_id, limit, offset)
    return [_proposal(row) for row in rows]


async def count(tx: Connection, states: Sequence[str] | None, account_id: str | None) -> int:
    """How many acts `list_page` goes through."""
    number: int = await tx.fetchval(COUNT, _listed(states), account_id)
    return number


async def proposed(tx: Connection, now: datetime) -> list[Proposal]:
    """The acts that wait for somebody, those that expire first."""
    return [_proposal(row) for row in await tx.fetch(PROPOSED, now)]


async def planned(tx: Connection, account_id: str) -> list[Proposal]:
    """The approved acts of an account, the next one first."""
    try:
        account = str(UUID(account_id))
    except ValueError:
        return []
    return [_proposal(row) for row in await tx.fetch(PLANNED, account)]


async def undoable(
    tx: Connection, account_id: str, since: datetime
) -> list[tuple[Proposal, int | None]]:
    """The transfers of an account's dossiers that were done since then and that nobody undoes, the
    latest first; each with how many dossiers were moved, as far as their owner has said."""
    rows = await tx.fetch(UNDOABLE, account_id, since, [*OPEN_STATES, "done"])
    found = []
    for row in rows:
        columns = dict(row)
        count = columns.pop("moved")
        found.append((_proposal(columns), count))
    return found


async def find_open(tx: Connection, account_id: str | None, act: str) -> str:
    """The id of an act that is proposed or planned, for an account or for none; else empty."""
    sql = """
    select id::text from proposals
    where (account_id = $1 or $1::uuid is null and account_id is null)
        and act = $2 and state = any($3) limit 1
    """
    try:
        found: str | None = await tx.fetchval(sql, account_id, act, list(OPEN_STATES))
    except asyncpg.DataError:
        return ""  # not a UUID
    return found or ""


async def latest_sensitive_change(tx: Connection, account_id: str) -> datetime | None:
    """When the desk last changed address, name or telephone of an account, or opened it again."""
    at: datetime | None = await tx.fetchval(LATEST_SENSITIVE, account_id, sorted(SENSITIVE))
    return at


async def latest_establishment_correction(tx: Connection, account_id: str) -> datetime | None:
    """When the desk last corrected which establishment an account belongs to."""
    fields = list(NAMES_ESTABLISHMENT)
    at: datetime | None = await tx.fetchval(LATEST_CORRECTION, account_id, fields)
    return at


async def delete_details(tx: Connection, account_id: str) -> None:
    """Delete what was to be changed and the notes: the account is anonymised."""
    await tx.execute(DELETE_DETAILS, account_id)


async def _one(tx: Connection, sql: str, value: object) -> Proposal | None:
    try:
        row = await tx.fetchrow(sql, value)
    except asyncpg.DataError:
        return None  # not a UUID
    return None if row is None else _proposal(row)


def _listed(states: Sequence[str] | None) -> list[str] | None:
    return None if states is None else list(states)
