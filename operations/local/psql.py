"""`impex psql`: the PostgreSQL shell on one service's schema, with that service's role."""

import argparse
import os
import sys
from collections.abc import Mapping

from operations import service_registry
from operations.operate.endpoints import configured_or_running
from operations.provision.postgres_programs import client, find_program


def main(options: argparse.Namespace) -> int:
    """Become psql; ConfigurationError for an unknown service or a missing database URL."""
    service = service_registry.service(options.service)
    url = configured_or_running(f"IMPEX_{service.name.upper()}_DATABASE_URL")
    address, environment = connection(url, service.name, os.environ)
    program = find_program("psql")
    sys.stdout.flush()
    given = options.arguments
    arguments = ["psql", f"--dbname={address}", *(given[1:] if given[:1] == ["--"] else given)]
    os.execve(program, arguments, environment)  # noqa: S606 - psql takes over the terminal


def connection(url: str, schema: str, environ: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """The URL without its password, and psql's environment with it and the search path."""
    address, environment = client(url, environ)
    options = [environ.get("PGOPTIONS", ""), f"-c search_path={schema}"]
    environment["PGOPTIONS"] = " ".join(filter(None, options))
    return address, environment
