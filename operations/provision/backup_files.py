"""What a backup is: a folder with a manifest, the database's dump, secrets and partners' files.

The manifest says which version made it and bears a checksum of every other file, so a backup that
is cut, altered or of another version is found before anything is touched.
"""

import hashlib
from pathlib import Path

import msgspec

from operations import service_registry
from shared.database.migrations import read_migrations
from shared.errors import ImpexError, plain_reason
from shared.version import VERSION

MANIFEST, DUMP, SECRETS, PARTNERS = "manifest.json", "database.dump", "secrets", "partners"
#: Checksums of applied migrations by label, such as mfa/0001_initial, by schema.
Migrations = dict[str, dict[str, str]]


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The facts about one backup."""

    version: str
    #: UTC, ISO 8601.
    made_at: str
    database: str
    #: The major version of the server that was dumped.
    postgresql: int
    migrations: Migrations
    #: Messages in queues that had any, which are not in the backup; None where nobody looked.
    queues: dict[str, int] | None
    #: SHA-256 of every other file, by its path in the backup.
    files: dict[str, str]


def program_migrations() -> Migrations:
    """The migrations of this version."""
    return {
        one.name: {step.label: step.checksum for step in read_migrations(one.migration_dirs)}
        for one in service_registry.services()
    }


def difference(held: Migrations, ours: Migrations) -> str | None:
    """The first difference to the migrations of this version, in words; None without any."""
    for schema in sorted(held.keys() | ours.keys()):
        theirs, known = held.get(schema, {}), ours.get(schema, {})
        if unknown := sorted(theirs.keys() - known.keys()):
            return f"it has {unknown[0]}, which this version does not know"
        if missing := sorted(known.keys() - theirs.keys()):
            return f"it lacks {missing[0]}"
        if changed := [label for label in theirs if theirs[label] != known[label]]:
            return f"its {changed[0]} is another one"
    return None


def checksum(file: Path) -> str:
    """SHA-256 of a file."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def file_checksums(folder: Path) -> dict[str, str]:
    """The checksum of every file of a backup but its manifest."""
    return {
        path.relative_to(folder).as_posix(): checksum(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != MANIFEST
    }


def read_backup(folder: Path) -> Manifest:
    """The manifest of a backup that is whole and of this version; else ImpexError says why not."""
    untouched = "nothing was touched"
    try:
        text = (folder / MANIFEST).read_bytes()
        version = msgspec.json.decode(text, type=dict).get("version")
    except (OSError, msgspec.DecodeError) as error:
        raise ImpexError(f"{folder} is no backup ({plain_reason(error)}): {untouched}") from error
    if version != VERSION:
        raise ImpexError(
            f"the backup is of version {version}, this is version {VERSION}: {untouched}; "
            "restore it with that version, then upgrade"
        )
    try:
        manifest = msgspec.json.decode(text, type=Manifest)
    except msgspec.ValidationError as error:
        raise ImpexError(f"{folder / MANIFEST} is damaged ({error}): {untouched}") from error
    differs = difference(manifest.migrations, program_migrations())
    if differs is not None:
        raise ImpexError(
            f"the backup is of another state of version {version}: {differs}; {untouched}"
        )
    if file_checksums(folder) != manifest.files:
        raise ImpexError(f"files of {folder} are missing or altered: {untouched}")
    return manifest
