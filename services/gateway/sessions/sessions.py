"""Sessions: opened, promoted, extended, listed, ended, and their events.

A session and its event are one transaction. Ending the sessions of an account also ends those that
another gateway is about to write: sessions proved before the moment are invalid.
"""

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from aiohttp import web

from services.gateway.sessions import session_store as store
from services.gateway.sessions.model import PARTIAL_LIFETIME, TOUCH_INTERVAL, Session, SessionLimits
from services.gateway.sessions.session_store import EndedSession
from services.gateway.sessions.tokens import token_hash
from shared.contracts.gateway import OWNER, SessionClosed, SessionOpened
from shared.contracts.registration.views import SignInView
from shared.database import Connection, Pool, acquire, transaction
from shared.outbox import emit
from shared.runtime.telemetry import get_logger
from shared.security.sealing import new_token

log = get_logger("gateway")


@dataclass(frozen=True, kw_only=True)
class PasswordSignIn:
    """A right password, and the browser that gave it."""

    signed: SignInView
    due: str
    device: str
    network: str
    next: str
    proved_at: datetime


class Sessions:
    """The table of sessions, by token."""

    def __init__(
        self,
        pool: Pool,
        clock: Callable[[], datetime],
        limits: SessionLimits,
        wake_relay: Callable[[], None],
    ) -> None:
        self.limits = limits
        self._pool = pool
        self._clock = clock
        self._wake_relay = wake_relay

    async def find(self, token: str, *, used: bool) -> Session | None:
        """The session of a cookie; None where it has ended or expired. `used` extends it."""
        now, key = self._clock(), token_hash(token)
        async with acquire(self._pool) as connection:
            found = await store.find(connection, key)
            if found is None or found.is_expired(self.limits, now):
                return None
            if used and now - found.seen_at >= TOUCH_INTERVAL:
                await store.touch(connection, key, now)
                found = replace(found, seen_at=now)
        return found

    async def start_partial(self, sign_in: PasswordSignIn) -> tuple[str, Session]:
        """A partial session, and its token."""
        signed, token, now = sign_in.signed, new_token(), self._clock()
        made = Session(
            id=str(uuid.uuid4()),
            account_id=signed.account_id or "",
            level="password",
            due=sign_in.due,
            address=signed.address or "",
            first_name=signed.first_name or "",
            last_name=signed.last_name or "",
            device=sign_in.device,
            network=sign_in.network,
            enrol_before=signed.enrol_before or now,
            enrolment_id=None,
            failures=signed.failures,
            next=sign_in.next,
            opened_at=now,
            proved_at=sign_in.proved_at,
            code_at=None,
            seen_at=now,
            ends_at=now + PARTIAL_LIFETIME,
        )
        async with transaction(self._pool) as tx:
            await store.insert(tx, token_hash(token), made)
        return token, made

    async def promote(
        self,
        token: str,
        new: str,
        partial: Session,
        opened: SessionOpened,
        browser: str,
        *,
        code_at: datetime,
        replaced_at: datetime | None = None,
    ) -> bool:
        """Replace a partial session by a full one under the token `new`, and emit the event.

        Idempotent for a second click; False where the session has ended meanwhile. `code_at` is
        when the code was found right. Where it replaced the phone (at `replaced_at`) the session
        goes on although the event of that has ended it already; the account's other sessions end.
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
        async with transaction(self._pool) as tx:
            await store.lock_account(tx, full.account_id)
            gone = await store.delete(tx, token_hash(token)) is None
            if gone and not await store.is_last_revocation(tx, full.account_id, replaced_at):
                return await store.find(tx, token_hash(new)) is not None
            if not await store.insert(tx, token_hash(new), full):
                return True
            await store.save_known_browser(
                tx, token_hash(browser), full.account_id, now, now + self.limits.browser
            )
            await emit(tx, OWNER, opened, subject=full.account_id, now=now)
            if replaced_at is not None:
                await self.end_all_in(tx, full.account_id, replaced_at, "phone_replaced")
                await store.delete_known_browsers(tx, full.account_id, token_hash(browser))
            surplus = await store.delete_surplus(tx, full.account_id, self.limits.parallel)
            await self._emit_closed(tx, surplus, "too_many")
        self._wake_relay()
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
        """A credential was changed in this session: it goes on under `new`, all others end.

        It goes on even where the event of the change has ended it already, but not where something
        else has. Only this browser stays known for the account.
        """
        goes_on = replace(session, proved_at=changed_at, enrolment_id=None)
        async with transaction(self._pool) as tx:
            await store.lock_account(tx, session.account_id)
            gone = await store.delete(tx, token_hash(token)) is None
            if not gone or await store.is_last_revocation(tx, session.account_id, changed_at):
                await store.insert(tx, token_hash(new), goes_on)
            await self.end_all_in(tx, session.account_id, changed_at, reason)
            await store.delete_known_browsers(tx, session.account_id, token_hash(browser))
        self._wake_relay()

    async def end_all(
        self, account_id: str, moment: datetime, reason: str, browser: str = ""
    ) -> None:
        """End every session of an account that was proved before `moment`; no browser but
        `browser` is known for it any more."""
        async with transaction(self._pool) as tx:
            await self.end_all_in(tx, account_id, moment, reason)
            await store.delete_known_browsers(tx, account_id, token_hash(browser))
        self._wake_relay()

    async def end_all_in(
        self, tx: Connection, account_id: str, moment: datetime, reason: str
    ) -> None:
        """The same within a transaction of the caller."""
        await store.lock_account(tx, account_id)
        await self._emit_closed(tx, await store.revoke_before(tx, account_id, moment), reason)

    async def end(self, token: str, reason: str) -> None:
        """End the session of a cookie."""
        async with transaction(self._pool) as tx:
            ended = await store.delete(tx, token_hash(token))
            await self._emit_closed(tx, [ended] if ended else [], reason)
        self._wake_relay()

    async def end_one(self, account_id: str, session_id: str) -> bool:
        """End one session of an account by its id; False where it has none of that id."""
        async with transaction(self._pool) as tx:
            ended = await store.delete_of_account(tx, account_id, session_id)
            await self._emit_closed(tx, [ended] if ended else [], "closed_by_holder")
        self._wake_relay()
        return ended is not None

    async def end_others(self, account_id: str, token: str) -> None:
        """End every session of an account but the one of this cookie."""
        async with transaction(self._pool) as tx:
            await store.lock_account(tx, account_id)
            ended = await store.delete_others(tx, account_id, token_hash(token))
            await self._emit_closed(tx, ended, "closed_by_holder")
        self._wake_relay()

    async def of_account(self, account_id: str) -> list[Session]:
        """The sessions that the holder may see, the latest first."""
        async with acquire(self._pool) as connection:
            found = await store.of_account(connection, account_id)
        now = self._clock()
        return [one for one in found if not one.is_expired(self.limits, now)]

    async def set_due(self, token: str, due: str, enrolment_id: str | None = None) -> None:
        """Record what a partial session must give next, and what it enrols."""
        async with acquire(self._pool) as connection:
            await store.set_due(connection, token_hash(token), due, enrolment_id)

    async def set_enrol_before(self, token: str, enrol_before: datetime) -> None:
        """The address was proved again."""
        async with acquire(self._pool) as connection:
            await store.set_enrol_before(connection, token_hash(token), enrol_before)

    async def record_code(self, token: str, at: datetime) -> None:
        """The second factor was given again."""
        async with acquire(self._pool) as connection:
            await store.set_code_at(connection, token_hash(token), at)

    async def record_validated(self, account_id: str, at: datetime) -> None:
        """Record that the account's complementary information is validated."""
        async with acquire(self._pool) as connection:
            await store.set_validated(connection, account_id, at)

    async def known_accounts(self, browser: str) -> Sequence[str]:
        """The accounts that this browser was signed in to."""
        async with acquire(self._pool) as connection:
            return await store.known_accounts(connection, token_hash(browser), self._clock())

    async def purge(self) -> int:
        """End expired sessions; returns how many."""
        gone, batch = 0, 200
        while True:
            async with transaction(self._pool) as tx:
                now = self._clock()
                ended = await store.delete_expired(tx, now, self.limits.idle, batch)
                await self._emit_closed(tx, ended, "expired")
                await store.purge_old(tx, now, max(self.limits.absolute, PARTIAL_LIFETIME))
            gone += len(ended)
            if len(ended) < batch:
                break
        if gone:
            self._wake_relay()
        return gone

    async def _emit_closed(
        self, tx: Connection, ended: Iterable[EndedSession], reason: str
    ) -> None:
        now = self._clock()
        for one in ended:
            log.info("A session ended.", action="session_ended", session=one.id, reason=reason)
            if one.level == "full":
                event = SessionClosed(session_id=one.id, reason=reason, closed_at=now)
                await emit(tx, OWNER, event, subject=one.account_id, now=now)


SESSIONS = web.AppKey("sessions", Sessions)
