"""`impex journal`: events of before taken in once, the chain verified and anchored, an export."""

import csv
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import uuid4

import aiormq
import asyncpg
import pytest
from pamqp.commands import Basic

from operations.cli import main
from operations.provision.database_admin import run_blocking
from services.support.journal import Journal
from services.support.journal_jobs import link_entries
from shared.contracts.base import Event
from shared.contracts.gateway import SessionClosed, SessionOpened
from shared.contracts.registration.events import PasswordAccepted
from shared.database import acquire, open_pool
from shared.i18n.dates import PARIS
from shared.messaging.envelope import CONTENT_TYPE, Envelope, wrap
from shared.messaging.topology import EVENTS, UNROUTED, UNROUTED_QUEUE
from shared.outbox import apply_once
from shared.security.sealing import KeyRing
from tests.contract.samples import sample
from tests.support import eventually
from tests.support.servers.services import principals, services
from tests.support.servers.shared_servers import TestServers
from tests.support.servers.system import System, keys

ACCOUNT = "0b0f8a52-3c1f-4b0e-9b0a-5b6f3f0f9d11"
#: Events, and not what the service itself writes; with their links.
HEARD = """
SELECT entry.id::text FROM journal_entries AS entry
JOIN journal_links ON entry_number = entry.number WHERE entry.type LIKE '%.v1'
"""
NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def journal_system(
    test_servers: TestServers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[System]:
    """The queues and tables of support, for all tests here."""
    database, broker = test_servers.migrated(services()), test_servers.broker(principals())
    yield System(database, broker, tmp_path_factory.mktemp("journal"))
    test_servers.delete(broker)
    test_servers.drop(database)


@dataclass
class Operator:
    """Somebody at a terminal."""

    capsys: pytest.CaptureFixture[str]

    def impex(self, *words: str) -> tuple[int, str, str]:
        """Exit code, standard output and standard error of one command."""
        with pytest.raises(SystemExit) as left:
            main(words)
        printed = self.capsys.readouterr()
        return int(left.value.code or 0), printed.out, printed.err


@pytest.fixture
def operator(
    journal_system: System,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Operator:
    """An operator on a machine with the settings of the installation."""
    broker = journal_system.broker
    values = {
        "IMPEX_HOME": str(tmp_path),
        "IMPEX_SUPPORT_DATABASE_URL": journal_system.database.url("support"),
        "IMPEX_JOURNAL_KEYS": keys()["IMPEX_JOURNAL_KEYS"],
        "IMPEX_AMQP_MANAGEMENT_URL": broker.management_url,
        "IMPEX_OPERATOR_AMQP_URL": broker.url("operator"),
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return Operator(capsys)


async def publish(url: str, *events: tuple[str, bytes, str]) -> None:
    """Publish events as a service does."""
    connection = await aiormq.connect(url)
    channel = await connection.channel(publisher_confirms=True)
    user = unquote(urlsplit(url).username or "")
    for message_id, body, kind in events:
        properties = Basic.Properties(
            content_type=CONTENT_TYPE, delivery_mode=2, message_id=message_id, message_type=kind,
            user_id=user,
        )  # fmt: skip
        await channel.basic_publish(body, exchange=EVENTS, routing_key=kind, properties=properties)
    await connection.close()


def message(event: Event, owner: str) -> tuple[str, bytes, str]:
    message_id, body = wrap(owner, event, subject=ACCOUNT, now=datetime.now(UTC))
    return message_id, body, event.TYPE


def rows(system: System, sql: str) -> list[Any]:
    async def fetch() -> list[Any]:
        connection = await asyncpg.connect(
            system.database.admin_url, server_settings={"search_path": "support"}
        )
        found = list(await connection.fetch(sql))
        await connection.close()
        return found

    return run_blocking(fetch())


@asynccontextmanager
async def nobody_listens(system: System, *kinds: type[Event]) -> AsyncIterator[Any]:
    """As before support was there: its queue is not bound to these events."""
    connection = await aiormq.connect(system.broker.admin_url)
    channel = await connection.channel()
    for kind in kinds:
        await channel.queue_unbind("support", EVENTS, kind.TYPE)
    yield channel
    for kind in kinds:
        await channel.queue_bind("support", EVENTS, kind.TYPE)
    await connection.close()


async def test_s_14_events_of_before_are_taken_in_once(
    journal_system: System, operator: Operator
) -> None:
    """From both queues, each once, whoever repeats it; not what its owner did not publish."""
    broker = journal_system.broker
    closed = message(SessionClosed(session_id="s", reason="expired", closed_at=NOW), "gateway")
    accepted = message(PasswordAccepted(network="192.0.2.0/24", accepted_at=NOW), "registration")
    forged = message(PasswordAccepted(network="192.0.2.0/24", accepted_at=NOW), "registration")
    async with journal_system.run("support"):
        pass  # its queues are there now
    async with nobody_listens(journal_system, SessionClosed, PasswordAccepted) as channel:
        await publish(broker.url("gateway"), closed)
        await eventually(lambda: broker.depths()[UNROUTED_QUEUE] == 1)
        await channel.queue_unbind(UNROUTED_QUEUE, UNROUTED)
        await channel.queue_declare(UNROUTED, durable=True)
        await channel.queue_bind(UNROUTED, UNROUTED)
        await publish(broker.url("registration"), accepted)
        await publish(broker.admin_url, forged)
        await eventually(lambda: broker.depths()[UNROUTED] == 2)
    code, out, _ = operator.impex("journal", "collect")
    assert code == 0
    assert out.splitlines()[0].startswith("2 events moved to support")
    assert out.splitlines()[1].startswith("1 stay")
    async with journal_system.run("support"):
        # The same event once more, as a service would that was killed before the confirm.
        await publish(broker.url("gateway"), closed)

        def taken_in() -> bool:
            return {row["id"] for row in rows(journal_system, HEARD)} == {closed[0], accepted[0]}

        await eventually(taken_in, 60, every=0.2)
        await eventually(lambda: broker.depths()["support"] == 0)
    assert len(rows(journal_system, HEARD)) == 2


def test_lg_05_the_command_verifies_anchors_and_names_what_was_touched(
    journal_system: System, operator: Operator, tmp_path: Path
) -> None:
    fill(journal_system, 5)
    file = tmp_path / "anchors.jsonl"
    code, out, _ = operator.impex("journal", "anchor", "--to", str(file))
    assert (code, out.startswith("Anchored up to link")) == (0, True)
    code, out, _ = operator.impex("journal", "verify", "--anchors", str(file))
    assert code == 0
    assert "intact" in out
    assert "could not be seen" in out
    assert "from elsewhere" not in out
    number = rows(journal_system, "SELECT max(number) AS n FROM journal_links")[0]["n"]
    rows(
        journal_system,
        "UPDATE journal_entries SET public = '{}' WHERE number ="
        f" (SELECT entry_number FROM journal_links WHERE number = {number - 1})",
    )
    code, out, _ = operator.impex("journal", "verify")
    assert code == 1
    assert f"link {number - 1}: the entry was changed, gateway.SessionOpened.v1" in out
    assert f"account {ACCOUNT}" in out
    assert "from elsewhere" in out
    code, out, _ = operator.impex("journal", "verify", "--json")
    assert code == 1
    assert json.loads(out)["findings"][0]["kind"] == "changed"


def test_gd_05_an_export_has_accounts_and_events_and_only_its_owner_reads_it(
    journal_system: System, operator: Operator, tmp_path: Path
) -> None:
    fill(journal_system, 3)
    today = datetime.now(PARIS).date().isoformat()
    folder = tmp_path / "export"
    code, out, _ = operator.impex("journal", "export", today, today, "--to", str(folder))
    assert (code, " of 1 account, in" in out) == (0, True)
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    accounts = list(csv.DictReader((folder / "accounts.csv").read_text().splitlines()))
    assert [row["account"] for row in accounts] == [ACCOUNT]
    events = list(csv.DictReader((folder / "events.csv").read_text().splitlines()))
    assert "gateway.SessionOpened.v1" in {row["type"] for row in events}
    (line,) = rows(
        journal_system, "SELECT public FROM journal_entries WHERE type = 'support.JournalExported'"
    )
    assert json.loads(line["public"])["role"] == "command"


@pytest.mark.parametrize("name", ["events.csv", "accounts.csv"])
def test_gd_05_an_export_takes_no_other_file_s_place(
    journal_system: System, operator: Operator, tmp_path: Path, name: str
) -> None:
    fill(journal_system, 1)
    today = datetime.now(PARIS).date().isoformat()
    (tmp_path / name).write_text("of a former incident")
    exports = "SELECT FROM journal_entries WHERE type = 'support.JournalExported'"
    before = len(rows(journal_system, exports))
    code, out, _ = operator.impex("journal", "export", today, today, "--to", str(tmp_path))
    assert (code, f"{tmp_path / name} exists and is never overwritten" in out) == (1, True)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["of a former incident"]
    assert len(rows(journal_system, exports)) == before, "nothing was read"


@pytest.mark.parametrize(
    ("words", "setting"),
    [
        (("journal", "export", "2026-01-32", "2026-02-01"), "FROM"),
        (("journal", "export", "2026-01-02", "2026-01-01"), "TO"),
        (("journal", "verify", "--anchors", __file__), "--anchors"),
        (("journal", "verify", "--anchors", "/dev/null"), "--anchors"),
        (("journal", "anchor", "--to", __file__), "--to"),
        (("journal", "export", "9999-12-31", "9999-12-31"), "FROM"),
        (("journal", "export", "0001-01-01", "2026-01-01"), "FROM"),
    ],
)
def test_a_wrong_day_or_file_is_named(
    operator: Operator, words: tuple[str, ...], setting: str
) -> None:
    code, _, err = operator.impex(*words)
    assert code == 2
    assert err.startswith(f"impex: {setting}")


def test_a_ring_of_keys_that_is_none_is_named(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMPEX_JOURNAL_KEYS", "k1:short")
    code, _, err = operator.impex("journal", "verify")
    assert code == 2
    assert err.startswith("impex: IMPEX_JOURNAL_KEYS")


def fill(system: System, count: int) -> None:
    """Entries as the service writes and links them."""

    async def write() -> None:
        journal = Journal(keys=KeyRing.parse(keys()["IMPEX_JOURNAL_KEYS"]))
        pool = await open_pool(system.database.url("support"), "support", "tests", 2)
        for _ in range(count):
            event: Any = sample(SessionOpened)
            envelope = Envelope(
                id=str(uuid4()), source="impex/gateway", type=event.TYPE, subject=ACCOUNT,
                time=datetime.now(UTC), traceparent=None, data={},
            )  # fmt: skip
            async with acquire(pool) as connection:
                effect = journal.effect(event, envelope, datetime.now(UTC))
                await apply_once(connection, "support", envelope.id, effect)
        await link_entries(pool, journal)
        await pool.close()

    run_blocking(write())
