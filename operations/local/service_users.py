"""A user and group id of its own for each service, where root starts them.

The ids need no entry in /etc/passwd. A service reads copies of its own secrets and nobody else's.
Where such a user cannot read the interpreter or the checkout, services run as root, and say so.
"""

import compileall
import grp
import os
import pwd
import shlex
import shutil
import subprocess
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from operations import service_registry
from operations.install.paths import ROOT

#: Below 61184, where systemd's dynamic users begin, and above those of people and packages.
SERVICE_IDS = range(61_001, 61_184)
#: What services read of the checkout.
SOURCES = (ROOT / "services", ROOT / "shared")
#: Prints the first argument that is closed: one with a final slash is a folder to pass through.
FIRST_CLOSED = """
for path; do
    case $path in */) test -x "$path" ;; *) test -r "$path" ;; esac ||
        { printf %s "$path"; break; }
done
"""
#: Debian's home of users that have none; root's cannot be read.
NO_HOME = "/nonexistent"


@dataclass(frozen=True)
class ServiceUsers:
    """The id of each service, the same number for user and group; empty: they run as we do."""

    ids: Mapping[str, int] = field(default_factory=dict)
    #: Why root runs them, for people.
    remark: str = ""


def choose_users(
    names: Sequence[str], *, root: bool, taken: Collection[int], closed: str
) -> ServiceUsers:
    """Whether each service gets an id of its own, and which: no account has it yet (`taken`).

    `closed` is what such a user cannot read (`first_closed`), or why there is no such user.
    """
    if not root:
        return ServiceUsers()
    free = [one for one in SERVICE_IDS if one not in taken]
    if not closed and len(free) < len(names):
        closed = f"others have the ids from {SERVICE_IDS[0]} to {SERVICE_IDS[-1]}"
    if closed:
        return ServiceUsers(remark=f"the services run as root: {_reason(closed)}")
    return ServiceUsers(dict(zip(names, free, strict=False)))


def _reason(closed: str) -> str:
    if not closed.startswith("/"):
        return closed
    way, permission = ("enter", "x") if closed.endswith("/") else ("read", "rX")
    path = closed.rstrip("/") or "/"
    remedy = f"`chmod o+{permission} {shlex.quote(path)}` opens it"
    return f"users of their own cannot {way} {path} ({remedy})"


def prepare_users(names: Sequence[str], folder: Path) -> ServiceUsers:
    """The users of the services on this machine.

    Root makes `folder` anew, for the files of each; what services import is compiled for them.
    """
    if os.getuid() != 0:
        return choose_users(names, root=False, taken=(), closed="")
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    closed = first_closed([*needed_paths(names), folder])
    taken = {one.pw_uid for one in pwd.getpwall()} | {one.gr_gid for one in grp.getgrall()}
    users = choose_users(names, root=True, taken=taken, closed=closed)
    if users.ids:
        compile_sources()
    return users


def needed_paths(names: Sequence[str]) -> list[Path]:
    """What a service reads: interpreter, packages, every file of ours, folders of the settings."""
    found = [Path(sys.executable), *(Path(one) for one in sys.path if one and Path(one).exists())]
    for top in SOURCES:
        for folder, folders, files in os.walk(top):
            folders[:] = [one for one in folders if one != "__pycache__"]
            found += [Path(folder), *(Path(folder, name) for name in files)]
    for name in names:
        settings = service_registry.path_names(service_registry.service(name))
        given = {one: os.environ.get(one) for one in sorted(settings)}
        found += [Path(text) for one, text in given.items() if text and not one.endswith("_FILE")]
    return found


def first_closed(paths: Iterable[Path]) -> str:
    """The first of `paths`, or of the folders on the way, that a service's user cannot read.

    A folder that cannot be passed through ends with a slash; empty if all are open. Where no
    process can be started as such a user, the reason.
    """
    arguments: dict[str, None] = {}
    for path in paths:
        for way in (path.resolve(), path.absolute()):
            through = [*reversed(way.parents), *([way] if way.is_dir() else [])]
            arguments |= {f"{str(one).rstrip('/')}/": None for one in through}
            arguments[str(way)] = None
    try:
        return subprocess.run(
            ["sh", "-c", FIRST_CLOSED, "sh", *arguments],
            user=SERVICE_IDS[0],
            group=SERVICE_IDS[0],
            extra_groups=[],
            cwd="/",
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        # A container without these ids, or root without the right to change to them.
        return f"no process can be started as user {SERVICE_IDS[0]} ({error})"


def give_files(folder: Path, user: int, environment: Mapping[str, str]) -> dict[str, str]:
    """Copy the files that `environment` names into `folder`, which only `user` reads.

    Returns the environment that names the copies.
    """
    own = {**environment, "HOME": NO_HOME}
    folder.mkdir(mode=0o700)
    for name, text in environment.items():
        path = Path(text)
        if not name.endswith("_FILE") or not path.is_file():
            continue
        copy = folder / name.removesuffix("_FILE")
        copy.touch(0o600, exist_ok=False)
        copy.write_bytes(path.read_bytes())
        os.chown(copy, user, user)
        own[name] = str(copy)
    os.chown(folder, user, user)
    return own


def compile_sources() -> None:
    """Write the bytecode of what services import, which their users may not write."""
    for top in SOURCES:
        compileall.compile_dir(top, quiet=2)
        for cache in top.rglob("__pycache__"):
            with suppress(OSError):  # another run replaces it
                cache.chmod(0o755)
