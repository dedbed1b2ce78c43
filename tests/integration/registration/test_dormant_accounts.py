"""Accounts without sign-ins: warned 30 and 7 days before, then deactivated, or spared (G-36)."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from services.registration import dormancy_store, dormant_accounts
from services.registration.dormant_accounts import BATCH, Done, run
from shared.contracts.account_search import AccountRecordsView
from shared.contracts.base import Refusal
from shared.contracts.gateway import SessionOpened
from shared.contracts.registration.desk import (
    DORMANT_OUTCOMES,
    DormantAccountRecord,
    DormantAccountsView,
    ListDormantAccounts,
)
from shared.contracts.registration.events import AccountDeactivated, DormantAccountWarned
from shared.contracts.support.acts import AccountReactivationOrdered
from shared.database import Connection
from shared.domain.account_records import open_records
from shared.security.sealing import Opener
from tests.support.actors.harness_account_holder import HarnessAccountHolder
from tests.support.harness.registration import PASSWORD, START, RegistrationHarness

MONTHS = 18
DAY = timedelta(days=1)
#: A sign-in at the start ends the account then.
END = datetime(2027, 7, 15, 12, tzinfo=UTC)
NOTHING = Done(withdrawn=0, deactivated=0, reminded=0, warned=0)


async def signed_in(harness: RegistrationHarness, account_id: str, at: datetime) -> None:
    """The gateway opened a session."""
    event = SessionOpened(
        session_id=str(uuid4()),
        device="Firefox",
        network="192.0.2.0/24",
        new_device=False,
        failures=0,
        opened_at=at,
    )
    await harness.handle_event(event, subject=account_id)


async def run_at(harness: RegistrationHarness, now: datetime, months: int = MONTHS) -> Done:
    harness.now = now
    return await run(harness.pool, months, now)


async def state_of(harness: RegistrationHarness, account_id: str) -> str:
    (row,) = await harness.fetch("SELECT state FROM accounts WHERE id = $1", account_id)
    return str(row["state"])


async def outcome(harness: RegistrationHarness) -> str | None:
    (row,) = await harness.fetch("SELECT outcome FROM dormant_accounts")
    return None if row["outcome"] is None else str(row["outcome"])


async def test_g_36_eighteen_months_without_a_sign_in_end_an_account_after_two_warnings(
    harness: RegistrationHarness,
) -> None:
    """The clock moves through all days; each thing happens once, on its day."""
    account_id = await harness.account()
    await signed_in(harness, account_id, START)
    days: dict[str, list[int]] = {"warned": [], "reminded": [], "deactivated": []}
    for day in range(0, (END - START).days + 3):
        done = await run_at(harness, START + day * DAY)
        for name, found in days.items():
            found += [day] * getattr(done, name)
    total = (END - START).days
    assert days == {"warned": [total - 30], "reminded": [total - 7], "deactivated": [total]}
    warnings = await harness.published(DormantAccountWarned)
    assert [subject for _, subject, _ in warnings] == [account_id] * 2
    assert [(one.months, one.again, one.deactivation_at) for _, _, one in warnings] == [
        (17, False, END),
        (17, True, END),
    ]
    ((_, subject, closed),) = await harness.published(AccountDeactivated)
    assert (subject, closed.by, closed.deactivated_at) == (account_id, "inactivity", END)
    refusal = await harness.refusal(harness.sign_in("pierre@labo.fr", PASSWORD))
    assert refusal.slug == "wrong_credentials"


@pytest.mark.parametrize("days_before", [29, 6, 0])
async def test_g_36_who_signs_in_after_a_warning_is_spared(
    harness: RegistrationHarness, days_before: int
) -> None:
    account_id = await harness.account()
    await signed_in(harness, account_id, START)
    await run_at(harness, END - 30 * DAY)
    if days_before < 7:
        await run_at(harness, END - 7 * DAY)
    at = END - days_before * DAY
    harness.now = at
    await signed_in(harness, account_id, at)
    assert await outcome(harness) == "spared"
    assert await run_at(harness, END + DAY) == NOTHING
    assert await state_of(harness, account_id) == "active"
    # The months begin anew.
    later = await run_at(harness, at + timedelta(days=530))
    assert later.warned == 1


async def test_g_36_an_older_sign_in_that_arrives_late_spares_nobody(
    harness: RegistrationHarness,
) -> None:
    account_id = await harness.account()
    await signed_in(harness, account_id, START)
    await run_at(harness, END - 30 * DAY)
    await signed_in(harness, account_id, START)
    await signed_in(harness, account_id, START - DAY)
    assert await outcome(harness) is None


async def test_g_36_nobody_is_deactivated_while_signing_in(harness: RegistrationHarness) -> None:
    """The password was right today, and the event of the session is not there yet."""
    account_id = await harness.account()
    await signed_in(harness, account_id, START)
    await run_at(harness, END - 30 * DAY)
    await run_at(harness, END - 7 * DAY)
    harness.now = END - timedelta(hours=1)
    await harness.ask(harness.sign_in("pierre@labo.fr", PASSWORD))
    assert (await run_at(harness, END)).deactivated == 0
    assert (await run_at(harness, END + DAY)).deactivated == 1


@pytest.mark.parametrize(("find", "days_before"), [("find_unwarned", 30), ("find_unreminded", 7)])
async def test_g_36_who_signs_in_while_the_warning_is_written_is_spared(
    harness: RegistrationHarness, monkeypatch: pytest.MonkeyPatch, find: str, days_before: int
) -> None:
    """Neither transaction sees what the other one writes; the sign-in is stored all the same."""
    account_id = await harness.account()
    await signed_in(harness, account_id, START)
    if days_before < 30:
        await run_at(harness, END - 30 * DAY)
    known = getattr(dormancy_store, find)

    async def meanwhile(tx: Connection, now: datetime, limit: int) -> Any:
        found = await known(tx, now, limit)
        await signed_in(harness, account_id, harness.now)
        return found

    monkeypatch.setattr(dormancy_store, find, meanwhile)
    await run_at(harness, END - days_before * DAY)
    monkeypatch.setattr(dormancy_store, find, known)
    assert await outcome(harness) is None
    for before in (6, 0, -1):
        assert await run_at(harness, END - before * DAY) == NOTHING
    assert await outcome(harness) == "spared"
    assert await state_of(harness, account_id) == "active"


@pytest.mark.parametrize("state", ["frozen", "thawing", "deactivated"])
@pytest.mark.parametrize("after", ["before", "first", "second"])
async def test_g_36_a_closed_account_is_left_alone(
    harness: RegistrationHarness, state: str, after: str
) -> None:
    holder = await HarnessAccountHolder.of(harness)
    await signed_in(harness, holder.account_id, START)
    steps = {"before": 0, "first": 1, "second": 2}[after]
    for before in (30, 7)[:steps]:
        await run_at(harness, END - before * DAY)
    await holder.close(state)
    events = len(await harness.events(DormantAccountWarned))
    for before in (7, 0, -400):
        done = await run_at(harness, END - before * DAY)
        assert (done.warned, done.reminded, done.deactivated) == (0, 0, 0)
    assert len(await harness.events(DormantAccountWarned)) == events
    assert await state_of(harness, holder.account_id) == state
    if steps:
        assert await outcome(harness) == "withdrawn"


async def test_g_36_an_account_without_credentials_is_left_alone(
    harness: RegistrationHarness,
) -> None:
    await harness.account()
    await harness.fetch("DELETE FROM credentials")
    assert await run_at(harness, END + 400 * DAY) == NOTHING


async def test_g_36_off_or_with_more_months_the_warnings_end_and_nobody_is_deactivated(
    harness: RegistrationHarness,
) -> None:
    account_id = await harness.account()
    await signed_in(harness, account_id, START)
    for months in (0, 24):
        assert (await run_at(harness, END - 30 * DAY)).warned == 1
        assert (await run_at(harness, END - 29 * DAY, months)).withdrawn == 1
        assert await outcome(harness) == "withdrawn"
    assert await run_at(harness, END + DAY, 0) == NOTHING
    # On again, late: both warnings come, with all their days.
    assert (await run_at(harness, END + DAY)).warned == 1
    assert (await run_at(harness, END + 24 * DAY)).reminded == 1
    assert (await run_at(harness, END + 30 * DAY)).deactivated == 0
    assert (await run_at(harness, END + 31 * DAY)).deactivated == 1


async def test_g_36_a_reactivated_account_gets_thirty_days(harness: RegistrationHarness) -> None:
    account_id = await harness.account()
    for before in (30, 7, 0):
        await run_at(harness, END - before * DAY)
    order = AccountReactivationOrdered(
        proposal_id="1", reason="requested_by_person", ordered_at=harness.now
    )
    await harness.handle_event(order, account_id)
    assert (await run_at(harness, END + DAY)).warned == 1
    assert (await run_at(harness, END + 30 * DAY)).deactivated == 0
    await signed_in(harness, account_id, harness.now)
    assert await run_at(harness, END + 60 * DAY) == NOTHING
    assert await state_of(harness, account_id) == "active"


async def test_g_36_a_thousand_at_once_are_taken_in_batches_each_once(
    harness: RegistrationHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two processes at a time: nobody is warned or deactivated twice."""
    await harness.account()
    await harness.fetch(
        """
        WITH made AS (
            INSERT INTO accounts (id, address, address_key, first_name, last_name, language,
                created_at, verified_at)
            SELECT gen_random_uuid(), n || '@labo.fr', n || '@labo.fr', 'A', 'B', 'fr', $1, $1
            FROM generate_series(1, 999) AS n RETURNING id)
        INSERT INTO credentials (account_id, password_hash, pepper_key_id, set_at)
        SELECT made.id, password_hash, pepper_key_id, $1 FROM made, credentials
        """,
        START,
    )
    sizes: list[int] = []
    in_step = [0]
    for name in ("_warn", "_remind", "_deactivate"):
        step = getattr(dormant_accounts, name)

        async def counted(tx, months, now, step=step):  # type: ignore[no-untyped-def]
            in_step.append(in_step[-1] + 1)
            sizes.append(await step(tx, months, now))
            in_step.append(in_step[-1] - 1)
            return sizes[-1]

        monkeypatch.setattr(dormant_accounts, name, counted)
    for before, name in ((30, "warned"), (7, "reminded"), (0, "deactivated")):
        now = END - before * DAY
        both = await asyncio.gather(*(run(harness.pool, MONTHS, now) for _ in range(2)))
        rest = await run(harness.pool, MONTHS, now)
        assert sum(getattr(done, name) for done in (*both, rest)) == 1_000
    assert max(sizes) == BATCH
    assert max(in_step) == 1, "the batches of two processes do not take turns"
    warned = [subject for _, subject, _ in await harness.published(DormantAccountWarned)]
    assert (len(warned), len(set(warned))) == (2_000, 1_000)
    closed = [subject for _, subject, _ in await harness.published(AccountDeactivated)]
    assert (len(closed), len(set(closed))) == (1_000, 1_000)


