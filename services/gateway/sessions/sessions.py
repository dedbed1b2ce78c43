"""Sessions and known browsers: opened, promoted, extended, listed, ended, and their events.

A session and its event are one transaction. Ending the sessions of an account also ends those that
another gateway is about to write: sessions proved before the moment are invalid.
"""

import uuid
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from aiohttp import web

from services.gateway.sessions.model import PARTIAL_LIFETIME, TOUCH_INTERVAL, Session, SessionLimits
from services.gateway.sessions.session_table import EVERYBODY, NewSession, SessionTable
from services.gateway.sessions.tokens import token_hash
from shared.database import Connection, Pool, acquire, row_count, transaction
from shared.database.locks import lock_name
from shared.messaging.handlers import Emit
from shared.outbox import OutboxRow, ReservedEvents
from shared.runtime.telemetry import get_logger
from shared.security.sealing import new_token

#: Expired sessions that are deleted in one transaction.
BATCH = 200
REVOKE_BEFORE = """
insert into session_revocations (account_id, before) values ($1, $2)
on conflict (account_id) do update set before = greatest(session_revocations.before,
excluded.before)
"""
#: The holder closed sessions: a password that was given before opens nothing any more.
REVOKE_PARTIAL_BEFORE = """
insert into session_revocations (account_id, partial_before) values ($1, $2)
on conflict (account_id) do update
    set partial_before = greatest(session_revocations.partial_before, excluded.partial_before)
"""
DELETE = "delete from sessions where token_hash = $1 returning id, account_id, level"
DELETE_ONE = """
delete from sessions where account_id = $1 and id = $2 returning id, account_id, level
"""
DELETE_OTHERS = """
delete from sessions where account_id = $1 and token_hash <> $2 returning id, account_id, level
"""
DELETE_PARTIAL = """
delete from sessions where account_id = $1 and level = 'password' returning id, account_id, level
"""
DELETE_REVOKED = """
delete from sessions where account_id = $1 and proved_at < $2 returning id, account_id, level
"""
#: Sign-ins that are being written are waited for, and later ones wait.
LOCK_ALL = "lock table sessions in share row exclusive mode"
DELETE_ALL_REVOKED = """
delete from sessions where proved_at < $1 returning id, account_id, level
"""
DELETE_SURPLUS = """
delete from sessions where token_hash in (
    select token_hash from sessions where account_id = $1 and level = 'full'
    order by opened_at desc, id offset $2)
returning id, account_id, level
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
KNOWN_ACCOUNTS = """
select account_id::text from known_browsers where token_hash = $1 and expires_at > $2
order by known_at desc limit 20
"""
SET_VALIDATED = """
insert into validated_accounts (account_id, validated_at) values ($1, $2) on conflict do nothing
"""
#: Sessions with a later name are left alone.
SET_NAME = """
update sessions set first_name = $2, last_name = $3, named_at = $4
where account_id = $1 and proved_at <= $4 and (named_at is null or named_at < $4)
"""

log = get_logger("gateway")


@dataclass(frozen=True, kw_only=True)
class PasswordSignIn:
    """The account of a right password, and what its session must give next (`due`)."""

    account_id: str
    address: str
    first_name: str
    last_name: str
    failures: int
    due: str
    next: str
    proved_at: datetime
    enrol_before: datetime | None = None
    terms_bind_at: datetime | None = None
    role: str = ""


class Sessions:
    """The table of sessions of one front end, by token."""

    def __init__(
        self,
        pool: Pool,
        clock: Callable[[], datetime],
        limits: SessionLimits,
        publish: Callable[[Sequence[OutboxRow]], None],
        table: SessionTable,
    ) -> None:
        self.limits = limits
        self._table = table
        self._pool = pool
        self._clock = clock
        self._publish = publish

    async def find(self, token: str, *, used: bool) -> Session | None:
        """The session of a cookie; None where it has ended or expired. `used` extends it."""
        now, key = self._clock(), token_hash(token)
        async with acquire(self._pool) as connection:
            row = await connection.fetchrow(self._table.find, key)
            found = None if row is None else Session(**row)
            if found is None or found.is_expired(self.limits, now):
                return None
            if used and now - found.seen_at >= TOUCH_INTERVAL:
                await connection.execute(
                    "update sessions set seen_at = $2 where token_hash = $1", key, now
                )
                found = replace(found, seen_at=now)
        return found

    async def start_partial(
        self, sign_in: PasswordSignIn, device: str, network: str
    ) -> tuple[str, Session]:
        """A partial session, and its token."""
        token, now = new_token(), self._clock()
        made = Session(
            **vars(sign_in),
            id=str(uuid.uuid4()),
            level="password",
            device=device,
            network=network,
            opened_at=now,
            seen_at=now,
            ends_at=now + PARTIAL_LIFETIME,
        )
        async with acquire(self._pool) as connection:
            await self._insert(connection, token, made)
        return token, made

    async def promote(
        self,
        token: str,
        new: str,
        partial: Session,
        opened: NewSession,
        browser: str,
        *,
        code_at: datetime,
        replaced_at: datetime | None = None,
    ) -> bool:
        """Replace a partial session by a full one under the token `new`, and emit the event.

        Idempotent for a second click; False where the session has ended meanwhile. `code_at` is
        when the code was found right. Where it replaced the phone (at `replaced_at`) the session
        continues although the event of that has ended it already; the account's other sessions end.
        """
        now = opened.opened_at
        full = replace(
            partial,
            id=opened.session_id,
            level="full",
            due="code",
            enrolment_id=None,
            opened_at=now,
            proved_at=replaced_at or partial.proved_at,
            code_at=code_at,
            seen_at=now,
            ends_at=now + self.limits.absolute,
        )
        async with self._changes() as (tx, emit):
            await lock_name(tx, f"sessions/{full.account_id}")
            if not await _take_over(tx, token, full.account_id, replaced_at):
                return await tx.fetchrow(self._table.find, token_hash(new)) is not None
            if not await self._insert(tx, new, full):
                return True
            await tx.execute(
                SAVE_KNOWN_BROWSER,
                token_hash(browser),
                full.account_id,
                now,
                now + self.limits.browser,
            )
            if self._table.opened is not None:
                await emit(self._table.opened(opened), subject=full.account_id)
            if replaced_at is not None:
                await self.end_all_in(tx, emit, full.account_id, replaced_at, "phone_replaced")
                await delete_known_browsers(tx, full.account_id, browser)
            surplus = await tx.fetch(DELETE_SURPLUS, full.account_id, self.limits.parallel)
            await self._emit_closed(emit, surplus, "too_many")
        return True

    async def renew(
        self,
        token: str,
        new: str,
        session: Session,
        changed_at: datetime,
        reason: str,
        browser: str,
    ) -> None:
        """A credential was changed in this session: it continues under `new`, all others end.

        It continues even where the event of the change has ended it already, but not where
        something else has. Only this browser stays known for the account.
        """
        async with self._changes() as (tx, emit):
            await lock_name(tx, f"sessions/{session.account_id}")
            if await _take_over(tx, token, session.account_id, changed_at):
                renewed = replace(session, proved_at=changed_at, enrolment_id=None)
                await self._insert(tx, new, renewed)
            await self.end_all_in(tx, emit, session.account_id, changed_at, reason)
            await delete_known_browsers(tx, session.account_id, browser)

    async def end_all(
        self, account_id: str, moment: datetime, reason: str, browser: str = ""
    ) -> None:
        """End every session of an account that was proved before `moment`; no browser but
        `browser` is known for it any more."""
        async with self._changes() as (tx, emit):
            await self.end_all_in(tx, emit, account_id, moment, reason)
            await delete_known_browsers(tx, account_id, browser)

    async def end_all_in(
        self, tx: Connection, emit: Emit, account_id: str, moment: datetime, reason: str
    ) -> int:
        """The same within a transaction of the caller, without the browsers; returns how many full
        sessions ended."""
        await lock_name(tx, f"sessions/{account_id}")
        await tx.execute(REVOKE_BEFORE, account_id, moment)
        ended = await tx.fetch(DELETE_REVOKED, account_id, moment)
        await self._emit_closed(emit, ended, reason)
        return sum(row["level"] == "full" for row in ended)

    async def end_everybodys_in(
        self, tx: Connection, emit: Emit, moment: datetime, reason: str
    ) -> dict[str, int]:
        """End every session of everybody that was proved before `moment`; returns how many full
        ones of each account."""
        await tx.execute(LOCK_ALL)
        await tx.execute(REVOKE_BEFORE, EVERYBODY, moment)
        ended = await tx.fetch(DELETE_ALL_REVOKED, moment)
        await self._emit_closed(emit, ended, reason)
        return dict(Counter(str(row["account_id"]) for row in ended if row["level"] == "full"))

    async def end(self, token: str, reason: str) -> None:
        """End the session of a cookie."""
        async with self._changes() as (tx, emit):
            await self._emit_closed(emit, await tx.fetch(DELETE, token_hash(token)), reason)

    async def end_one(self, account_id: str, session_id: str) -> bool:
        """End one session of an account by its id, and sign-ins without their second factor; False
        where it has none of that id."""
        async with self._changes() as (tx, emit):
            await lock_name(tx, f"sessions/{account_id}")
            ended = await tx.fetch(DELETE_ONE, account_id, session_id)
            if ended:
                await self._close(tx, emit, account_id, ended)
        return bool(ended)

    async def end_others(self, account_id: str, token: str) -> None:
        """End every session of an account but the one of this cookie."""
        async with self._changes() as (tx, emit):
            await lock_name(tx, f"sessions/{account_id}")
            ended = await tx.fetch(DELETE_OTHERS, account_id, token_hash(token))
            await self._close(tx, emit, account_id, ended)

    async def _close(
        self, tx: Connection, emit: Emit, account_id: str, ended: Sequence[Any]
    ) -> None:
        """The holder closed sessions: what was proved by the password alone opens nothing now, not
        by a form that is posted again either."""
        partial = await tx.fetch(DELETE_PARTIAL, account_id)
        await tx.execute(REVOKE_PARTIAL_BEFORE, account_id, self._clock())
        await self._emit_closed(emit, [*ended, *partial], "closed_by_holder")

    async def of_account(self, account_id: str) -> list[Session]:
        """The sessions that the holder may see, the latest first."""
        async with acquire(self._pool) as connection:
            rows = await connection.fetch(self._table.of_account, account_id)
        found, now = [Session(**row) for row in rows], self._clock()
        return [one for one in found if not one.is_expired(self.limits, now)]

    async def set_due(self, token: str, due: str, enrolment_id: str | None = None) -> None:
        """Record what a partial session must give next, and what it enrols."""
        sql = "update sessions set due = $2, enrolment_id = $3 where token_hash = $1"
        await self._execute(sql, token_hash(token), due, enrolment_id)

    async def set_enrol_before(self, token: str, enrol_before: datetime) -> None:
        """The address was proved again."""
        sql = "update sessions set enrol_before = $2 where token_hash = $1"
        await self._execute(sql, token_hash(token), enrol_before)

    async def record_code(self, token: str, at: datetime) -> None:
        """The second factor was given again."""
        sql = (
            "update sessions set code_at = greatest(code_at, $2)"
            " where token_hash = $1 and level = 'full'"
        )
        await self._execute(sql, token_hash(token), at)

    async def record_terms_accepted(self, account_id: str) -> None:
        """Nothing is due in any session of the account."""
        await self._execute(
            "update sessions set terms_bind_at = null where account_id = $1", account_id
        )

    async def record_validated(self, account_id: str, at: datetime) -> None:
        """Record that the account's complementary information is validated, for ever."""
        await self._execute(SET_VALIDATED, account_id, at)

    async def known_accounts(self, browser: str) -> Sequence[str]:
        """The accounts that this browser was signed in to."""
        async with acquire(self._pool) as connection:
            rows = await connection.fetch(KNOWN_ACCOUNTS, token_hash(browser), self._clock())
        return [row["account_id"] for row in rows]

    async def purge(self) -> int:
        """End expired sessions, and delete expired known browsers and revocations older than any
        session; returns how many sessions.
        """
        gone = 0
        while True:
            async with self._changes() as (tx, emit):
                now = self._clock()
                ended = await tx.fetch(DELETE_EXPIRED, now, now - self.limits.idle, BATCH)
                await self._emit_closed(emit, ended, "expired")
                oldest = now - max(self.limits.absolute, PARTIAL_LIFETIME)
                await tx.execute("delete from known_browsers where expires_at <= $1", now)
                await tx.execute(
                    "delete from session_revocations where greatest(before, partial_before) < $1",
                    oldest,
                )
            gone += len(ended)
            if len(ended) < BATCH:
                break
        return gone

    async def _execute(self, sql: str, *values: object) -> None:
        async with acquire(self._pool) as connection:
            await connection.execute(sql, *values)

    @asynccontextmanager
    async def _changes(self) -> AsyncIterator[tuple[Connection, Emit]]:
        """A transaction, and what emits its events; they are published after the commit."""
        events = ReservedEvents(self._table.owner, self._clock)
        async with transaction(self._pool) as tx:
            yield tx, events.emit
            await events.insert(tx)
        self._publish(events.rows)

    async def _emit_closed(self, emit: Emit, ended: Iterable[Any], reason: str) -> None:
        """Log and publish the end of the sessions of these deleted rows."""
        now = self._clock()
        for row in ended:
            session_id = str(row["id"])
            log.info("A session ended.", action="session_ended", session=session_id, reason=reason)
            if row["level"] == "full":
                event = self._table.closed(session_id, reason, now)
                await emit(event, subject=str(row["account_id"]))

    async def _insert(self, connection: Connection, token: str, session: Session) -> bool:
        """Store a session under a token; False where a second click stored it already."""
        values = (getattr(session, name) for name in self._table.columns)
        done = await connection.execute(self._table.insert, token_hash(token), *values)
        return row_count(done) == 1


SESSIONS = web.AppKey("sessions", Sessions)


async def delete_known_browsers(tx: Connection, account_id: str, but: str = "") -> None:
    """Delete the known browsers of the account, except the one with this token."""
    sql = "delete from known_browsers where account_id = $1 and token_hash <> $2"
    await tx.execute(sql, account_id, token_hash(but))


async def _take_over(tx: Connection, token: str, account_id: str, moment: datetime | None) -> bool:
    """Delete a session that continues under another token. False where it has ended, unless the
    account's sessions were last ended for `moment`: by the event of this very change.
    """
    if await tx.fetch(DELETE, token_hash(token)):
        return True
    before = await tx.fetchval(
        "select before from session_revocations where account_id = $1", account_id
    )
    return before is not None and before == moment
