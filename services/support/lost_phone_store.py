"""SQL on lost phones and their calls, in the caller's transaction.

The request is locked first (`request_store.lock`), so that a call, the person and the clock act on
one lost phone one after the other.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from services.support.journal_store import ACCOUNT
from services.support.lost_phones import Call, LostPhone
from shared.contracts.base import Sealed
from shared.database import Connection
from shared.database.rows import insert, update

CASE = """
select one.number, one.account_id::text, one.proposal_id::text, one.names_proposal_id::text,
    coalesce(proposal.state, '') as proposal_state, proposal.due_at, one.stopped_at,
    one.stopped_by, one.released_at, one.codes, one.code_until, one.held_at, one.resumed_at,
    one.alone_since, one.alone_due_at, one.reminded_at, one.opened_at, one.open_until
from lost_phones as one left join proposals as proposal on proposal.id = one.proposal_id
"""
FIND = f"{CASE} where one.number = $1"
OF_ACCOUNT = f"""
{CASE} where one.account_id = $1 and one.released_at is not null and one.resumed_at is null
order by one.released_at desc limit 1
"""
RELEASED = """
select number from lost_phones where number = any($1) and released_at is not null
"""
#: Those that wait without an agent, or are open.
ALONE = (
    "from lost_phones where alone_since is not null and stopped_at is null and resumed_at is null"
)
ALONE_OF = f"select number {ALONE} and account_id = $1 order by number"
#: Beside the statement that writes an event of the account: whether one of its waits.
HAS_ALONE = f"select {ALONE} and account_id = {ACCOUNT}"
#: $1 is now, or NULL where all of them are due.
ALONE_DUE = f"""
select number {ALONE} and number <> all($2) and ($1::timestamptz is null or open_until <= $1
    or opened_at is null and (alone_due_at <= $1
        or reminded_at is null and alone_since + (alone_due_at - alone_since) / 2 <= $1))
order by number limit $3
"""
LAST_STOPPED = f"""
{CASE} where one.account_id = $1 and one.alone_since is not null and one.stopped_at is not null
    and one.opened_at is not null
order by one.stopped_at desc limit 1
"""
CALL = """
select id::text, number, agent_id::text, purpose, line, line_hash, line_since, telephone, found_at,
    agent_word, words, word_hash, word_key_id, wrong_words, started_at, ends_at, matched_at,
    ended_at, outcome
from calls
"""
CALLS = f"{CALL} where number = $1 order by started_at"
CALLS_OF_ACCOUNT = f"""
{CALL} where number in (select number from lost_phones where account_id = $1) order by started_at
"""  # noqa: S608 - constants
OVERDUE = """
select id::text, number from calls
where ended_at is null and ends_at <= $1 and id <> all($2) order by ends_at limit $3
"""
OPEN_OF_AGENT = f"{CALL} where agent_id = $1 and ended_at is null order by id"
#: Codes that an agent told last, at the end of a call, and that nobody has typed yet.
TOLD_BY_AGENT = """
select one.number, told.ended_at as told_at
from lost_phones as one
    cross join lateral (
        select agent_id, ended_at from calls
        where calls.number = one.number and outcome = 'told' order by started_at desc limit 1
    ) as told
where told.agent_id = $1 and one.code_until > $2 and one.held_at is null
    and one.resumed_at is null
order by one.number
"""
FIND_CALL = f"{CALL} where id = $1"
#: Not the state of the act, which is another table's.
STORED = (
    "number",
    "account_id",
    "proposal_id",
    "names_proposal_id",
    "stopped_at",
    "stopped_by",
    "released_at",
    "codes",
    "code_until",
    "held_at",
    "resumed_at",
    "alone_since",
    "alone_due_at",
    "reminded_at",
    "opened_at",
    "open_until",
)


async def find(tx: Connection, number: str) -> LostPhone | None:
    """The lost phone of a request; None before its first call."""
    row = await tx.fetchrow(FIND, number)
    return None if row is None else LostPhone(**row)


async def find_released(tx: Connection, account_id: str) -> LostPhone | None:
    """The latest lost phone of an account whose credentials are gone, and not there again."""
    row = await tx.fetchrow(OF_ACCOUNT, account_id)
    return None if row is None else LostPhone(**row)


async def released(tx: Connection, numbers: Sequence[str]) -> set[str]:
    """Those of these requests whose credentials are gone, whether they are there again or not."""
    return {row["number"] for row in await tx.fetch(RELEASED, list(numbers))}


async def alone_of(tx: Connection, account_id: str) -> list[str]:
    """The numbers of an account's lost phones that wait without an agent."""
    return [row["number"] for row in await tx.fetch(ALONE_OF, account_id)]