async def listed(
    harness: RegistrationHarness, outcome: str, **more: int
) -> tuple[DormantAccountsView, list[DormantAccountRecord]]:
    page = {"limit": 25, "offset": 0, **more}
    view = await harness.ask(ListDormantAccounts(outcome=outcome, **page))
    opener = Opener("support", harness.deps.settings.support_keys)
    records = AccountRecordsView(records=view.records)
    return view, open_records(opener, records, DormantAccountRecord)


async def test_g_36_the_desk_lists_who_was_warned_spared_and_deactivated(
    harness: RegistrationHarness,
) -> None:
    spared, closed = await harness.account(), await harness.account("anne@labo.fr")
    await run_at(harness, END - 30 * DAY)
    view, records = await listed(harness, "warned")
    assert {one.account_id for one in records} == {spared, closed}
    assert (view.warned, view.spared, view.deactivated, view.months) == (2, 0, 0, 0)
    await run_at(harness, END - 7 * DAY)
    await signed_in(harness, spared, harness.now)
    await run_at(harness, END)
    for outcome, account_id in (("spared", spared), ("deactivated", closed)):
        view, (record,) = await listed(harness, outcome)
        assert (record.account_id, record.outcome) == (account_id, outcome)
        assert record.address in ("pierre@labo.fr", "anne@labo.fr")
        assert b"labo" not in msgspec.json.encode(view)
    assert (view.warned, view.spared, view.deactivated, view.withdrawn) == (0, 1, 1, 0)
    assert (await listed(harness, "spared", offset=1))[1] == []
    for wrong, slug in (
        (ListDormantAccounts(outcome="all", limit=1, offset=0), "unknown_choice"),
        (ListDormantAccounts(outcome="spared", limit=101, offset=0), "too_many"),
        (ListDormantAccounts(outcome="spared", limit=1, offset=-1), "too_many"),
    ):
        refusal: Refusal = await harness.refusal(wrong)
        assert refusal.slug == slug
    assert DORMANT_OUTCOMES == ("warned", "spared", "deactivated", "withdrawn")
