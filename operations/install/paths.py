"""Where things are: the checkout, its `.impex` folder, and the data of the private servers.

The data is under `.impex/data`, or under /var/lib/impex where the servers' own users cannot reach
the checkout. Standard library only: this is read before anything is installed.
"""

import hashlib
import os
import pwd
import subprocess
from pathlib import Path

from operations.install.servers import user_for

ROOT = Path(__file__).parents[2]
OUTSIDE = Path("/var/lib/impex")


class Paths:
    """The folders of one installation; `home` is `.impex` unless IMPEX_HOME says otherwise."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.logs = home / "log"  # one file per child process
        self.secrets = home / "secrets"  # passwords and keys, one file each
        self.state = home / "state.json"  # what runs now, for `impex status` and the next start
        self.lock = home / "lock"  # held by the launcher while it runs
        # Where the servers' data is: inside, unless their users cannot reach that.
        self.inside = home / "data"
        self.outside = OUTSIDE / hashlib.sha256(str(home).encode()).hexdigest()[:12]

    def environment_file(self, service: str) -> Path:
        """The environment of a service that a person starts in a debugger."""
        return self.home / f"{service}.env"

    def data(self) -> Path:
        """The folder of the servers' data, the same at every start once it holds something."""
        if self.outside.exists():
            return self.outside
        if self.inside.exists() or all(map(self._can_reach, ("postgres", "rabbitmq"))):
            return self.inside
        return self.outside

    def _can_reach(self, name: str) -> bool:
        user = user_for(name)
        if not user:
            return True
        account = pwd.getpwnam(user)
        done = subprocess.run(
            ["test", "-x", str(self.home)],
            user=account.pw_uid,
            group=account.pw_gid,
            extra_groups=[],
            check=False,
        )
        return done.returncode == 0

    def make(self) -> None:
        """Make the folders that everything else expects."""
        self.home.mkdir(parents=True, exist_ok=True)
        self.logs.mkdir(exist_ok=True)


def paths() -> Paths:
    """The folders of this installation."""
    home = os.environ.get("IMPEX_HOME")
    return Paths(Path(home).absolute() if home else ROOT / ".impex")