async def alone_due(
    tx: Connection, now: datetime | None, tried: Sequence[str], limit: int
) -> list[str]:
    """The numbers of those with which something is due at `now`; without it of all of them."""
    return [row["number"] for row in await tx.fetch(ALONE_DUE, now, list(tried), limit)]


async def last_stopped(tx: Connection, account_id: str) -> LostPhone | None:
    """The account's lost phone that was open without an agent and stopped last."""
    row = await tx.fetchrow(LAST_STOPPED, account_id)
    return None if row is None else LostPhone(**row)


async def add(tx: Connection, case: LostPhone) -> None:
    """Store a lost phone, once."""
    await insert(tx, "lost_phones", _stored(case), "ON CONFLICT DO NOTHING")


async def find_or_add(tx: Connection, number: str, account_id: str) -> LostPhone:
    """The lost phone of a request, which is locked: stored from its first call on, or its stop."""
    found = await find(tx, number)
    if found is not None:
        return found
    new = LostPhone(number=number, account_id=account_id)
    await add(tx, new)
    return new


async def save(tx: Connection, case: LostPhone) -> None:
    """Store what changed."""
    await update(tx, "lost_phones", _stored(case), "number")


async def calls(tx: Connection, number: str) -> list[Call]:
    """The calls about a lost phone, oldest first."""
    return [_call(row) for row in await tx.fetch(CALLS, number)]


async def calls_of_account(tx: Connection, account_id: str) -> list[Call]:
    """The calls about every lost phone of an account, oldest first."""
    return [_call(row) for row in await tx.fetch(CALLS_OF_ACCOUNT, account_id)]


async def overdue_calls(
    tx: Connection, now: datetime, tried: Sequence[str], limit: int
) -> dict[str, str]:
    """Calls whose time is over and that nobody ended, except those of `tried`: the number of the
    request, by the call's id."""
    return {row["id"]: row["number"] for row in await tx.fetch(OVERDUE, now, tried, limit)}


async def open_calls_of_agent(tx: Connection, agent_id: str) -> list[Call]:
    """The calls of an agent that nobody has ended."""
    return [_call(row) for row in await tx.fetch(OPEN_OF_AGENT, agent_id)]


async def told_by_agent(tx: Connection, agent_id: str, now: datetime) -> dict[str, datetime]:
    """The codes that an agent told and that can still be typed: when, by number of the request."""
    rows = await tx.fetch(TOLD_BY_AGENT, agent_id, now)
    return {row["number"]: row["told_at"] for row in rows}


async def find_call(tx: Connection, call_id: str) -> Call | None:
    """A call by id."""
    row = await tx.fetchrow(FIND_CALL, call_id)
    return None if row is None else _call(row)


async def add_call(tx: Connection, call: Call) -> None:
    """Store a call that begins."""
    await insert(tx, "calls", _row(call))


async def save_call(tx: Connection, call: Call) -> None:
    """Store what changed in a call."""
    await update(tx, "calls", _row(call), "id")


def _stored(case: LostPhone) -> dict[str, Any]:
    return {name: getattr(case, name) for name in STORED}


def _row(call: Call) -> dict[str, Any]:
    row = dict(vars(call))
    for name in ("agent_word", "words"):
        row[name] = None if row[name] is None else msgspec.json.encode(row[name]).decode()
    return row


def _call(row: Any) -> Call:
    values = dict(row)
    for name in ("agent_word", "words"):
        if values[name] is not None:
            values[name] = msgspec.json.decode(values[name], type=Sealed)
    return Call(**values)
