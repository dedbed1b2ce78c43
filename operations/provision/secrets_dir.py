"""Passwords and keys of one installation: made once at random, in files that only we may read.

The names are those of the settings, so a folder of this kind serves `make up`, containers (as
`/run/secrets`) and a server under systemd alike: each secret is given as `<NAME>_FILE`.
"""

import secrets
from collections.abc import Callable
from pathlib import Path


def new_password() -> str:
    """192 random bits in characters that need no quoting in an address."""
    return secrets.token_urlsafe(24)


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
        path = self.path(name)
        if path.exists() and path.read_text().strip() == value:
            return
        draft = self.folder / f".{name}.draft"
        draft.unlink(missing_ok=True)
        draft.touch(0o600)
        draft.write_text(value + "\n")
        draft.rename(path)
