"""`impex restore`: database, secrets or partners of a backup, in place of none or of named ones.

The database is made whole under another name and takes its place in one step, so an interrupted
restore touches nothing, and the former database stays under a name of its own.
"""

import argparse
import os
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from operations import service_registry
from operations.operate.asking import explained
from operations.operate.endpoints import required
from operations.printing import counted, say
from operations.provision import partners
from operations.provision.backup_files import DUMP, PARTNERS, SECRETS, Manifest, read_backup
from operations.provision.database_admin import (
    create_database,
    execute,
    fetch,
    with_url_parts,
)
from operations.provision.permissions import OWNER
from operations.provision.postgres_programs import list_archive, major_version, run_program
from operations.provision.provisioning import OWNER_URL, AdminUrls, migrate_all
from operations.provision.secret_folders import ALL
from operations.provision.secrets_dir import SecretsDir
from shared.errors import ConfigurationError, ImpexError

ADMIN_URL = "IMPEX_DATABASE_URL"
UNTOUCHED = "nothing was touched"


def main_database(options: argparse.Namespace) -> int:
    """Put the database of a backup in place; exit code 1 where nothing was touched."""
    folder = Path(options.backup)
    manifest = read_backup(folder)
    given = required(os.environ, ADMIN_URL, OWNER_URL)
    with explained(ADMIN_URL, given[ADMIN_URL]):
        return _restore(options, folder, manifest, given)


def _restore(
    options: argparse.Namespace, folder: Path, manifest: Manifest, given: Mapping[str, str]
) -> int:
    name = AdminUrls(given[ADMIN_URL], "", "").database
    if options.replace not in (None, name):
        raise ConfigurationError([("--replace", f"must be {name}, the database of {ADMIN_URL}")])
    server = with_url_parts(given[ADMIN_URL], database="postgres")
    tables = _check_place(server, given[ADMIN_URL], name, options.replace)
    _check_versions(server, manifest)
    draft = f"{name}_restoring"
    execute(server, f'DROP DATABASE IF EXISTS "{draft}" WITH (FORCE)')
    try:
        _fill(with_url_parts(given[ADMIN_URL], database=draft), server, folder)
        owner_url = with_url_parts(given[OWNER_URL], database=draft)
        with explained(OWNER_URL, owner_url):
            migrate_all(owner_url, service_registry.services())
        former = _take_place(server, name, draft, keep=bool(tables))
    except BaseException:
        execute(server, f'DROP DATABASE IF EXISTS "{draft}" WITH (FORCE)')
        raise
    say(f"database {name} is as it was at {manifest.made_at}")
    if former:
        say(f"the former one is {former}: drop it when nobody needs it any more")
    if manifest.queues:
        lost = sum(manifest.queues.values())
        say(f"not in the backup: {counted(lost, 'message')} that waited in queues at that time")
    return 0


def main_secrets(options: argparse.Namespace) -> int:
    """Put the secrets of a backup in a folder; exit code 1 where it holds others already."""
    backup = Path(options.backup)
    read_backup(backup)
    files = {path.name: path for path in sorted((backup / SECRETS).glob("*"))}
    if not files:
        raise ImpexError(f"there are no secrets in {backup}: {UNTOUCHED}")
    target = Path(options.folder) / ALL
    texts = {name: path.read_text().strip() for name, path in files.items()}
    if others := _others(target, texts):
        raise ImpexError(
            f"{target} has other values of {', '.join(others)}: {UNTOUCHED}; move it away first"
        )
    Path(options.folder).mkdir(mode=0o700, parents=True, exist_ok=True)
    store = SecretsDir(target)
    for name, text in texts.items():
        store.put(name, text)
    say(f"{len(texts)} secrets are in {target}: `impex secrets {options.folder}` copies them")
    return 0


def main_partners(options: argparse.Namespace) -> int:
    """Put the partners' files of a backup in their folder; exit code 1 where it holds others."""
    backup = Path(options.backup)
    read_backup(backup)
    texts = {path.name: path.read_text("utf-8") for path in sorted((backup / PARTNERS).glob("*"))}
    if not texts:
        raise ImpexError(f"there are no partners in {backup}: {UNTOUCHED}")
    target = partners.folder()
    if others := _others(target, texts):
        raise ImpexError(
            f"{target} has another {' and another '.join(others)}: {UNTOUCHED}; move it away first"
        )
    target.mkdir(mode=0o755, parents=True, exist_ok=True)
    for name, text in texts.items():
        (target / name).write_text(text, "utf-8")
    say(f"partners in {target}: {len(texts)}; `impex provision` makes their logins and queues")
    return 0


