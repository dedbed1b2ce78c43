"""The journal on a real database: what is heard, its chain, and the attacker with support's own
role (LG-05, LG-06)."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio

from services.support import journal_jobs, journal_store
from services.support.journal import Journal
from services.support.journal_chain import Anchor, append
from services.support.journal_entries import entry_of_event
from services.support.journal_verification import Report
from services.support.journal_verification_store import verify
from services.support.service import SERVICE
from shared.contracts.base import EVENTS
from shared.contracts.registration.events import (
    AccountCreated,
    AccountFrozen,
    PasswordAccepted,
    PasswordRefused,
)
from shared.contracts.support.acts import AnonymisationOrdered
from shared.database import acquire, transaction
from shared.messaging.envelope import Envelope
from shared.outbox import apply, apply_once
from shared.runtime.service import utc_now
from shared.security.sealing import KeyRing, new_key
from tests.contract.samples import sample
from tests.support.harness.request_desk import RequestDesk
from tests.support.harness.support import SupportHarness
from tests.support.logs import written_log
from tests.support.servers.shared_servers import Database

ACCOUNT = "0197c0de-0000-7000-8000-000000000001"
OTHER = "0197c0de-0000-7000-8000-000000000002"
JOURNAL_TABLES = (
    "journal_entries", "journal_values", "journal_links", "journal_anchors", "journal_chaining",
    "journal_deferred_looks", "journal_exports",
)  # fmt: skip


@pytest_asyncio.fixture(loop_scope="package")
async def desk(harness: SupportHarness) -> AsyncIterator[SupportHarness]:
    """The service with an empty journal, at the server's time: it is what deletes."""
    await harness.clear_tables(*JOURNAL_TABLES)
    await harness.fetch("INSERT INTO journal_chaining DEFAULT VALUES")
    harness.now = utc_now()
    yield harness


def journal_of(desk: SupportHarness) -> Journal:
    found: Journal = desk.deps.journal
    return found


async def deliver(
    desk: SupportHarness,
    event: Any,
    subject: str | None = ACCOUNT,
    *,
    at: datetime | None = None,
    message_id: str | None = None,
) -> str:
    """What the service does with a delivery."""
    envelope = Envelope(
        id=message_id or str(uuid4()), source="impex/tests", type=event.TYPE, subject=subject,
        time=at or desk.now, traceparent=None, data={},
    )  # fmt: skip
    effect = journal_of(desk).effect(event, envelope, desk.now)
    async with acquire(desk.pool) as connection:
        await apply_once(connection, SERVICE.name, envelope.id, effect)
    return envelope.id


def created() -> Any:
    return sample(AccountCreated)


async def link(desk: SupportHarness) -> int:
    return await journal_jobs.link_entries(desk.pool, journal_of(desk))


async def anchor(desk: SupportHarness) -> Anchor:
    made = await journal_jobs.make_anchor(desk.pool, journal_of(desk), desk.now, None)
    assert made is not None
    return made


async def check(desk: SupportHarness, elsewhere: list[Anchor] | None = None) -> Report:
    async with acquire(desk.pool) as connection:
        return await verify(connection, journal_of(desk).keys, elsewhere)


async def kinds(desk: SupportHarness, elsewhere: list[Anchor] | None = None) -> list[str]:
    return sorted(one.kind for one in (await check(desk, elsewhere)).findings)


async def filled(desk: SupportHarness) -> None:
    """Some entries of two accounts and of none, linked and anchored."""
    for _ in range(5):
        await deliver(desk, created())
        await deliver(desk, sample(PasswordAccepted), OTHER)
        await deliver(desk, sample(PasswordRefused), None)
        await deliver(desk, sample(AccountFrozen))
    await link(desk)
    await anchor(desk)


#: Notices to one partner about its own messages reach nobody else.
JOURNALLED = sorted(name for name, event in EVENTS.items() if not event.TO_PARTNER)


@pytest.mark.parametrize("name", JOURNALLED)
async def test_lg_05_every_event_of_every_service_is_written(
    desk: SupportHarness, name: str
) -> None:
    event: Any = sample(EVENTS[name])
    (row,) = (one for one in SERVICE.hears if one.event is EVENTS[name])
    assert row.effect is not None or row.handler is not None
    await deliver(desk, event)
    (entry,) = await desk.fetch("SELECT type, public FROM journal_entries")
    assert entry["type"] == name
    assert "Sealed" not in entry["public"]


