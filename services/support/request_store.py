"""SQL on requests of people: the requests, their threads, links, limits, who looks at one.

Functions take the caller's transaction. A request is locked before it moves, so that two agents, a
person and the clock act on it one after the other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from services.support.jobs import BATCH
from services.support.journal_store import ACCOUNT
from services.support.people_requests import PersonRequest
from services.support.request_states import OWED, State
from shared.contracts.base import Sealed
from shared.database import Connection, row_count
from shared.database.rows import insert
from shared.domain.working_days import paris_day

#: How long after an agent was last seen on a request others are told.
PRESENCE = timedelta(minutes=10)
#: Limits count for a day.
WINDOW = timedelta(days=1)
PAGE = 25

COLUMNS = """
number, kind, state, version, account_id::text, channel, language, about, stolen, received_at,
promised_on, answer_by, delayed_at, agent_id::text, asked_at, reminded_at, planned_at, closed_at,
reason, details, contact
"""
SELECT = f"select {COLUMNS} from requests"  # noqa: S608 - a constant
FIND = f"{SELECT} where number = $1"
LOCK = f"{FIND} for update"
OF_ACCOUNT = f"""
{SELECT} where account_id = $1
order by closed_at is not null, coalesce(closed_at, received_at) desc limit $2
"""
LOCK_LOST_PHONES = f"""
{SELECT} where account_id = $1 and kind = 'lost_phone' and closed_at is null
order by number for update
"""
#: Beside the statement that writes an event of the account: whether it has such a request.
HAS_LOST_PHONE = f"""
select from requests where account_id = {ACCOUNT} and kind = 'lost_phone' and closed_at is null
"""
LOCK_LINKED = f"""
{SELECT} where account_id = $1 and kind = $2 and number <> $3 and closed_at is null
order by number for update
"""
LINKED = """
select number from requests
where account_id = $1 and kind = $2 and number <> $3 and closed_at is null order by number
"""
DELAYED = """
select number from requests
where closed_at is null and state = any($1) and delayed_at is null and promised_on < $2
    and number <> all($3)
order by number limit $4
"""
WAITING = """
select number from requests
where closed_at is null and state = 'waiting'
    and (asked_at <= $1 and reminded_at is null or asked_at <= $2)
    and number <> all($3)
order by number limit $4
"""
MOVE = """
update requests set state = $2, version = $3, agent_id = $4, promised_on = $5, answer_by = $6,
    delayed_at = $7, asked_at = $8, reminded_at = $9, planned_at = $10, closed_at = $11,
    reason = $12
where number = $1
"""
#: $1 state, $2 kind, $3 account, $4 whose, $5 agent, $6 late, $7 today, $8 states that are owed an
#: answer; empty ones choose nothing. Without a state or an account the open ones.
QUEUE_WHERE = """
where case when $1 <> '' then r.state = $1 else r.closed_at is null or $3 <> '' end
    and ($2 = '' or r.kind = $2) and ($3 = '' or r.account_id = nullif($3, '')::uuid)
    and ($4 <> 'mine' or r.agent_id = $5::uuid) and ($4 <> 'to_take' or r.agent_id is null)
    and (not $6 or r.promised_on < $7 and r.state = any($8))
"""
COUNT_QUEUE = f"select count(*) from requests as r {QUEUE_WHERE}"  # noqa: S608 - a constant
LIST_QUEUE = f"""
select r.number, r.kind, r.state, r.version, r.account_id::text, r.channel, r.language, r.about,
    r.stolen, r.received_at, r.promised_on, r.answer_by, r.delayed_at, r.agent_id::text, r.asked_at,
    r.reminded_at, r.planned_at, r.closed_at, r.reason, r.details, r.contact,
    coalesce(nullif(trim(a.first_name || ' ' || a.last_name), ''), a.address, '') as agent_name,
    (select count(*) from requests as other where other.account_id = r.account_id
        and other.kind = r.kind and other.number <> r.number
        and other.closed_at is null and r.closed_at is null) as linked,
    case when phone.stopped_at is null and phone.resumed_at is null
        then coalesce(phone.opened_at, phone.alone_due_at) end as alone_at
