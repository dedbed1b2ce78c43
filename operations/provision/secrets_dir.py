"""Passwords and keys of one installation: made once at random, in files that only we may read.

The names are those of the settings. `make up` gives each service its secrets from such a folder, as
`<NAME>_FILE`; `impex secrets` copies each reader's files from it into a folder of that reader, for
containers and services under users of their own (docs/runbook.md).
"""

import os
import secrets
import stat
from collections.abc import Callable
from pathlib import Path

from operations.install.paths import write_for


def new_password() -> str:
    """192 random bits in characters that need no quoting in an address."""
    return secrets.token_urlsafe(24)


def put_secret(path: Path, value: str, mode: int) -> None:
    """Replace a secret unless it is `value` already; a reader sees the old value or the new one."""
    if not path.exists() or path.read_text().strip() != value:
        write_for("", path, value + "\n", mode)


def replace_secret(path: Path, value: str) -> None:
    """Replace a secret in a file whose owner, group and mode stay, in one step."""
    before = path.stat()
    draft = path.with_name(f".{path.name}.draft")
    draft.unlink(missing_ok=True)
    draft.touch(0o600, exist_ok=False)
    draft.write_text(value + "\n")
    os.chown(draft, before.st_uid, before.st_gid)
    draft.chmod(stat.S_IMODE(before.st_mode))
    draft.rename(path)


class SecretsDir:
    """A folder with one secret per file, mode 0600 in a folder of mode 0700."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)

    def path(self, name: str) -> Path:
        """The file of the secret `name`."""
        return self.folder / name

    def files(self) -> dict[str, Path]:
        """Every secret that is there, with its file."""
        return {path.name: path for path in self.folder.iterdir()}

    def get(self, name: str, make: Callable[[], str] = new_password) -> str:
        """The secret `name`, made now if there is none; by default a password of 192 bits."""
        path = self.path(name)
        if not path.exists():
            self.put(name, make())
        return path.read_text().strip()

    def put(self, name: str, value: str) -> None:
        """Replace the secret; a reader sees the old value or the new one."""
        put_secret(self.path(name), value, 0o600)
