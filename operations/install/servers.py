"""What the two private servers share: where their programs are, and as which user they run.

`operations.local.postgres` and `operations.local.rabbit` start the servers. They write only to
their folder, read nothing under /etc, and do not touch servers that already run.
"""

import glob
import os
import pwd
import shutil
from pathlib import Path

RABBITMQ_BIN = Path("/usr/lib/rabbitmq/bin")  # the ones in /usr/sbin change user and directory
ADMIN = "impex_admin"
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def postgresql_bin() -> Path | None:
    """The folder of the newest PostgreSQL installed by Debian's packages, or None."""
    found = glob.glob("/usr/lib/postgresql/*/bin/postgres")
    return max((Path(p).parent for p in found), key=lambda p: float(p.parts[-2]), default=None)


def missing_servers() -> list[str]:
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


def write_for(user: str, path: Path, text: str) -> None:
    """Write a file that only `user` can read."""
    path.touch(0o600)
    path.write_text(text)
    chown_to(path, user)
