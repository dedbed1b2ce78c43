"""Where things are: the checkout and its `.impex` folder, the private servers and their data.

The data is under `.impex/data`, or under /var/lib/impex where the servers' own users cannot reach
the checkout. `operations.local.postgres` and `operations.local.rabbit` start the servers. Standard
library only: this is read before anything is installed.
"""

import glob
import hashlib
import os
import pwd
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
OUTSIDE = Path("/var/lib/impex")
RABBITMQ_BIN = Path("/usr/lib/rabbitmq/bin")  # the ones in /usr/sbin change user and directory
ADMIN = "impex_admin"
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


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

    def service_files(self) -> Path:
        """The folder with the secrets of each service that has a user of its own."""
        return self.data() / "services"

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
        self.logs.chmod(0o700)


def paths() -> Paths:
    """The folders of this installation."""
    home = os.environ.get("IMPEX_HOME")
    return Paths(Path(home).absolute() if home else ROOT / ".impex")


def short_path(path: Path) -> str:
    """A path as a person in the current folder would write it."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def postgresql_bin() -> "Path | None":
    """The folder of the newest PostgreSQL installed by Debian's packages, or None."""
    found = glob.glob("/usr/lib/postgresql/*/bin/postgres")
    return max((Path(p).parent for p in found), key=lambda p: float(p.parts[-2]), default=None)


def missing_servers() -> "list[str]":
    """The Debian packages of the servers that are not on this machine."""
    missing = [] if postgresql_bin() else ["postgresql"]
    if not (RABBITMQ_BIN / "rabbitmq-server").exists() or not shutil.which("epmd"):
        missing.append("rabbitmq-server")
    return missing


def user_for(name: str) -> str:
    """`name` when we are root and the user exists, else "" (stay who we are)."""
    if os.getuid() != 0:
        return ""
    try:
        return pwd.getpwnam(name).pw_name
    except KeyError:
        return ""


def chown_to(path: Path, user: str) -> None:
    """Give `path` to `user` when we are root."""
    if user:
        shutil.chown(path, user, pwd.getpwnam(user).pw_gid)


def write_for(user: str, path: Path, text: str, mode: int = 0o600) -> None:
    """Replace a file by one of `user` in one step; a reader sees the old text or the new one.

    No earlier file's mode counts: before the text is in it, it is one that only we can read.
    """
    draft = path.with_name(f".{path.name}.draft")
    draft.unlink(missing_ok=True)
    draft.touch(0o600, exist_ok=False)
    draft.write_text(text)
    draft.chmod(mode)
    chown_to(draft, user)
    draft.rename(path)