async def test_an_event_is_written_once_however_often_it_comes(desk: SupportHarness) -> None:
    message_id = str(uuid4())
    for _ in range(2):
        await deliver(desk, created(), message_id=message_id)
    # As after thirty days, when the inbox has forgotten it.
    await desk.clear_tables("inbox")
    await deliver(desk, created(), message_id=message_id)
    assert await desk.count("journal_entries") == 1
    assert await desk.count("journal_values") == 1


async def test_an_event_with_a_handler_is_written_in_its_transaction(desk: SupportHarness) -> None:
    await RequestDesk(desk).correction(ACCOUNT)
    assert await desk.count("journal_entries") == 1
    assert await desk.count("requests") == 1


async def test_gd_03_values_about_people_are_stored_apart(desk: SupportHarness) -> None:
    await deliver(desk, created())
    (entry,) = await desk.fetch("SELECT * FROM journal_entries")
    (values,) = await desk.fetch("SELECT * FROM journal_values")
    assert "Pierre.Durand@exemple.fr" in values["values"]
    assert all("Durand" not in str(value) for value in entry.values())


async def test_lg_05_the_journal_is_intact_until_somebody_touches_it(desk: SupportHarness) -> None:
    await filled(desk)
    report = await check(desk)
    assert report.intact
    assert report.links == 20
    assert report.anchored is not None
    assert report.anchored.number == 20


async def test_several_processes_link_every_entry_once(desk: SupportHarness) -> None:
    for _ in range(30):
        await deliver(desk, created())
    done = await asyncio.gather(*(link(desk) for _ in range(4)))
    assert sum(done) + await link(desk) == 30
    assert await desk.count("journal_links") == 30
    assert (await check(desk)).intact


async def test_entries_that_commit_late_are_linked_late(desk: SupportHarness) -> None:
    """A transaction has a number and has not ended when a later entry is linked."""
    async with transaction(desk.pool) as tx:
        await journal_of(desk).record(tx, "SearchMade", now=desk.now, kind="siret")
        await deliver(desk, created())
        assert await link(desk) == 1
    assert await link(desk) == 1
    assert await link(desk) == 0
    assert (await check(desk)).intact


async def test_a_batch_goes_on_where_the_last_one_ended(desk: SupportHarness) -> None:
    for _ in range(7):
        await deliver(desk, created())
    assert await journal_jobs.link_entries(desk.pool, journal_of(desk), batch=3) == 7
    assert (await check(desk)).intact


async def test_a_record_is_there_if_its_transaction_is(desk: SupportHarness) -> None:
    journal = journal_of(desk)

    async def undone() -> None:
        async with transaction(desk.pool) as tx:
            await journal.record(tx, "AccountOpened", now=desk.now, account_id=ACCOUNT)
            raise RuntimeError("undone")

    with pytest.raises(RuntimeError, match="undone"):
        await undone()
    assert await desk.count("journal_entries") == 0
    async with transaction(desk.pool) as tx:
        await journal.record(
            tx, "AccountOpened", now=desk.now, account_id=ACCOUNT, agent_id=OTHER,
            role="agent", reason="lost_phone", number="TEL-1",
        )  # fmt: skip
    (row,) = await desk.fetch("SELECT account_id, agent_id, public FROM journal_entries")
    assert (str(row["account_id"]), str(row["agent_id"])) == (ACCOUNT, OTHER)
    assert json.loads(row["public"]) == {"role": "agent", "reason": "lost_phone", "number": "TEL-1"}


# What somebody can do who has stolen support's own role.

