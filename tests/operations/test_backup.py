"""`impex backup` and `impex restore` on real servers: all is there again, or untouched."""

import asyncio
import json
import re
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import asyncpg
import pytest

from operations import service_registry
from operations.cli import main
from operations.provision.backup_files import MANIFEST, read_backup
from operations.provision.database_admin import execute, fetch, with_url_parts
from operations.provision.partners import DEFAULT_FOLDER, declared
from operations.provision.provisioning import provision_database
from shared.database import Connection
from shared.version import VERSION
from tests.support.actors.account_holder import AccountHolder, new_address
from tests.support.clock import Clock
from tests.support.mail.sent_mails import SentMails
from tests.support.schema_fingerprint import schema_fingerprint
from tests.support.servers.portal import SERVICES, running_portal, separate_system
from tests.support.servers.services import principals
from tests.support.servers.shared_servers import TestServers
from tests.support.servers.system import System, keys
from tests.support.waiting import eventually

RIGHTS = """
SELECT c.oid::regclass::text, acl::text FROM pg_class c, unnest(c.relacl) acl
WHERE c.relnamespace = ANY($1::text[]::regnamespace[])
UNION ALL SELECT p.oid::regprocedure::text, acl::text FROM pg_proc p, unnest(p.proacl) acl
WHERE p.pronamespace = ANY($1::text[]::regnamespace[])
UNION ALL SELECT n.nspname, acl::text FROM pg_namespace n, unnest(n.nspacl) acl
WHERE n.nspname = ANY($1::text[])
UNION ALL SELECT c.oid::regclass::text, c.relowner::regrole::text FROM pg_class c
WHERE c.relnamespace = ANY($1::text[]::regnamespace[])
ORDER BY 1, 2
"""
Impex = Callable[..., tuple[int, str, str]]


@dataclass
class Installation:
    """A system, the folder of its secrets, and an operator who has both."""

    system: System
    sent_mails: SentMails
    secrets: Path
    impex: Impex

    @property
    def database(self) -> str:
        return self.system.database.name

    def rows(self, query: str, *values: object) -> list[Any]:
        return [tuple(row) for row in fetch(self.system.database.admin_url, query, *values)]