from requests as r left join agents as a on a.id = r.agent_id
    left join lost_phones as phone on phone.number = r.number {QUEUE_WHERE}
"""  # noqa: S608 - constants
#: What waits for the person is owed nothing: it comes after what the desk owes.
DUE = "r.state <> all($8), r.promised_on, r.received_at, r.number"
QUEUE_ORDERS = {
    "due": DUE,
    **{
        f"{sign}{name}": f"{column} {direction}, {DUE}"
        for sign, direction in (("", "asc"), ("-", "desc"))
        for name, column in (
            ("number", "r.number"),
            ("received", "r.received_at"),
            ("kind", "r.kind"),
            ("state", "r.state"),
            ("agent", "agent_name"),
        )
    },
}
ENTRIES = """
select position, action, author, agent_id::text, reason, text, at from request_entries
where number = $1 order by position
"""
DELETE_CLOSED = """
delete from requests where number in (
    select number from requests where closed_at < $1 order by closed_at limit $2)
"""

ADD_LINK = "insert into request_links (link_hash, number, expires_at) values ($1, $2, $3)"
FIND_LINK = "select number, expires_at from request_links where link_hash = any($1)"

SEE = """
insert into request_viewers (number, agent_id, since, seen_at) values ($1, $2, $3, $3)
on conflict (number, agent_id) do update set seen_at = $3,
    since = case when request_viewers.seen_at < $4 then $3 else request_viewers.since end
"""
SEEN = """
select agent_id::text, since from request_viewers
where number = $1 and agent_id <> $2 and seen_at >= $3 order by since
"""

LOCK_LIMITS = """
insert into request_limits (key, moments, expires_at)
select key, '{}', $2 from unnest($1::text[]) with ordinality as one (key, position)
order by key
on conflict (key) do update set key = excluded.key
returning key, moments
"""
COUNT_LIMITS = """
update request_limits set moments = array_append(
        array(select moment from unnest(moments) as moment
            where moment > $2::timestamptz - $4::interval), $2),
    expires_at = $3
where key = any($1)
"""

ANSWERS = """
select name, title_fr, title_en, text_fr, text_en, version from ready_answers order by name
"""
SAVE_ANSWER = """
update ready_answers set title_fr = $2, title_en = $3, text_fr = $4, text_en = $5,
    version = version + 1, changed_by = $6, changed_at = $7
where name = $1
"""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What happened to a request: `author` is `person`, `agent` or `clock`; `text` is sealed."""

    position: int
    action: str
    author: str
    at: datetime
    agent_id: str | None = None
    reason: str = ""
    text: Sealed | None = None


@dataclass(frozen=True, kw_only=True)
class QueueFilter:
    """Which requests a page of the queue has, and in which order."""

    agent_id: str
    today: date
    whose: str = "all"
    kind: str = ""
    state: str = ""
    late: bool = False
    account_id: str = ""
    sort: str = "due"
    page: int = 1


@dataclass(frozen=True, kw_only=True)
class QueueRow:
    """A request of the queue with the name of its agent and how many others close with it.

    `alone_at`: another phone may be enrolled from then on without an agent, unless it is stopped.
    """

    request: PersonRequest
    agent_name: str
    linked: int
    alone_at: datetime | None = None


async def add(tx: Connection, new: PersonRequest) -> bool:
    """Store a request unless its number exists; whether it was stored."""
    row = dict(vars(new))
    row["details"], row["contact"] = _json(new.details), _json(new.contact)
    return await insert(tx, "requests", row, "ON CONFLICT DO NOTHING")


async def find(tx: Connection, number: str) -> PersonRequest | None:
    """The request of that number."""
    row = await tx.fetchrow(FIND, number)
    return None if row is None else _request(row)


async def numbers_of_account(tx: Connection, account_id: str) -> list[str]:
    """The numbers of all requests of an account, in the order in which they are locked."""
    sql = "select number from requests where account_id = $1 order by number"
    return [row["number"] for row in await tx.fetch(sql, account_id)]


async def lock(tx: Connection, number: str) -> PersonRequest | None:
    """As `find`, locked until the transaction ends."""
    row = await tx.fetchrow(LOCK, number)
    return None if row is None else _request(row)


