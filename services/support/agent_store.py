"""SQL on agents, their links and wrong passwords, in the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from services.support.agents import Agent, agent_key
from shared.database import Connection
from shared.security.password_hashing import PasswordHash, Recipe

#: Wrong passwords count for a day.
WINDOW = timedelta(days=1)
LINK_RETENTION = timedelta(days=7)

COLUMNS = """
id::text, address, first_name, last_name, language, role, state, since, password_hash,
pepper_key_id, proposed_by::text, approved_by::text, joined_at, enrol_before, seen_at, failures
"""
FIND = f"select {COLUMNS} from agents where id = $1"  # noqa: S608
LOCK = f"{FIND} for update"
#: Of agents who begin anew and whose work is still to be stopped.
BEGINS_ANEW = """
select from agents where id = any($1::uuid[]) and state = 'accepted' and joined_at is not null
"""
STILL_WORKS = "select id from agents where id = $1 and state = 'active' for share"
FIND_BY_ADDRESS = f"select {COLUMNS} from agents where address_key = $1 and state <> 'removed'"  # noqa: S608
LIST = f"""
select {COLUMNS} from agents
order by state = 'removed', role <> 'supervisor', last_name, first_name, address
"""  # noqa: S608
IN_STATE = """
select id::text from agents where state = $1 and id <> all($2) order by since limit $3
"""
ACTIVE_IN_ROLE = f"""
select {COLUMNS} from agents where role = $1 and state = 'active' order by address
"""  # noqa: S608
ACTIVE = f"select {COLUMNS} from agents where state = 'active' order by address"  # noqa: S608
INSERT = """
insert into agents (id, address, address_key, first_name, last_name, language, role, state, since,
    proposed_by, approved_by)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
on conflict do nothing returning id::text
"""
SET_STATE = """
update agents set state = $2, since = $3, approved_by = coalesce($4, approved_by),
    password_hash = case when $2 in ('removed', 'accepted') then null else password_hash end,
    pepper_key_id = case when $2 in ('removed', 'accepted') then null else pepper_key_id end,
    enrol_before = null
where id = $1
"""
SET_HASH = """
update agents set password_hash = $2, pepper_key_id = $3, failures = 0 where id = $1
"""
SET_JOINING = """
update agents set first_name = $2, last_name = $3, language = $4, state = 'to_enrol', since = $5,
    enrol_before = $6
where id = $1
"""
SET_JOINED = """
update agents set state = 'active', since = $2, joined_at = $2, enrol_before = null where id = $1
"""
COUNT_FAILURE = "update agents set failures = failures + 1 where id = $1"
RECIPES = """
select distinct pepper_key_id || '$' || split_part(password_hash, '$', 4) as recipe from agents
where password_hash is not null order by recipe
"""
COUNT_SUPERVISORS = "select count(*) from agents where role = 'supervisor' and state = 'active'"

INSERT_LINK = """
insert into agent_links (link_hash, agent_id, purpose, sent_at, expires_at)
values ($1, $2, $3, $4, $5)
"""
REPLACE_LINKS = "update agent_links set replaced = true where agent_id = $1 and used_at is null"
FIND_LINK = """
select agent_id::text, purpose, expires_at from agent_links
where link_hash = any($1) and not replaced and used_at is null and expires_at > $2
"""
USE_LINK = "update agent_links set used_at = $2 where link_hash = any($1)"
PURGE_LINKS = "delete from agent_links where expires_at <= $1"

LOCK_ATTEMPTS = """
insert into agent_attempts (key, moments, expires_at)
select key, '{}', $2 from unnest($1::text[]) with ordinality as one (key, position)
order by position
on conflict (key) do update set key = excluded.key
returning key, moments
"""
ADD_ATTEMPT = """
update agent_attempts
set moments = array_append(
        array(select moment from unnest(moments) as moment where moment > $3), $2),
    expires_at = $4
where key = any($1)
"""
CLEAR_ATTEMPTS = "delete from agent_attempts where key = any($1)"
PURGE_ATTEMPTS = "delete from agent_attempts where expires_at <= $1"


def _agent(row: Any) -> Agent:
    values = dict(row)
    text, key_id = values.pop("password_hash"), values.pop("pepper_key_id")
    return Agent(**values, password=None if text is None else PasswordHash(text, key_id))


async def find(tx: Connection, agent_id: str) -> Agent | None:
    """An agent by id."""
    row = await tx.fetchrow(FIND, agent_id)
    return None if row is None else _agent(row)


async def lock(tx: Connection, agent_id: str) -> Agent | None:
    """The same, locked until the transaction ends."""
    row = await tx.fetchrow(LOCK, agent_id)
    return None if row is None else _agent(row)


async def still_works(tx: Connection, agent_id: str) -> bool:
    """Whether an agent may work, which nobody changes until the transaction ends."""
    return await tx.fetchval(STILL_WORKS, agent_id) is not None


async def begins_anew(tx: Connection, *agent_ids: str | None) -> bool:
    """Whether one of these agents was reset, and what they did before has not been stopped yet."""
    return await tx.fetchrow(BEGINS_ANEW, [one for one in agent_ids if one]) is not None


async def find_by_address(tx: Connection, address: str) -> Agent | None:
    """An agent by address, unless removed."""
    row = await tx.fetchrow(FIND_BY_ADDRESS, agent_key(address))
    return None if row is None else _agent(row)


async def list_all(tx: Connection) -> list[Agent]:
    """Every agent, removed ones last."""
    return [_agent(row) for row in await tx.fetch(LIST)]


async def in_state(tx: Connection, state: str, tried: Sequence[str], limit: int) -> list[str]:
    """The ids of agents in a state, the oldest first, except those of `tried`."""
    return [row["id"] for row in await tx.fetch(IN_STATE, state, tried, limit)]


async def active_in_role(tx: Connection, role: str) -> list[Agent]:
    """The agents of a role who may work."""
    return [_agent(row) for row in await tx.fetch(ACTIVE_IN_ROLE, role)]


async def active(tx: Connection) -> list[Agent]:
    """The agents who may work, whatever their role."""
    return [_agent(row) for row in await tx.fetch(ACTIVE)]


async def insert(tx: Connection, agent: Agent) -> bool:
    """Add an agent without a password; False where the address is an agent's."""
    made = await tx.fetchval(
        INSERT,
        agent.id,
        agent.address,
        agent_key(agent.address),
        agent.first_name,
        agent.last_name,
        agent.language,
        agent.role,
        agent.state,
        agent.since,
        agent.proposed_by,
        agent.approved_by,
    )
    return made is not None


