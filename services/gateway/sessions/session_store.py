"""The gateway's SQL on sessions and known browsers. Each function takes the transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from services.gateway.sessions.model import Session
from shared.database import Connection, row_count

#: The columns of a session's row; `validated` comes from another table.
NAMES = tuple(field.name for field in fields(Session) if field.name != "validated")
COLUMNS = ", ".join(NAMES)
QUALIFIED = ", ".join(f"sessions.{name}" for name in NAMES)
PLACES = ", ".join(f"${number}" for number in range(2, len(NAMES) + 2))
ALIVE = """
, validated_at is not null as validated
from sessions left join session_revocations using (account_id)
    left join validated_accounts using (account_id)
where (session_revocations.before is null or sessions.proved_at >= session_revocations.before)
"""
FIND = f"select {QUALIFIED} {ALIVE} and token_hash = $1"
OF_ACCOUNT = f"""
select {QUALIFIED} {ALIVE} and account_id = $1 and level = 'full'
order by opened_at desc, id
"""
INSERT = f"""
insert into sessions (token_hash, {COLUMNS}) values ($1, {PLACES})
on conflict (token_hash) do nothing
"""  # noqa: S608
LOCK_ACCOUNT = "select pg_advisory_xact_lock(hashtextextended('sessions/' || $1::text, 0))"
REVOKE_BEFORE = """
insert into session_revocations (account_id, before) values ($1, $2)
on conflict (account_id) do update set before = greatest(session_revocations.before,
excluded.before)
"""
DELETE_EXPIRED = """
delete from sessions where token_hash in (
    select token_hash from sessions where ends_at <= $1 or seen_at <= $2
    limit $3 for update skip locked)
returning id, account_id, level
"""
SAVE_KNOWN_BROWSER = """
insert into known_browsers (token_hash, account_id, known_at, expires_at) values ($1, $2, $3, $4)
on conflict (token_hash, account_id) do update
    set known_at = excluded.known_at, expires_at = excluded.expires_at
"""


@dataclass(frozen=True)
class EndedSession:
    """A session that was just deleted."""

    id: str
    account_id: str
    level: str


async def lock_account(tx: Connection, account_id: str) -> None:
    """Serialize changes of several sessions of this account until the transaction ends (CR-12)."""
    await tx.execute(LOCK_ACCOUNT, account_id)


async def find(tx: Connection, token_hash: bytes) -> Session | None:
    """The session of a token, expired or not; None where it was revoked."""
    row = await tx.fetchrow(FIND, token_hash)
    return None if row is None else _session(row)


async def insert(tx: Connection, token_hash: bytes, session: Session) -> bool:
    """Store a session under a token; False where a second click stored it already."""
    values = (getattr(session, name) for name in NAMES)
    return row_count(await tx.execute(INSERT, token_hash, *values)) == 1


async def touch(tx: Connection, token_hash: bytes, now: datetime) -> None:
    """It was used."""
    await tx.execute("update sessions set seen_at = $2 where token_hash = $1", token_hash, now)


async def set_due(tx: Connection, token_hash: bytes, due: str, enrolment_id: str | None) -> None:
    """What a person must give next, and with which enrolment."""
    await tx.execute(
        "update sessions set due = $2, enrolment_id = $3 where token_hash = $1",
        token_hash,
        due,
        enrolment_id,
    )


async def set_enrol_before(tx: Connection, token_hash: bytes, until: datetime) -> None:
    """The address was proved again."""
    await tx.execute(
        "update sessions set enrol_before = $2 where token_hash = $1", token_hash, until
    )


async def set_code_at(tx: Connection, token_hash: bytes, at: datetime) -> None:
    """The second factor was given again."""
    await tx.execute(
        "update sessions set code_at = greatest(code_at, $2)"
        " where token_hash = $1 and level = 'full'",
        token_hash,
        at,
    )


async def set_validated(tx: Connection, account_id: str, at: datetime) -> None:
    """An account's complementary information is validated, for ever."""
    await tx.execute(
        "insert into validated_accounts (account_id, validated_at) values ($1, $2)"
        " on conflict do nothing",
        account_id,
        at,
    )


async def set_name(
    tx: Connection, account_id: str, first_name: str, last_name: str, at: datetime
) -> None:
    """The holder has another name since `at`; sessions with a later one are left alone."""
    await tx.execute(
        "update sessions set first_name = $2, last_name = $3, named_at = $4"
        " where account_id = $1 and proved_at <= $4 and (named_at is null or named_at < $4)",
        account_id,
        first_name,
        last_name,
        at,
    )