async def of_account(tx: Connection, account_id: str, limit: int) -> list[PersonRequest]:
    """The requests of an account, open ones first."""
    return [_request(row) for row in await tx.fetch(OF_ACCOUNT, account_id, limit)]


async def is_about(tx: Connection, number: str, account_id: str) -> bool:
    """Whether a request of this number is the account's, or of somebody who was not signed in."""
    one = await find(tx, number)
    return one is not None and one.account_id in (None, account_id)


async def lock_lost_phones(tx: Connection, account_id: str) -> list[PersonRequest]:
    """The open requests of an account for a lost phone, locked."""
    return [_request(row) for row in await tx.fetch(LOCK_LOST_PHONES, account_id)]


async def linked(tx: Connection, one: PersonRequest) -> list[str]:
    """The numbers of the other open requests of the same account and kind."""
    if one.account_id is None:
        return []
    rows = await tx.fetch(LINKED, one.account_id, one.kind, one.number)
    return [row["number"] for row in rows]


async def lock_linked(tx: Connection, one: PersonRequest) -> list[PersonRequest]:
    """The other open requests of the same account and kind, locked."""
    if one.account_id is None:
        return []
    rows = await tx.fetch(LOCK_LINKED, one.account_id, one.kind, one.number)
    return [_request(row) for row in rows]


async def open_of_agent(tx: Connection, agent_id: str) -> list[str]:
    """The numbers of the open requests that an agent has."""
    sql = "select number from requests where agent_id = $1 and closed_at is null order by number"
    return [row["number"] for row in await tx.fetch(sql, agent_id)]


async def count_by_agent(tx: Connection) -> dict[str, int]:
    """How many open requests each agent has."""
    sql = """
    select agent_id::text, count(*) from requests
    where agent_id is not null and closed_at is null group by agent_id
    """
    return {row["agent_id"]: row["count"] for row in await tx.fetch(sql)}


async def delayed(tx: Connection, now: datetime, tried: Sequence[str]) -> list[str]:
    """The numbers of requests whose promised day has passed and whose person was not told, except
    those of `tried`; some at a time."""
    rows = await tx.fetch(DELAYED, list(OWED), paris_day(now), tried, BATCH)
    return [row["number"] for row in rows]


async def waiting(
    tx: Connection, remind: datetime, lapse: datetime, tried: Sequence[str]
) -> list[str]:
    """The numbers of requests that have waited for the person since `remind` or `lapse`, except
    those of `tried`; some at a time."""
    rows = await tx.fetch(WAITING, remind, lapse, tried, BATCH)
    return [row["number"] for row in rows]


async def save(tx: Connection, after: PersonRequest, entry: Entry | None) -> None:
    """Store what changed, with the entry that says so."""
    await tx.execute(
        MOVE,
        after.number,
        after.state,
        after.version,
        after.agent_id,
        after.promised_on,
        after.answer_by,
        after.delayed_at,
        after.asked_at,
        after.reminded_at,
        after.planned_at,
        after.closed_at,
        after.reason,
    )
    if entry is not None:
        await add_entry(tx, after.number, entry)


async def add_entry(tx: Connection, number: str, entry: Entry) -> None:
    """Append to the thread of a request."""
    row = {**vars(entry), "number": number, "text": _json(entry.text)}
    await insert(tx, "request_entries", row)


async def entries(tx: Connection, number: str) -> list[Entry]:
    """The thread of a request, oldest first."""
    rows = [dict(row) for row in await tx.fetch(ENTRIES, number)]
    return [Entry(**row | {"text": _sealed(row["text"])}) for row in rows]


async def list_queue(tx: Connection, wanted: QueueFilter) -> tuple[list[QueueRow], int]:
    """One page of the queue, and how many requests all its pages have."""
    values = (
        wanted.state,
        wanted.kind,
        wanted.account_id,
        wanted.whose,
        wanted.agent_id,
        wanted.late,
        wanted.today,
        list(OWED),
    )
    total: int = await tx.fetchval(COUNT_QUEUE, *values)
    which = QUEUE_ORDERS.get(wanted.sort, QUEUE_ORDERS["due"])
    rows = await tx.fetch(
        f"{LIST_QUEUE} order by {which} limit $9 offset $10",
        *values,
        PAGE,
        PAGE * (wanted.page - 1),
    )
    found = []
    for row in rows:
        columns = dict(row)
        more = {name: columns.pop(name) for name in ("agent_name", "linked", "alone_at")}
        found.append(QueueRow(request=_request(columns), **more))
    return found, total