def _others(target: Path, texts: Mapping[str, str]) -> list[str]:
    """The files that are there with another text."""
    there = {name: target / name for name in texts if (target / name).exists()}
    return [
        name
        for name, path in there.items()
        if path.read_bytes().strip() != texts[name].strip().encode()
    ]


def _check_place(server: str, admin_url: str, name: str, replace: str | None) -> int:
    """The number of tables in the place of the backup; ImpexError where it may not be taken."""
    if not fetch(server, "SELECT 1 FROM pg_database WHERE datname = $1", name):
        return 0
    schemas = service_registry.service_names()
    query = "SELECT count(*) FROM pg_tables WHERE schemaname = ANY($1)"
    tables = int(fetch(admin_url, query, schemas)[0][0])
    if tables and replace is None:
        raise ImpexError(
            f"the database {name} holds data: {UNTOUCHED}; --replace {name} puts the backup in its "
            "place and keeps it under another name"
        )
    _check_sessions(server, name)
    return tables


def _check_sessions(server: str, name: str) -> None:
    query = "SELECT DISTINCT usename::text FROM pg_stat_activity WHERE datname = $1 ORDER BY 1"
    users = [str(row[0]) for row in fetch(server, query, name)]
    if users:
        raise ImpexError(
            f"the database {name} is in use by {', '.join(users)}: {UNTOUCHED}; stop every service"
        )


def _check_versions(server: str, manifest: Manifest) -> None:
    """Neither the server nor pg_restore may be older than what was dumped."""
    found = int(fetch(server, "SHOW server_version_num")[0][0]) // 10_000
    if found < manifest.postgresql:
        raise ImpexError(
            f"the backup is of PostgreSQL {manifest.postgresql}, the server is {found}: {UNTOUCHED}"
        )
    if major_version("pg_restore") < manifest.postgresql:
        package = f"postgresql-client-{manifest.postgresql}"
        raise ImpexError(f"pg_restore is too old: {UNTOUCHED}; install {package}")
    roles = [OWNER, *(one.role for one in service_registry.principals())]
    known = {row[0] for row in fetch(server, "SELECT rolname::text FROM pg_roles")}
    if missing := [one for one in roles if one not in known]:
        raise ImpexError(f"there is no role {missing[0]}: {UNTOUCHED}; `impex provision` makes it")


def _fill(draft_url: str, server: str, folder: Path) -> None:
    """The schemas with their rights, and in them what the dump holds, as the owner's."""
    name = AdminUrls(draft_url, "", "").database
    create_database(server, name, service_registry.principals())
    dump = folder / DUMP
    # The schemas are there, and their owner may make none.
    entries = [line for line in list_archive(dump) if " SCHEMA - " not in line]
    with tempfile.NamedTemporaryFile("w", prefix="impex-restore-") as listed:
        listed.write("\n".join(entries) + "\n")
        listed.flush()
        run_program(
            "pg_restore", draft_url, "--exit-on-error", "--no-owner", f"--role={OWNER}",
            f"--use-list={listed.name}", str(dump),
        )  # fmt: skip


def _take_place(server: str, name: str, draft: str, *, keep: bool) -> str:
    """Give `draft` the name of the database; returns the name of the former one, if it is kept."""
    if not fetch(server, "SELECT 1 FROM pg_database WHERE datname = $1", name):
        execute(server, f'ALTER DATABASE "{draft}" RENAME TO "{name}"')
        return ""
    _check_sessions(server, name)
    former = f"{name}_before_{datetime.now(UTC):%Y%m%d%H%M%S}"
    # Both or none: statements that are sent together are one transaction.
    renames = ((name, former), (draft, name))
    execute(server, "; ".join(f'ALTER DATABASE "{old}" RENAME TO "{new}"' for old, new in renames))
    if keep:
        return former
    execute(server, f'DROP DATABASE "{former}"')
    return ""