FORBIDDEN = [
    *(
        f"{verb} {table} {rest}"
        for table in (
            "journal_entries", "journal_values", "journal_links", "journal_anchors",
            "journal_deferred_looks",
        )
        for verb, rest in (
            ("UPDATE", "SET " + ("at = now()" if "entries" in table or "anchors" in table
                                 else "number = 1" if "links" in table
                                 else "until = now()" if "looks" in table
                                 else "salt = ''")),
            ("DELETE FROM", ""),
            ("TRUNCATE", ""),
            ("DROP TABLE", ""),
            ("ALTER TABLE", "DISABLE TRIGGER ALL"),
            ("ALTER TABLE", "ADD COLUMN x int"),
            ("LOCK TABLE", "IN ACCESS EXCLUSIVE MODE"),
        )
    ),
    "DROP FUNCTION journal_purge(integer)",
    "CREATE OR REPLACE FUNCTION journal_purge(batch integer) RETURNS bigint LANGUAGE sql "
    "AS 'SELECT 0::bigint'",
    "ALTER FUNCTION journal_erase(uuid) RESET ALL",
    "CREATE RULE none AS ON INSERT TO journal_entries DO INSTEAD NOTHING",
    "CREATE TRIGGER none BEFORE INSERT ON journal_links EXECUTE FUNCTION suppress()",
    "COMMENT ON TABLE journal_entries IS ''",
    "SET session_replication_role = 'replica'",
    "SET ROLE impex_owner",
]  # fmt: skip


@pytest.mark.parametrize("statement", FORBIDDEN)
async def test_lg_05_the_services_role_changes_and_removes_nothing(
    desk: SupportHarness, statement: str
) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await desk.fetch(statement)


async def forge(desk: SupportHarness) -> None:
    """Write an entry with the rights of the service and without its key."""
    forged = entry_of_event(
        sample(AccountFrozen), id=str(uuid4()), subject=ACCOUNT, at=desk.now,  # type: ignore[arg-type]
        now=desk.now - timedelta(minutes=5), keys=KeyRing.parse(new_key("t1")), salt=b"s" * 16,
    )  # fmt: skip
    async with transaction(desk.pool) as tx:
        await apply(tx, journal_store.insert_entry(*forged))


async def test_lg_05_an_entry_written_with_the_services_role_is_never_linked(
    desk: SupportHarness,
) -> None:
    """The role may insert; without the key nothing that it inserts is believed."""
    await filled(desk)
    await forge(desk)
    await deliver(desk, created())
    with written_log() as written:
        assert await link(desk) == 2
    (alarm,) = [json.loads(line) for line in written.getvalue().splitlines()]
    assert (alarm["action"], alarm["level"]) == ("journal_forged", "error")
    assert await desk.count("journal_links") == 21
    assert await kinds(desk) == ["added"]


async def test_lg_05_forged_entries_alone_hold_up_no_other(desk: SupportHarness) -> None:
    """Whole batches of them: each is reported once, and what comes after them is linked."""
    await filled(desk)
    linked = await desk.count("journal_links")
    for _ in range(3):
        await forge(desk)
    with written_log() as written:
        assert await link(desk) == 3
        assert await link(desk) == 0
    assert [json.loads(line)["action"] for line in written.getvalue().splitlines()] == [
        "journal_forged"
    ] * 3
    for _ in range(2):
        await forge(desk)
    await deliver(desk, created())
    assert await journal_jobs.link_entries(desk.pool, journal_of(desk), batch=2) == 3
    assert await desk.count("journal_links") == linked + 1


async def test_lg_05_a_forged_link_is_found(desk: SupportHarness) -> None:
    await filled(desk)
    forger = KeyRing.parse(new_key("t1"))
    entry, values = entry_of_event(
        sample(AccountFrozen), id=str(uuid4()), subject=ACCOUNT, at=desk.now,  # type: ignore[arg-type]
        now=desk.now, keys=forger, salt=b"s" * 16,
    )  # fmt: skip
    async with transaction(desk.pool) as tx:
        await apply(tx, journal_store.insert_entry(entry, values))
        number = await tx.fetchval("SELECT max(number) FROM journal_entries")
        tail = await journal_store.read_tail(tx)
        tails = await journal_store.read_account_tails(tx, [ACCOUNT])
        await journal_store.insert_links(tx, append([(number, entry)], tail, tails, forger))
    assert await kinds(desk) == ["added"]
    await deliver(desk, created())
    await link(desk)
    assert await kinds(desk) == ["added"]


async def test_lg_05_entries_hidden_from_the_chain_are_found(desk: SupportHarness) -> None:
    """The one table that may be changed says how far the chain is."""
    await filled(desk)
    await deliver(desk, created())
    await desk.fetch("UPDATE journal_chaining SET done = 1000000")
    desk.now -= timedelta(minutes=5)
    await deliver(desk, created())
    await link(desk)
    assert await kinds(desk) == ["unlinked"]