async def count_open(tx: Connection, today: date) -> tuple[int, int]:
    """How many requests are open, and how many of them late."""
    row = await tx.fetchrow(
        "select count(*) as open, count(*) filter (where state = any($1) and promised_on < $2)"
        " as late from requests where closed_at is null",
        list(OWED),
        today,
    )
    assert row is not None, "an aggregate has one row"
    return row["open"], row["late"]


async def delete_of_account(tx: Connection, account_id: str) -> int:
    """Delete the requests of an account, open ones too, with all that was written in them."""
    return row_count(await tx.execute("delete from requests where account_id = $1", account_id))


async def delete_closed(tx: Connection, before: datetime) -> int:
    """Delete requests that ended before a moment; returns how many."""
    return row_count(await tx.execute(DELETE_CLOSED, before, BATCH))


async def purge(tx: Connection, now: datetime) -> None:
    """Delete links and limits that have expired, and who looked at what."""
    await tx.execute("delete from request_links where expires_at <= $1", now)
    await tx.execute("delete from request_limits where expires_at <= $1", now)
    await tx.execute("delete from request_viewers where seen_at <= $1", now - timedelta(hours=1))


async def add_link(tx: Connection, number: str, link_hash: bytes, expires_at: datetime) -> None:
    """Store a link to the page of a request."""
    await tx.execute(ADD_LINK, link_hash, number, expires_at)


async def find_link(tx: Connection, hashes: Sequence[bytes]) -> tuple[str, datetime] | None:
    """The number that a link is about, and when it expires."""
    row = await tx.fetchrow(FIND_LINK, list(hashes))
    return None if row is None else (row["number"], row["expires_at"])


async def record_presence(
    tx: Connection, number: str, agent_id: str, now: datetime
) -> list[tuple[str, datetime]]:
    """Record that an agent has a request open; (agent id, since) of the others who have."""
    await tx.execute(SEE, number, agent_id, now, now - PRESENCE)
    rows = await tx.fetch(SEEN, number, agent_id, now - PRESENCE)
    return [(row["agent_id"], row["since"]) for row in rows]


async def lock_limits(
    tx: Connection, keys: Sequence[str], now: datetime
) -> dict[str, list[datetime]]:
    """The moments counted under each key, locked."""
    rows = await tx.fetch(LOCK_LIMITS, sorted(keys), now + WINDOW)
    return {row["key"]: row["moments"] for row in rows}


async def count_limits(tx: Connection, keys: Sequence[str], now: datetime) -> None:
    """Count one more under each key."""
    await tx.execute(COUNT_LIMITS, list(keys), now, now + WINDOW, WINDOW)


async def ready_answers(tx: Connection) -> list[dict[str, Any]]:
    """The ready-made answers."""
    return [dict(row) for row in await tx.fetch(ANSWERS)]


async def lock_ready_answer(tx: Connection, name: str) -> int | None:
    """The version of a ready-made answer, locked; None where there is none of that name."""
    version: int | None = await tx.fetchval(
        "select version from ready_answers where name = $1 for update", name
    )
    return version


async def save_ready_answer(
    tx: Connection, name: str, texts: Sequence[str], agent_id: str, now: datetime
) -> None:
    """Change a ready-made answer: titles, then texts, French first."""
    await tx.execute(SAVE_ANSWER, name, *texts, agent_id, now)


def _request(row: Any) -> PersonRequest:
    columns = dict(row)
    return PersonRequest(
        **columns
        | {
            "state": State(columns["state"]),
            "details": _sealed(columns["details"]),
            "contact": _sealed(columns["contact"]),
        }
    )


def _json(sealed: Sealed | None) -> str | None:
    return None if sealed is None else msgspec.json.encode(sealed).decode()


def _sealed(text: str | None) -> Any:
    return None if text is None else msgspec.json.decode(text, type=Sealed)
