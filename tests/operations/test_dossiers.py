"""`impex dossiers send` and `impex demo` on given servers."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from operations.cli import main
from operations.install.paths import paths
from operations.local.state import ProcessIdentity, State
from operations.operate.dossiers import PUBLISHER
from operations.provision.database_admin import run_blocking, with_url_parts
from shared.contracts import backoffice
from tests.operations.test_dossier_files import GOOD, HEAD
from tests.support import eventually
from tests.support.servers.services import principals, services
from tests.support.servers.shared_servers import TestServers
from tests.support.servers.system import System

ACCOUNTS = """
INSERT INTO registration.accounts (
    id, address, address_key, first_name, last_name, language, created_at, verified_at)
VALUES
    ('0b0f8a52-3c1f-4b0e-9b0a-5b6f3f0f9d11', 'Jeanne@labo.fr', 'jeanne@labo.fr', 'J', 'M', 'fr',
        '2026-01-02', '2026-01-02'),
    ('1c0f8a52-3c1f-4b0e-9b0a-5b6f3f0f9d22', 'Paul@labo.fr', 'paul@labo.fr', 'P', 'M', 'fr',
        '2026-01-01', '2026-01-01')
"""
REGISTRATION = "IMPEX_REGISTRATION_DATABASE_URL"
JEANNE, PAUL = "0b0f8a52-3c1f-4b0e-9b0a-5b6f3f0f9d11", "1c0f8a52-3c1f-4b0e-9b0a-5b6f3f0f9d22"


@pytest.fixture(scope="module")
def dossiers_system(
    test_servers: TestServers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[System]:
    """Two accounts and the queues of the list, for all tests here; no message is left."""
    database, broker = test_servers.migrated(services()), test_servers.broker(principals())
    yield System(database, broker, tmp_path_factory.mktemp("dossiers"))
    test_servers.delete(broker)
    test_servers.drop(database)


@dataclass
class Sender:
    """An operator, with the addresses that a running installation would give."""

    patch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def impex(self, *words: str) -> tuple[int, str, str]:
        """Exit code, standard output and standard error of one command."""
        with pytest.raises(SystemExit) as left:
            main(words)
        printed = self.capsys.readouterr()
        return int(left.value.code or 0), printed.out, printed.err

    def elsewhere(self) -> None:
        """Use a folder without installation and settings."""
        for setting in (PUBLISHER, REGISTRATION):
            self.patch.delenv(setting)

    def in_installation(self, dossiers_system: System, *, ready: bool = True) -> None:
        """Use a folder where `impex up` runs, without other settings."""
        for setting in (PUBLISHER, REGISTRATION):
            self.patch.delenv(setting, raising=False)
        where, launcher = paths(), ProcessIdentity.of(os.getpid())
        assert launcher is not None
        where.make()
        where.secrets.mkdir(exist_ok=True)
        (where.secrets / PUBLISHER).write_text(dossiers_system.broker.url(backoffice.OWNER))
        (where.secrets / REGISTRATION).write_text(dossiers_system.database.url("registration"))
        addresses = {"portal": "http://127.0.0.1:8080"}
        state = State(launcher, "2026-01-01T00:00:00+00:00", addresses=addresses, ready=ready)
        state.write(where.state)


@pytest.fixture
def sender(
    dossiers_system: System,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Sender:
    """An operator at a terminal; accounts are as they were created."""
    run_blocking(execute(dossiers_system, "TRUNCATE registration.accounts CASCADE", ACCOUNTS))
    monkeypatch.setenv("IMPEX_HOME", str(tmp_path))
    monkeypatch.setenv(PUBLISHER, dossiers_system.broker.url(backoffice.OWNER))
    monkeypatch.setenv(REGISTRATION, dossiers_system.database.url("registration"))
    return Sender(monkeypatch, capsys)


def file(folder: Path, *lines: str) -> str:
    path = folder / "events.csv"
    path.write_text("\n".join((HEAD, *lines)), "utf-8")
    return str(path)


async def rows(dossiers_system: System, account: str) -> list[Any]:
    connection = await asyncpg.connect(dossiers_system.database.admin_url)
    found = await connection.fetch(
        "SELECT dossier_id, status FROM dossiers.dossiers WHERE account_id = $1 ORDER BY 1", account
    )
    await connection.close()
    return [tuple(row) for row in found]


async def execute(dossiers_system: System, *statements: str) -> None:
    connection = await asyncpg.connect(dossiers_system.database.admin_url)
    for sql in statements:
        await connection.execute(sql)
    await connection.close()


async def test_g_43_a_file_is_sent_and_may_be_sent_again(
    dossiers_system: System, sender: Sender, tmp_path: Path
) -> None:
    by_address = GOOD[4].replace(JEANNE, "PAUL@labo.fr")
    path = file(tmp_path, *GOOD[:4], by_address)
    async with dossiers_system.run("dossiers"):
        for _ in range(2):
            code, out, _ = sender.impex("dossiers", "send", path)
            assert code == 0
            last = "5 events about 2 dossiers of 2 accounts sent; sent again, they change nothing."
            assert out.splitlines()[-1] == last

        async def handled() -> bool:
            return (
                bool(await rows(dossiers_system, PAUL))
                and not dossiers_system.broker.depths()["dossiers"]
            )

        await eventually(handled, 60, every=0.2)
    assert await rows(dossiers_system, JEANNE) == [("d1", "granted")]
    assert await rows(dossiers_system, PAUL) == [("d2", "withdrawn")]
    connection = await asyncpg.connect(dossiers_system.database.admin_url)
    assert await connection.fetchval("SELECT count(*) FROM dossiers.inbox") == 5
    await connection.close()


def test_nothing_is_sent_while_a_line_is_wrong(sender: Sender, tmp_path: Path) -> None:
    wrong = (
        GOOD[0],
        GOOD[1].replace("AI", "AIP"),
        GOOD[2].replace(JEANNE, "nobody@labo.fr"),
        GOOD[3].replace(JEANNE, "12345"),
    )
    code, out, err = sender.impex("dossiers", "send", file(tmp_path, *wrong))
    assert (code, err) == (1, "")
    assert out.splitlines() == [
        "line 3: kind must be one of AI, DEI, DEC",
        "line 4: no account has the address nobody@labo.fr",
        "line 5: account must be an account's id, a UUID, or its address",
        "Nothing was sent: 3 lines to mend.",
    ]


def test_a_file_may_be_validated_only(sender: Sender, tmp_path: Path) -> None:
    sender.elsewhere()
    code, out, _ = sender.impex("dossiers", "send", "--check", file(tmp_path, *GOOD))
    assert (code, out) == (0, "5 events could be sent.\n")


def test_what_is_missing_is_named(sender: Sender, tmp_path: Path) -> None:
    code, _, err = sender.impex("dossiers", "send", str(tmp_path / "none.csv"))
    assert code == 1
    assert "No such file" in err
    sender.elsewhere()
    needed = "is required, because no `impex up` runs in this folder"
    done = sender.impex("dossiers", "send", file(tmp_path, *GOOD))
    assert done == (2, "", f"impex: {PUBLISHER}: {needed}\n")
    done = sender.impex("dossiers", "send", file(tmp_path, GOOD[0].replace(JEANNE, "a@b.fr")))
    assert done == (2, "", f"impex: {REGISTRATION}: {needed}\n")


def test_a_broker_that_refuses_is_reported_in_one_line(
    dossiers_system: System, sender: Sender, tmp_path: Path
) -> None:
    url = with_url_parts(
        dossiers_system.broker.admin_url, user=backoffice.OWNER, password="not-this"
    )
    sender.patch.setenv(PUBLISHER, url)
    code, out, err = sender.impex("dossiers", "send", file(tmp_path, *GOOD))
    assert (code, out) == (1, "")
    assert err.startswith(f"impex: {PUBLISHER}: the broker refused: ")
    assert err.count("\n") == 1
    assert "not-this" not in err


async def test_the_demo_fills_the_newest_account_or_the_one_that_is_named(
    dossiers_system: System, sender: Sender
) -> None:
    asked: dict[str, tuple[str, ...]] = {"Jeanne@labo.fr": (), "paul@LABO.fr": ("paul@LABO.fr",)}
    sender.in_installation(dossiers_system)
    async with dossiers_system.run("dossiers"):
        for address, words in asked.items():
            for _ in range(2):
                code, out, _ = sender.impex("demo", *words)
                assert code == 0
                assert "118 events about 40 dossiers of 1 account sent" in out
                home = "http://127.0.0.1:8080/accueil"
                assert f"Next: sign in as {address} and open {home}." in out

        async def filled() -> bool:
            found = [await rows(dossiers_system, account) for account in (JEANNE, PAUL)]
            return [len([one for one in each if one[0].startswith("demo-")]) for each in found] == [
                40, 40,
            ]  # fmt: skip

        await eventually(filled, 60, every=0.2)


def test_the_demo_sends_nothing_where_settings_lead_elsewhere(
    sender: Sender,
) -> None:
    """They may refer to real accounts, as in the container of the operator's commands."""
    for setting in (REGISTRATION, PUBLISHER):
        code, out, _ = sender.impex("demo")
        assert code == 1
        assert out.startswith("The demo is only for what make up starts in this folder")
        assert setting in out
        sender.patch.delenv(setting)


def test_the_demo_names_what_is_missing(sender: Sender, dossiers_system: System) -> None:
    sender.in_installation(dossiers_system)
    code, out, _ = sender.impex("demo", "nobody@labo.fr")
    assert code == 1
    assert out.startswith(
        "No account has the address nobody@labo.fr.\nOpen http://127.0.0.1:8080, create"
    )
    run_blocking(execute(dossiers_system, "TRUNCATE registration.accounts CASCADE"))
    code, out, _ = sender.impex("demo")
    assert code == 1
    assert out.startswith("There is no account yet.\n")
    sender.in_installation(dossiers_system, ready=False)
    code, out, _ = sender.impex("demo")
    assert (code, out.partition(":")[0]) == (1, "IMPEXWEB is still starting")
    paths().state.unlink()
    code, out, _ = sender.impex("demo")
    assert code == 1
    assert out == "Nothing runs in this folder: start it with make up, then run this again.\n"
