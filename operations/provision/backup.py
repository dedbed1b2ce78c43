"""`impex backup`: the database, the partners and the secrets of an installation, in a folder.

The dump is one moment of all schemas, taken while services run. Messages that are in a queue at
that moment are in no schema: the manifest counts them.
"""

import argparse
import fcntl
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

import msgspec

from operations.install.paths import paths
from operations.local.state import read_running_state
from operations.operate.asking import explained
from operations.operate.endpoints import at_management, configured_or_running, resolve_broker
from operations.printing import counted, say
from operations.provision import partners
from operations.provision.backup_files import (
    DUMP,
    MANIFEST,
    PARTNERS,
    SECRETS,
    Manifest,
    Migrations,
    difference,
    file_checksums,
    program_migrations,
)
from operations.provision.broker_admin import BrokerAdmin
from operations.provision.database_admin import fetch
from operations.provision.postgres_programs import major_version, run_program
from operations.provision.provisioning import OWNER_URL
from operations.provision.secret_folders import ALL
from shared.errors import ConfigurationError, ImpexError
from shared.version import VERSION

PREFIX = "impex-"
NO_SECRETS = "is required (or --without-secrets): without its keys a backup opens no account"


def main(options: argparse.Namespace) -> int:
    """Make a backup; exit code 0 when it is whole and on the disk."""
    if options.keep is not None and options.keep < 1:
        raise ConfigurationError([("--keep", "must be 1 or more")])
    secrets = None if options.without_secrets else _secrets_folder(options.secrets)
    owner_url = configured_or_running(OWNER_URL)
    root = Path(options.folder)
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone(root):
        name = f"{PREFIX}{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
        draft = root / f".{name}.draft"
        draft.mkdir(mode=0o700)
        try:
            with explained(OWNER_URL, owner_url):
                manifest = _fill(draft, owner_url, secrets)
            draft.rename(root / name)
        except BaseException:
            shutil.rmtree(draft)
            raise
        if options.keep is not None:
            _delete_older(root, options.keep)
    say(f"database {manifest.database} is in {root / name}")
    _print_partners(manifest)
    if secrets is None:
        say("the secrets are not in it: without its keys a backup opens no account")
    else:
        say("the secrets are in it: protect it as you protect them")
    _print_queues(manifest.queues)
    return 0


def _fill(folder: Path, owner_url: str, secrets: Path | None) -> Manifest:
    """Write everything into the folder of a backup, the manifest last."""
    server = int(fetch(owner_url, "SHOW server_version_num")[0][0]) // 10_000
    if major_version("pg_dump") < server:
        raise ImpexError(f"pg_dump is older than the server: install postgresql-client-{server}")
    migrations = _applied(owner_url)
    differs = difference(migrations, program_migrations())
    if differs is not None:
        raise ImpexError(f"the database is not of version {VERSION}: {differs}")
    if secrets is not None:
        _copy_files(secrets.iterdir(), folder / SECRETS)
    _copy_files(partners.folder().glob("*.toml"), folder / PARTNERS)
    queues = _queues()
    run_program(
        "pg_dump", owner_url, "--format=custom", "--no-owner", f"--file={folder / DUMP}",
        "--lock-wait-timeout=30s", *(f"--schema={one}" for one in migrations),
    )  # fmt: skip
    manifest = Manifest(
        version=VERSION,
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        database=unquote(urlsplit(owner_url).path.strip("/")),
        postgresql=server,
        migrations=migrations,
        queues=queues,
        files=file_checksums(folder),
    )
    _write(folder / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")
    return manifest


def _applied(owner_url: str) -> Migrations:
    """The migrations that the database holds."""
    found: Migrations = {}
    for schema in program_migrations():
        known = "SELECT to_regclass($1) IS NOT NULL"
        if fetch(owner_url, known, f"{schema}.migrations")[0][0]:
            query = f"SELECT source, number, name, checksum FROM {schema}.migrations"  # noqa: S608
            found[schema] = {
                f"{row['source']}/{row['number']:04d}_{row['name']}": row["checksum"]
                for row in fetch(owner_url, query)
            }
    return found


def _secrets_folder(given: str | None) -> Path:
    """The folder whose files are all secrets of the installation."""
    where = paths()
    if given is None and read_running_state(where) is not None:
        return where.secrets
    if given is None:
        raise ConfigurationError([("--secrets", NO_SECRETS)])
    folder = Path(given) / ALL
    if not folder.is_dir():
        sentence = f"must be a folder that `impex secrets` made; there is no {folder}"
        raise ConfigurationError([("--secrets", sentence)])
    return folder


def _copy_files(sources: Iterable[Path], target: Path) -> None:
    target.mkdir(mode=0o700)
    for path in sources:
        if path.is_file() and not path.name.startswith("."):
            _write(target / path.name, path.read_bytes())


def _write(path: Path, content: bytes) -> None:
    """A new file that only its owner reads, on the disk."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(file, "wb") as output:
        output.write(content)
        output.flush()
        os.fsync(output.fileno())


def _queues() -> dict[str, int] | None:
    """Messages by queue, where there are any; None where no broker is configured."""
    try:
        where = resolve_broker()
    except ConfigurationError:
        return None
    with (
        at_management(where),
        closing(BrokerAdmin(where.management_url)) as admin,
    ):
        found = admin.queues(where.vhost)
    counts = {one["name"]: int(one.get("messages", 0)) for one in found if not one["exclusive"]}
    return {name: count for name, count in sorted(counts.items()) if count}


def _print_partners(manifest: Manifest) -> None:
    names = [Path(name).stem for name in manifest.files if name.startswith(f"{PARTNERS}/")]
    say(f"partners: {', '.join(names) or f'none in {partners.folder()}'}")


def _print_queues(queues: dict[str, int] | None) -> None:
    if queues is None:
        say("nobody looked at the queues: what they hold is not in it")
    elif queues:
        listed = ", ".join(f"{name} {count}" for name, count in queues.items())
        say(f"not in it: {counted(sum(queues.values()), 'message')} in queues, {listed}")


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    """One backup at a time in a folder; removes what a killed one left."""
    handle = os.open(root, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for left in root.glob(f".{PREFIX}*.draft"):
            shutil.rmtree(left)
        yield
    except BlockingIOError:
        raise ImpexError(f"another backup is being made in {root}") from None
    finally:
        os.close(handle)


def _delete_older(root: Path, keep: int) -> None:
    """Delete all backups but the newest ones."""
    made = sorted(path for path in root.glob(f"{PREFIX}*Z") if (path / MANIFEST).exists())
    for path in made[:-keep]:
        shutil.rmtree(path)
        say(f"{path} is deleted: {keep} are kept")