# What the database's administrator can do, who has no key.


@pytest_asyncio.fixture(loop_scope="package")
async def administrator(tables: Database) -> AsyncIterator[Any]:
    """Somebody with all rights on the database."""
    connection = await asyncpg.connect(
        tables.admin_url, server_settings={"search_path": SERVICE.name}
    )
    yield connection
    await connection.close()


ATTACKS = {
    "changed": "UPDATE journal_entries SET public = '{}' WHERE number = "
    "(SELECT entry_number FROM journal_links WHERE number = 4)",
    "removed": "DELETE FROM journal_entries WHERE number = "
    "(SELECT entry_number FROM journal_links WHERE number = 4)",
    "moved": "UPDATE journal_links SET account_number = account_number + 100 WHERE number = 4",
    "values_changed": "UPDATE journal_values SET \"values\" = '{}' WHERE entry_number = "
    "(SELECT entry_number FROM journal_links WHERE number = 1)",
    "values_removed": "DELETE FROM journal_values WHERE entry_number = "
    "(SELECT entry_number FROM journal_links WHERE number = 1)",
    "cut": "DELETE FROM journal_links WHERE number > 18",
    "anchor_changed": "UPDATE journal_anchors SET at = at - interval '1 day'",
}


@pytest.mark.parametrize("kind", ATTACKS)
async def test_lg_05_what_an_administrator_touches_is_named(
    desk: SupportHarness, administrator: Any, kind: str
) -> None:
    await filled(desk)
    await administrator.execute(ATTACKS[kind])
    assert await kinds(desk) == [kind]


async def test_lg_05_a_cut_with_its_anchors_is_found_by_the_file(
    desk: SupportHarness, administrator: Any
) -> None:
    await filled(desk)
    desk.advance(hours=1)
    shipped = [await anchor(desk)]
    await administrator.execute(
        """
        DELETE FROM journal_entries WHERE number IN (
            SELECT entry_number FROM journal_links WHERE number > 12);
        DELETE FROM journal_values WHERE entry_number NOT IN (SELECT number FROM journal_entries);
        DELETE FROM journal_links WHERE number > 12;
        DELETE FROM journal_anchors
        """
    )
    assert (await check(desk)).intact
    assert await kinds(desk, shipped) == ["anchor_removed", "cut"]


# What expires, and what is erased.


async def test_lg_06_after_a_year_it_is_gone_and_written_that_it_is(desk: SupportHarness) -> None:
    now = await desk.fetch("SELECT now() AS now")
    today: datetime = now[0]["now"]
    for days in (366, 364, 179, 0):
        await deliver(desk, sample(PasswordAccepted), at=today - timedelta(days=days))
        await deliver(desk, created(), at=today - timedelta(days=days))
    await link(desk)
    journal = journal_of(desk)
    assert await journal_jobs.purge(desk.pool, journal, desk.now) == 1
    assert await journal_jobs.purge(desk.pool, journal, desk.now) == 0
    left = await desk.fetch("SELECT type, at FROM journal_entries ORDER BY number")
    days = [(today - row["at"]).days for row in left if row["type"] == PasswordAccepted.TYPE]
    assert days == [364, 179, 0]
    assert sum(row["type"] == AccountCreated.TYPE for row in left) == 4
    (line,) = await desk.fetch(
        "SELECT public FROM journal_entries WHERE type = 'support.JournalPurged'"
    )
    assert json.loads(line["public"]) == {"deleted": 1}
    await link(desk)
    report = await check(desk)
    assert (report.intact, report.expired) == (True, 1)


async def test_lg_06_nothing_is_deleted_earlier(desk: SupportHarness) -> None:
    """Neither by a process with a wrong clock nor by the service's role."""
    await deliver(desk, sample(PasswordAccepted), at=utc_now() - timedelta(days=364, hours=23))
    await deliver(desk, created(), at=utc_now() - timedelta(days=4_000))
    await link(desk)
    future = desk.now + timedelta(days=1_000)
    assert await journal_jobs.purge(desk.pool, journal_of(desk), future) == 0
    await desk.fetch("SELECT journal_purge(1000)")
    assert await desk.count("journal_entries") == 2


