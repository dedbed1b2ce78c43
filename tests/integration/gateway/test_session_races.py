"""Concurrent operations on the sessions of one account (CR-12)."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
import pytest_asyncio

from services.gateway.portal.applicant_sessions import APPLICANT_SESSIONS
from services.gateway.sessions.model import Session, SessionLimits
from services.gateway.sessions.session_table import NewSession
from services.gateway.sessions.sessions import PasswordSignIn, Sessions
from shared.database import Pool, open_pool, transaction
from shared.outbox import ReservedEvents
from shared.security.sealing import new_token
from tests.support.clock import Clock
from tests.support.servers.system import System

pytestmark = pytest.mark.asyncio(loop_scope="package")

LIMITS = SessionLimits(
    idle=timedelta(minutes=30),
    absolute=timedelta(hours=8),
    parallel=3,
    fresh=timedelta(minutes=15),
    browser=timedelta(days=90),
)


@pytest.fixture
def clock() -> Clock:
    """A clock of the test's own."""
    return Clock()


@pytest_asyncio.fixture(loop_scope="package")
async def pool(shared_system: System) -> AsyncIterator[Pool]:
    """Connections as one gateway has them."""
    pool = await open_pool(shared_system.database.url("gateway"), "gateway", "races", 4)
    yield pool
    await pool.close()


@pytest.fixture
def sessions(pool: Pool, clock: Clock) -> Sessions:
    """The table of sessions, as one gateway has it."""
    return Sessions(pool, clock, LIMITS, lambda _rows: None, APPLICANT_SESSIONS)


async def _half(sessions: Sessions, account: str, at: datetime) -> tuple[str, Session]:
    sign_in = PasswordSignIn(
        account_id=account,
        address="",
        first_name="",
        last_name="",
        enrol_before=at,
        failures=0,
        due="code",
        next="",
        proved_at=at,
    )
    return await sessions.start_partial(sign_in, "", "")


async def _promote(
    sessions: Sessions, token: str, half: Session, replaced_at: datetime | None = None
) -> str:
    """The token of the full session; None where the half one had ended."""
    new = new_token()
    opened = NewSession(
        session_id=str(uuid.uuid4()),
        device="",
        network="",
        new_device=False,
        failures=0,
        opened_at=replaced_at or half.opened_at,
        phone_replaced=replaced_at is not None,
    )
    done = await sessions.promote(
        token, new, half, opened, new_token(), code_at=opened.opened_at, replaced_at=replaced_at
    )
    return new if done else ""


async def _full(sessions: Sessions, account: str, at: datetime) -> tuple[str, Session]:
    token = await _promote(sessions, *await _half(sessions, account, at))
    found = await sessions.find(token, used=False)
    assert found is not None
    return token, found


async def test_cr_12_a_change_and_its_own_event_never_wait_for_each_other(
    sessions: Sessions, clock: Clock
) -> None:
    """The event of a change arrives while the request that caused it is still running."""
    for _ in range(40):
        account = str(uuid.uuid4())
        token, session = await _full(sessions, account, clock())
        await _full(sessions, account, clock())
        at, new = clock() + timedelta(seconds=1), new_token()
        await asyncio.gather(
            sessions.renew(token, new, session, at, "password_changed", ""),
            sessions.end_all(account, at, "password_changed"),
        )
        assert await sessions.find(new, used=False) is not None
        assert len(await sessions.of_account(account)) == 1


async def test_a_phone_confirmed_just_after_the_freeze_opens_no_session(
    sessions: Sessions, clock: Clock
) -> None:
    """The second factor does not know of the freeze; the session that it ended stays ended."""
    account, frozen_at = str(uuid.uuid4()), clock() + timedelta(seconds=1)
    token, half = await _half(sessions, account, clock())
    await sessions.end_all(account, frozen_at, "account_frozen")
    replaced_at = frozen_at + timedelta(seconds=1)
    assert await _promote(sessions, token, half, replaced_at) == ""

    account = str(uuid.uuid4())
    token, session = await _full(sessions, account, clock())
    await sessions.end_all(account, frozen_at, "account_frozen")
    new = new_token()
    await sessions.renew(token, new, session, replaced_at, "phone_replaced", "")
    assert await sessions.find(new, used=False) is None


async def test_a_confirmed_phone_promotes_the_session_though_its_event_came_first(
    sessions: Sessions, clock: Clock
) -> None:
    account, replaced_at = str(uuid.uuid4()), clock() + timedelta(seconds=1)
    token, half = await _half(sessions, account, clock())
    await sessions.end_all(account, replaced_at, "phone_replaced")
    new = await _promote(sessions, token, half, replaced_at)
    assert await sessions.find(new, used=False) is not None


async def test_se_08_the_sessions_of_everybody_end_also_those_under_way(
    sessions: Sessions, pool: Pool, clock: Clock
) -> None:
    """A sign-in that is being written, and one whose password was right before, open nothing."""
    before = clock()
    people = [str(uuid.uuid4()) for _ in range(3)]
    halves = [await _half(sessions, account, before) for account in people]
    first = await _promote(sessions, *halves[0])
    clock.advance(seconds=1)
    moment = clock()

    async def end_everybodys() -> dict[str, int]:
        async with transaction(pool) as tx:
            emit = ReservedEvents("gateway", lambda: moment).emit
            return await sessions.end_everybodys_in(tx, emit, moment, "closed_by_desk")

    ended, *promoted = await asyncio.gather(
        end_everybodys(), *(_promote(sessions, *half) for half in halves[1:])
    )
    assert ended[people[0]] == 1
    late, _ = await _half(sessions, str(uuid.uuid4()), before)
    for token in (first, late, *promoted, *(token for token, _ in halves)):
        assert await sessions.find(token, used=False) is None
    again, _ = await _half(sessions, people[0], moment)
    assert await sessions.find(again, used=False) is not None
