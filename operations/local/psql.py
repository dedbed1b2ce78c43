"""`impex psql`: the PostgreSQL shell on one service's schema, with that service's role.

psql gets the password in its environment, which other users of the machine cannot read, never on
the command line.
"""

import argparse
import os
import shutil
import sys
from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from operations import service_registry
from operations.install.paths import postgresql_bin
from operations.operate.endpoints import configured_or_running
from shared.errors import ImpexError

#: Variables of libpq that would lead to another server, database or role than the URL's.
TARGET_VARIABLES = frozenset(
    {"PGHOST", "PGHOSTADDR", "PGPORT", "PGDATABASE", "PGUSER", "PGPASSWORD", "PGSERVICE"}
)


def main(options: argparse.Namespace) -> int:
    """Become psql; ConfigurationError for an unknown service or a missing database URL."""
    service = service_registry.service(options.service)
    url = configured_or_running(f"IMPEX_{service.name.upper()}_DATABASE_URL")
    address, environment = connection(url, service.name, os.environ)
    program = shutil.which("psql") or shutil.which("psql", path=str(postgresql_bin() or ""))
    if program is None:
        raise ImpexError("psql is not installed; Debian's package is postgresql-client")
    sys.stdout.flush()
    arguments = ["psql", f"--dbname={address}", *options.arguments]
    os.execve(program, arguments, environment)  # noqa: S606 - psql takes over the terminal


def connection(url: str, schema: str, environ: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """The URL without its password, and psql's environment with it and the search path."""
    parts = urlsplit(url)
    login, _, host = parts.netloc.rpartition("@")
    user, _, password = login.partition(":")
    query = parse_qsl(parts.query, keep_blank_values=True)
    password = unquote(password) or dict(query).get("password", "")
    rest = urlencode([(name, text) for name, text in query if name != "password"])
    # Not by urlunsplit, which drops the // before an empty host.
    address = f"{parts.scheme}://{user and f'{user}@'}{host}{parts.path}{rest and f'?{rest}'}"
    environment = {name: text for name, text in environ.items() if name not in TARGET_VARIABLES}
    options = [environ.get("PGOPTIONS", ""), f"-c search_path={schema}"]
    environment["PGOPTIONS"] = " ".join(filter(None, options))
    if password:
        environment["PGPASSWORD"] = password
    return address, environment
