"""PostgreSQL's own programs, given an address of ours.

They get the password in their environment, which other users of the machine cannot read, never on
the command line.
"""

import glob
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from shared.errors import ImpexError

#: Variables of libpq that would lead to another server, database or role than the URL's.
TARGET_VARIABLES = frozenset(
    {"PGHOST", "PGHOSTADDR", "PGPORT", "PGDATABASE", "PGUSER", "PGPASSWORD", "PGSERVICE"}
)


def find_program(name: str) -> Path:
    """The newest `name` of Debian's packages, else the one on the PATH; ImpexError without."""
    found = glob.glob(f"/usr/lib/postgresql/*/bin/{name}")
    if found:
        return max((Path(one) for one in found), key=lambda one: float(one.parts[-3]))
    other = shutil.which(name)
    if other is None:
        raise ImpexError(f"{name} is not installed; Debian's package is postgresql-client")
    return Path(other)


def client(url: str, environ: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """The URL without its password, and the environment with it."""
    parts = urlsplit(url)
    login, _, host = parts.netloc.rpartition("@")
    user, _, password = login.partition(":")
    query = parse_qsl(parts.query, keep_blank_values=True)
    password = unquote(password) or dict(query).get("password", "")
    rest = urlencode([(name, text) for name, text in query if name != "password"])
    # Not by urlunsplit, which drops the // before an empty host.
    address = f"{parts.scheme}://{user and f'{user}@'}{host}{parts.path}{rest and f'?{rest}'}"
    environment = {name: text for name, text in environ.items() if name not in TARGET_VARIABLES}
    if password:
        environment["PGPASSWORD"] = password
    return address, environment


def run_program(name: str, url: str, *arguments: str) -> str:
    """Run a program on the database of `url` to its end; returns what it prints.

    Files that it makes are its user's alone. ImpexError with its last line when it fails.
    """
    address, environment = client(url, os.environ)
    return _run(name, [f"--dbname={address}", *arguments], environment)


def list_archive(archive: Path) -> list[str]:
    """The entries of an archive that pg_dump made, a line each."""
    return _run("pg_restore", ["--list", str(archive)], dict(os.environ)).splitlines()


def major_version(name: str) -> int:
    """The major version of a program."""
    found = re.search(r"\) (\d+)", _run(name, ["--version"], dict(os.environ)))
    return int(found[1]) if found else 0


def _run(name: str, arguments: Sequence[str], environment: Mapping[str, str]) -> str:
    done = subprocess.run(
        [str(find_program(name)), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        umask=0o077,
        check=False,
    )
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if "error" in line.lower()]
        raise ImpexError(f"{name} failed: {(lines or done.stderr.splitlines() or ['?'])[0]}")
    return done.stdout