@pytest.fixture
async def installation(
    test_servers: TestServers,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> AsyncIterator[Installation]:
    def impex(*words: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as left:
            main(words)
        printed = capsys.readouterr()
        return int(left.value.code or 0), printed.out, printed.err

    async with separate_system(test_servers, tmp_path) as (system, sent_mails):
        values = {
            "IMPEX_HOME": str(tmp_path / "home"),
            "IMPEX_DATABASE_URL": system.database.admin_url,
            "IMPEX_OWNER_DATABASE_URL": system.database.owner_url,
            "IMPEX_SUPPORT_DATABASE_URL": system.database.url("support"),
            "IMPEX_JOURNAL_KEYS": keys()["IMPEX_JOURNAL_KEYS"],
            "IMPEX_AMQP_MANAGEMENT_URL": system.broker.management_url,
            "IMPEX_OPERATOR_AMQP_URL": system.broker.url("operator"),
        }
        for name, value in values.items():
            monkeypatch.setenv(name, value)
        secrets = tmp_path / "secrets"
        assert impex("secrets", str(secrets))[0] == 0
        yield Installation(system, sent_mails, secrets, impex)
        server = with_url_parts(system.database.admin_url, database="postgres")
        like = "SELECT datname::text FROM pg_database WHERE datname LIKE $1"
        for row in fetch(server, like, f"{system.database.name}_before_%"):
            execute(server, f'DROP DATABASE "{row[0]}"')


def backup(installation: Installation, folder: Path, *more: str) -> Path:
    """A backup; returns its folder."""
    words = ("backup", str(folder), "--secrets", str(installation.secrets), *more)
    code, out, err = installation.impex(*words)
    assert code == 0, out + err
    assert "the secrets are in it" in out
    return max(folder.glob("impex-2*"))


async def test_db_02_sign_in_works_and_the_journal_holds_after_a_restore(
    installation: Installation, tmp_path: Path
) -> None:
    """What was there at the backup is there again, with its rights; what came later is not."""
    impex, system, clock = installation.impex, installation.system, Clock()
    async with running_portal(system, installation.sent_mails, *SERVICES, clock=clock) as portal:
        holder = AccountHolder(portal, new_address())
        await holder.settle()
        made = backup(installation, tmp_path / "backups")
        modes = {path.name: path.stat().st_mode & 0o777 for path in (made, *made.rglob("*"))}
        folders = {name for name, mode in modes.items() if mode == 0o700}
        assert folders == {made.name, "secrets", "partners"}
        assert {mode for mode in modes.values() if mode != 0o700} == {0o600}
        late = AccountHolder(portal, new_address())
        await late.create()
        code, _, err = impex("restore", "database", str(made), "--replace", installation.database)
        assert (code, "is in use by" in err, "nothing was touched" in err) == (1, True, True)
    count = "SELECT count(*) FROM registration.accounts"
    before = installation.rows(RIGHTS, service_registry.service_names())
    prints = await fingerprints(system)
    assert installation.rows(count) == [(2,)]
    code, _, err = impex("restore", "database", str(made))
    assert (code, f"--replace {installation.database}" in err) == (1, True)
    code, _, err = impex("restore", "database", str(made), "--replace", "another")
    assert (code, err.startswith("impex: --replace: must be")) == (2, True)
    assert installation.rows(count) == [(2,)]
    code, out, err = impex("restore", "database", str(made), "--replace", installation.database)
    assert code == 0, err
    assert f"the former one is {installation.database}_before_" in out
    assert installation.rows(count) == [(1,)]
    assert installation.rows(RIGHTS, service_registry.service_names()) == before
    assert await fingerprints(system) == prints
    async with running_portal(system, installation.sent_mails, *SERVICES, clock=clock) as portal:
        holder.portal, holder.browser = portal, portal.browser()
        assert (await holder.sign_in()).path == "/accueil"
        late.portal, late.browser = portal, portal.browser()
        assert (await late.give_password()).path == "/connexion", "that account is not there"
    code, out, _ = impex("journal", "verify")
    assert (code, "intact" in out) == (0, True), out


async def fingerprints(system: System) -> dict[str, str]:
    """Each schema as text, without the brackets of conditions, which a dump puts elsewhere."""
    connection: Connection = await asyncpg.connect(system.database.admin_url)
    try:
        names = service_registry.service_names()
        found = {name: await schema_fingerprint(connection, name) for name in names}
        return {name: re.sub("[()]", "", text) for name, text in found.items()}
    finally:
        await connection.close()


async def test_a_backup_lists_the_queues_that_it_does_not_hold(
    installation: Installation, tmp_path: Path
) -> None:
    async with installation.system.run("mailer"):
        pass  # its queues are there now
    vhost, body = quote(installation.system.broker.vhost, safe=""), {"properties": {}}
    letter = {**body, "routing_key": "mailer", "payload": "x", "payload_encoding": "string"}
    installation.system.broker.admin.call("POST", f"exchanges/{vhost}/impex.dead/publish", letter)
    admin, name = installation.system.broker.admin, installation.system.broker.vhost

    async def counted() -> bool:
        queues = await asyncio.to_thread(admin.queues, name)
        return any(one["name"] == "mailer.dead" and one.get("messages") for one in queues)

    await eventually(counted)
    made = backup(installation, tmp_path / "backups")
    assert read_backup(made).queues == {"mailer.dead": 1}


async def test_a_backup_of_another_version_or_altered_touches_nothing(
    installation: Installation, tmp_path: Path
) -> None:
    impex = installation.impex
    made = backup(installation, tmp_path / "backups")

    def refused(reason: str) -> None:
        for words in (("database", str(made)), ("secrets", str(made), str(tmp_path / "other"))):
            code, _, err = impex("restore", *words)
            assert code == 1
            assert reason in err
            assert "nothing was touched" in err
        assert not (tmp_path / "other").exists()

    manifest = json.loads((made / MANIFEST).read_text())
    changes: list[tuple[dict[str, Any], str]] = [
        ({"version": "0.0.9"}, f"the backup is of version 0.0.9, this is version {VERSION}"),
        ({"migrations": {**manifest["migrations"], "mfa": {}}}, "it lacks mfa/0001_initial"),
        (
            {"migrations": {**manifest["migrations"], "new": {"new/0001_more": "0"}}},
            "it has new/0001_more, which this version does not know",
        ),
        ({"files": {}}, "missing or altered"),
        ({"database": 1}, "is damaged"),
    ]
    for change, reason in changes:
        (made / MANIFEST).write_text(json.dumps({**manifest, **change}))
        refused(reason)
    (made / MANIFEST).write_text(json.dumps(manifest))
    with (made / "database.dump").open("ab") as dump:
        dump.write(b"x")
    refused("missing or altered")
    (made / MANIFEST).write_text("{")
    refused("is no backup")


async def test_a_database_of_another_version_is_not_backed_up(
    installation: Installation, tmp_path: Path
) -> None:
    url = installation.system.database.admin_url
    execute(url, "INSERT INTO mfa.migrations VALUES ('mfa', 999, 'of_later', '0')")
    words = ("backup", str(tmp_path / "backups"), "--secrets", str(installation.secrets))
    code, _, err = installation.impex(*words)
    assert (code, "mfa/0999_of_later, which this version does not know" in err) == (1, True)
    assert list((tmp_path / "backups").iterdir()) == [], "nothing that looks like a backup"


async def test_secrets_and_partners_come_back_and_others_stay(
    installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "partners"
    monkeypatch.setenv("IMPEX_PARTNERS_DIR", str(folder))
    shutil.copytree(DEFAULT_FOLDER, folder)
    (folder / "labo.toml").write_text('emits = ["backoffice.DossierFiled.v1"]\n')
    made, target = backup(installation, tmp_path / "backups"), tmp_path / "restored"
    assert installation.impex("restore", "secrets", str(made), str(target))[0] == 0
    assert installation.impex("secrets", str(target))[0] == 0
    for path in installation.secrets.rglob("*"):
        if path.is_file():
            there = target / path.relative_to(installation.secrets)
            assert (there.read_text(), there.stat().st_mode & 0o777) == (path.read_text(), 0o600)
    ring = target / "all" / "IMPEX_TOTP_KEYS"
    ring.write_text("k1:another\n")
    code, _, err = installation.impex("restore", "secrets", str(made), str(target))
    assert (code, "IMPEX_TOTP_KEYS: nothing was touched" in err) == (1, True)
    assert ring.read_text() == "k1:another\n"
    shutil.rmtree(folder)
    code, out, _ = installation.impex("restore", "partners", str(made))
    assert (code, f"partners in {folder}: 2;" in out) == (0, True)
    assert [one.name for one in declared()] == ["backoffice", "labo"]
    (folder / "labo.toml").write_text('hears = ["registration.AccountCreated.v1"]\n')
    code, _, err = installation.impex("restore", "partners", str(made))
    assert (code, "another labo.toml: nothing was touched" in err) == (1, True)
    assert declared()[1].emits == ()
    # What copies a backup may leave a folder without files out.
    shutil.rmtree(folder)
    made = backup(installation, tmp_path / "later")
    (made / "partners").rmdir()
    code, _, err = installation.impex("restore", "partners", str(made))
    assert (code, f"there are no partners in {made}: nothing was touched" in err) == (1, True)


async def test_a_backup_goes_into_a_database_that_is_only_provisioned(
    installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another server: `impex provision`, then the restore, without any --replace."""
    made = backup(installation, tmp_path / "backups")
    name = f"{installation.database}_other"
    urls = installation.system.admin_urls()
    elsewhere = with_url_parts(urls.database_url, database=name)
    server = with_url_parts(urls.database_url, database="postgres")
    passwords = installation.system.database.passwords
    provision_database(type(urls)(elsewhere, "", ""), principals(), passwords)
    monkeypatch.setenv("IMPEX_DATABASE_URL", elsewhere)
    owner_url = with_url_parts(installation.system.database.owner_url, database=name)
    monkeypatch.setenv("IMPEX_OWNER_DATABASE_URL", owner_url)
    try:
        code, out, err = installation.impex("restore", "database", str(made))
        assert code == 0, err
        assert "the former one" not in out
        labels = fetch(owner_url, "SELECT count(*) FROM support.migrations")
        assert labels[0][0] == len(read_backup(made).migrations["support"])
    finally:
        execute(server, f'DROP DATABASE "{name}"')


async def test_only_the_newest_backups_are_kept(installation: Installation, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    made = backup(installation, folder)
    for day in ("20200101T000000Z", "20200102T000000Z"):
        shutil.copytree(made, folder / f"impex-{day}")
    (folder / "impex-notes-Z").mkdir()
    (folder / ".impex-20200103T000000Z.draft").mkdir()
    shutil.rmtree(made)
    newest = backup(installation, folder, "--keep", "2")
    left = {path.name for path in folder.iterdir()}
    assert left == {newest.name, "impex-20200102T000000Z", "impex-notes-Z"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "impex: --secrets: is required (or --without-secrets)"),
        (("--secrets", "."), "impex: --secrets: must be a folder that `impex secrets` made"),
        (("--without-secrets", "--keep", "0"), "impex: --keep: must be 1 or more"),
    ],
)
async def test_a_wrong_option_of_a_backup_is_named(
    installation: Installation, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    code, _, err = installation.impex("backup", str(tmp_path / "backups"), *words)
    assert (code, err.startswith(said)) == (2, True), err
    assert not (tmp_path / "backups").exists()