async def test_lg_06_an_entry_goes_only_after_its_link(desk: SupportHarness) -> None:
    await deliver(desk, sample(PasswordAccepted), at=utc_now() - timedelta(days=400))
    journal = journal_of(desk)
    assert await journal_jobs.purge(desk.pool, journal, desk.now) == 0
    await link(desk)
    assert await journal_jobs.purge(desk.pool, journal, desk.now) == 1


async def test_gd_02_the_values_of_an_anonymised_account_go_and_the_chain_stays(
    desk: SupportHarness,
) -> None:
    await deliver(desk, created(), ACCOUNT)
    await deliver(desk, created(), OTHER)
    await link(desk)
    async with transaction(desk.pool) as tx:
        assert await journal_store.erase(tx, ACCOUNT) == 0
    await deliver(desk, sample(AnonymisationOrdered), ACCOUNT)
    # One that was on its way when the account was anonymised.
    await deliver(desk, created(), ACCOUNT, at=desk.now - timedelta(hours=1))
    await link(desk)
    await journal_jobs.purge(desk.pool, journal_of(desk), desk.now)
    left = await desk.fetch(
        "SELECT account_id::text FROM journal_values JOIN journal_entries ON number = entry_number"
    )
    assert [row["account_id"] for row in left] == [OTHER]
    assert await desk.count("journal_entries") == 4
    assert (await check(desk)).intact


# Anchors and verifications in the background.


async def test_lg_05_an_anchor_is_made_every_hour_in_table_and_file(
    desk: SupportHarness, tmp_path: Any
) -> None:
    await deliver(desk, created())
    await link(desk)
    file, journal = tmp_path / "anchors", journal_of(desk)
    for minutes in (0, 59, 1, 61):
        desk.advance(minutes=minutes)
        await journal_jobs.make_anchor(desk.pool, journal, desk.now, file, due=True)
    assert await desk.count("journal_anchors") == 3
    assert len(file.read_text().splitlines()) == 3
    assert (await check(desk)).anchors == 3


async def test_an_anchor_file_that_cannot_be_written_stops_nothing(
    desk: SupportHarness, tmp_path: Any
) -> None:
    made = await journal_jobs.make_anchor(desk.pool, journal_of(desk), desk.now, tmp_path)
    assert made is not None
    assert await desk.count("journal_anchors") == 1


async def test_lg_05_the_journal_is_verified_once_a_day_and_what_is_found_is_in_it(
    desk: SupportHarness, administrator: Any
) -> None:
    await filled(desk)
    journal = journal_of(desk)
    report = await journal_jobs.verify(desk.pool, journal, desk.clock)
    assert report is not None
    assert report.intact
    assert await journal_jobs.verify(desk.pool, journal, desk.clock) is None
    await administrator.execute(ATTACKS["changed"])
    await administrator.execute("UPDATE journal_chaining SET verified_at = now() - interval '25 h'")
    report = await journal_jobs.verify(desk.pool, journal, desk.clock)
    assert report is not None
    assert report.total == 1
    found = await desk.fetch(
        "SELECT public FROM journal_entries WHERE type = 'support.JournalVerified' ORDER BY number"
    )
    assert [json.loads(row["public"])["findings"] for row in found] == [0, 1]
    broken = json.loads(found[1]["public"])
    assert "link 4: the entry was changed" in broken["first"]
    assert (broken["first_kind"], broken["first_link"], broken["first_until"]) == ("changed", 4, 0)


async def test_keys_are_rotated_while_the_service_runs(desk: SupportHarness) -> None:
    await filled(desk)
    before = journal_of(desk)
    rotated = Journal(keys=KeyRing((*KeyRing.parse(new_key("k2")).keys, *before.keys.keys)))
    await deliver(desk, created())
    # A process with the former keys links what one with the new ones wrote, and the other way.
    async with transaction(desk.pool) as tx:
        await rotated.record(tx, "SearchMade", now=desk.now)
    await journal_jobs.link_entries(desk.pool, before)
    await deliver(desk, created())
    await journal_jobs.link_entries(desk.pool, rotated)
    async with acquire(desk.pool) as connection:
        assert (await verify(connection, rotated.keys)).intact
        report = await verify(connection, before.keys)
    assert {one.kind for one in report.findings} == {"unknown_key"}
