"""Passwords and keys of one installation: made once at random, in files that only we may read.

The names are those of the settings. `make up` gives each service its secrets from such a folder, as
`<NAME>_FILE`; `impex secrets` copies each reader's files from it into a folder of that reader, for
containers and services under users of their own (docs/runbook.md).
"""

import os
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from operations.install.paths import write_for
from shared.errors import ConfigurationError


def new_password() -> str:
    """192 random bits in characters that need no quoting in an address."""
    return secrets.token_urlsafe(24)


def put_secret(path: Path, value: str, mode: int) -> None:
    """Replace a secret unless it is `value` already; a reader sees the old value or the new one."""
    if not path.exists() or path.read_text().strip() != value:
        write_for("", path, value + "\n", mode)


def replace_secret(path: Path, value: str) -> None:
    """Replace a secret in a file whose owner, group and mode stay, in one step."""
    with open_own(path) as file:
        before = os.fstat(file)
    mode = stat.S_IMODE(before.st_mode) & 0o777
    write_secret(path, value, before.st_uid, before.st_gid, mode)


def write_secret(path: Path, value: str, user_id: int, group_id: int, mode: int) -> None:
    """Make or replace a secret in one step, in a folder that may belong to its reader."""
    draft = path.with_name(f".{path.name}.draft")
    draft.unlink(missing_ok=True)
    # Owner and mode by descriptor: the name may be a link by then.
    file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(file, "w") as output:
        output.write(value + "\n")
        os.fchown(file, user_id, group_id)
        os.fchmod(file, mode)
    draft.rename(path)


def read_secret(path: Path) -> str:
    """The secret in a file of a folder that may belong to its reader."""
    with open_own(path) as file, open(file, closefd=False) as text:
        return text.read().strip()


@contextmanager
def open_own(path: Path) -> Iterator[int]:
    """A descriptor of a folder, or of a file that has this name only.

    Its reader may own the folder and put a link there, to have another file given to it; then
    ConfigurationError.
    """
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        if path.is_symlink():
            raise ConfigurationError([(str(path), "must not be a link")]) from error
        raise
    try:
        found = os.fstat(file)
        if not stat.S_ISDIR(found.st_mode) and not (
            stat.S_ISREG(found.st_mode) and found.st_nlink == 1
        ):
            raise ConfigurationError([(str(path), "must be a file that has no other name")])
        yield file
    finally:
        os.close(file)


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