async def delete(tx: Connection, token_hash: bytes) -> EndedSession | None:
    """End the session of a token."""
    row = await tx.fetchrow(
        "delete from sessions where token_hash = $1 returning id, account_id, level", token_hash
    )
    return None if row is None else _ended(row)


async def delete_of_account(
    tx: Connection, account_id: str, session_id: str
) -> EndedSession | None:
    """End one session of an account by its id."""
    row = await tx.fetchrow(
        "delete from sessions where account_id = $1 and id = $2 returning id, account_id, level",
        account_id,
        session_id,
    )
    return None if row is None else _ended(row)


async def delete_others(tx: Connection, account_id: str, token_hash: bytes) -> list[EndedSession]:
    """End every session of an account but one."""
    rows = await tx.fetch(
        "delete from sessions where account_id = $1 and token_hash <> $2"
        " returning id, account_id, level",
        account_id,
        token_hash,
    )
    return [_ended(row) for row in rows]


async def revoke_before(tx: Connection, account_id: str, moment: datetime) -> list[EndedSession]:
    """End every session of an account that was proved before `moment`, whenever it is written."""
    await tx.execute(REVOKE_BEFORE, account_id, moment)
    rows = await tx.fetch(
        "delete from sessions where account_id = $1 and proved_at < $2"
        " returning id, account_id, level",
        account_id,
        moment,
    )
    return [_ended(row) for row in rows]


async def is_last_revocation(tx: Connection, account_id: str, moment: datetime | None) -> bool:
    """Whether it was that moment that the account's sessions were last ended for."""
    found = await tx.fetchval(
        "select before from session_revocations where account_id = $1", account_id
    )
    return found is not None and found == moment


async def of_account(tx: Connection, account_id: str) -> list[Session]:
    """The full sessions of an account, the latest first."""
    return [_session(row) for row in await tx.fetch(OF_ACCOUNT, account_id)]


async def delete_surplus(tx: Connection, account_id: str, most: int) -> list[EndedSession]:
    """End the oldest full sessions beyond `most` (SE-10)."""
    rows = await tx.fetch(
        "delete from sessions where token_hash in ("
        " select token_hash from sessions where account_id = $1 and level = 'full'"
        " order by opened_at desc, id offset $2)"
        " returning id, account_id, level",
        account_id,
        most,
    )
    return [_ended(row) for row in rows]


async def delete_expired(
    tx: Connection, now: datetime, idle: timedelta, limit: int = 200
) -> list[EndedSession]:
    """Delete expired sessions, at most `limit`."""
    return [_ended(row) for row in await tx.fetch(DELETE_EXPIRED, now, now - idle, limit)]


async def purge_old(tx: Connection, now: datetime, longest: timedelta) -> None:
    """Delete known browsers that expired, and revocations older than any session."""
    await tx.execute("delete from known_browsers where expires_at <= $1", now)
    await tx.execute("delete from session_revocations where before < $1", now - longest)


async def save_known_browser(
    tx: Connection, token_hash: bytes, account_id: str, now: datetime, expires_at: datetime
) -> None:
    """Record that this browser signed in to the account."""
    await tx.execute(SAVE_KNOWN_BROWSER, token_hash, account_id, now, expires_at)


async def known_accounts(tx: Connection, token_hash: bytes, now: datetime) -> Sequence[str]:
    """The accounts that this browser was signed in to."""
    rows = await tx.fetch(
        "select account_id from known_browsers where token_hash = $1 and expires_at > $2"
        " order by known_at desc limit 20",
        token_hash,
        now,
    )
    return [str(row["account_id"]) for row in rows]


async def delete_known_browsers(tx: Connection, account_id: str, but: bytes = b"") -> None:
    """Delete the known browsers of the account, except one."""
    await tx.execute(
        "delete from known_browsers where account_id = $1 and token_hash <> $2", account_id, but
    )


def _ended(row: Any) -> EndedSession:
    return EndedSession(str(row["id"]), str(row["account_id"]), row["level"])


def _session(row: Any) -> Session:
    values = dict(row)
    for name in ("id", "account_id", "enrolment_id"):
        values[name] = None if values[name] is None else str(values[name])
    return Session(**values)