async def set_state(
    tx: Connection, agent_id: str, state: str, now: datetime, approved_by: str | None = None
) -> None:
    """Record a new state; removed agents and those who begin anew have no password."""
    await tx.execute(SET_STATE, agent_id, state, now, approved_by)


async def set_role(tx: Connection, agent_id: str, role: str) -> None:
    """Record another role."""
    await tx.execute("update agents set role = $2 where id = $1", agent_id, role)


async def set_password(tx: Connection, agent_id: str, password: PasswordHash) -> None:
    """Store a password's hash."""
    await tx.execute(SET_HASH, agent_id, password.text, password.key_id)


async def set_joining(
    tx: Connection,
    agent_id: str,
    first_name: str,
    last_name: str,
    language: str,
    *,
    now: datetime,
    enrol_before: datetime,
) -> None:
    """The link was used: the second factor comes next."""
    await tx.execute(SET_JOINING, agent_id, first_name, last_name, language, now, enrol_before)


async def set_joined(tx: Connection, agent_id: str, now: datetime) -> None:
    """The second factor was enrolled."""
    await tx.execute(SET_JOINED, agent_id, now)


async def set_seen(tx: Connection, agent_id: str, now: datetime) -> None:
    """Record a sign-in."""
    await tx.execute("update agents set seen_at = $2 where id = $1", agent_id, now)


async def count_failure(tx: Connection, agent_id: str) -> None:
    """A password was wrong."""
    await tx.execute(COUNT_FAILURE, agent_id)


async def clear_failures(tx: Connection, agent_id: str) -> int:
    """A password was right; returns how many were wrong before."""
    before: int = await tx.fetchval("select failures from agents where id = $1", agent_id)
    await tx.execute("update agents set failures = 0 where id = $1", agent_id)
    return before


async def recipes_in_use(tx: Connection) -> list[Recipe]:
    """How the stored passwords were hashed."""
    return [Recipe.parse(row["recipe"]) for row in await tx.fetch(RECIPES)]


async def count_supervisors(tx: Connection) -> int:
    """How many supervisors may work."""
    count: int = await tx.fetchval(COUNT_SUPERVISORS)
    return count


async def replace_link(
    tx: Connection,
    agent_id: str,
    kind: str,
    link_hash: bytes,
    *,
    now: datetime,
    expires_at: datetime,
) -> None:
    """Store a link; earlier ones of the agent are void."""
    await tx.execute(REPLACE_LINKS, agent_id)
    await tx.execute(INSERT_LINK, link_hash, agent_id, kind, now, expires_at)


async def find_link(
    tx: Connection, hashes: Sequence[bytes], now: datetime
) -> tuple[str, str, datetime] | None:
    """(agent's id, kind, expiry) of a link that can be used."""
    row = await tx.fetchrow(FIND_LINK, list(hashes), now)
    return None if row is None else (row["agent_id"], row["purpose"], row["expires_at"])


async def use_link(tx: Connection, hashes: Sequence[bytes], now: datetime) -> None:
    """Record that a link was used."""
    await tx.execute(USE_LINK, list(hashes), now)


async def lock_attempts(tx: Connection, keys: Sequence[str], now: datetime) -> list[list[datetime]]:
    """The moments of wrong passwords of each key, locked until the transaction ends."""
    rows = await tx.fetch(LOCK_ATTEMPTS, list(keys), now + WINDOW)
    moments = {row["key"]: list(row["moments"]) for row in rows}
    return [moments[key] for key in keys]


async def add_attempt(tx: Connection, keys: Sequence[str], now: datetime) -> None:
    """Count a wrong password under each key; `lock_attempts` was called before."""
    await tx.execute(ADD_ATTEMPT, list(keys), now, now - WINDOW, now + WINDOW)


async def clear_attempts(tx: Connection, keys: Sequence[str]) -> None:
    """A password was right: nothing counts any more under these keys."""
    await tx.execute(CLEAR_ATTEMPTS, list(keys))


async def purge(tx: Connection, now: datetime) -> None:
    """Delete expired links and counters."""
    await tx.execute(PURGE_LINKS, now - LINK_RETENTION)
    await tx.execute(PURGE_ATTEMPTS, now)
