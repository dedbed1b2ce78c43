"""How the operator's commands find the broker and the database.

By the settings if they are given (IMPEX_OPERATOR_AMQP_URL, or a service's own address), else by
what `impex up` wrote in this folder. The management API is used with the operator's login; where
IMPEX_AMQP_MANAGEMENT_URL is not given, it is expected at its usual port of the broker's host.
ConfigurationError names what is missing where neither helps.
"""

import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import unquote, urlsplit

import asyncpg

from operations.install.paths import paths
from operations.local.state import read_running_state
from operations.provision.database_admin import run_blocking
from operations.provision.provisioning import VHOST
from shared.database import Connection, database_errors
from shared.database.pool import connecting
from shared.errors import ConfigurationError
from shared.security.connection_urls import management_of
from shared.settings import SECRETS_DIR, secret_text

T = TypeVar("T")
MANAGEMENT, OPERATOR_URL = "IMPEX_AMQP_MANAGEMENT_URL", "IMPEX_OPERATOR_AMQP_URL"
NOTHING_RUNS = "is required, because no `impex up` runs in this folder"


@dataclass(frozen=True)
class BrokerEndpoint:
    """Where an operator's command finds the broker."""

    management_url: str
    operator_url: str
    vhost: str


def secret(environ: Mapping[str, str], name: str) -> str | None:
    """A secret of the environment, by any of the ways of `secret_text`; None without."""
    try:
        return (secret_text(name, environ) or "").strip() or None
    except ValueError as error:
        given = f"{name}_FILE" if environ.get(f"{name}_FILE") else name
        raise ConfigurationError([(given, str(error))]) from None


def required(environ: Mapping[str, str], *names: str) -> dict[str, str]:
    """Several secrets; ConfigurationError names every one that is missing or unreadable."""
    found: dict[str, str] = {}
    problems: list[tuple[str, str]] = []
    for name in names:
        try:
            found[name] = secret(environ, name) or ""
            if not found[name]:
                problems.append((name, f"is required (or {name}_FILE, or {SECRETS_DIR})"))
        except ConfigurationError as error:
            problems += error.problems
    if problems:
        raise ConfigurationError(problems)
    return found


def resolve_broker() -> BrokerEndpoint:
    """The broker of the settings, else that of the `impex up` which runs in this folder."""
    operator = configured_or_running(OPERATOR_URL)
    management = secret(os.environ, MANAGEMENT)
    state = read_running_state(paths())
    if management is None and state is not None and secret(os.environ, OPERATOR_URL) is None:
        management = state.addresses["broker_management"]
    vhost = unquote(urlsplit(operator).path[1:]) or VHOST
    return BrokerEndpoint(management_of(operator, management or ""), operator, vhost)


def configured_or_running(setting: str) -> str:
    """A secret of the environment, else of the `impex up` which runs in this folder."""
    value = secret(os.environ, setting)
    where = paths()
    if value is None and read_running_state(where) is not None:
        value = (where.secrets / setting).read_text().strip()
    if value is None:
        raise ConfigurationError([(setting, NOTHING_RUNS)])
    return value


def as_service(name: str, work: Callable[[Connection], Awaitable[T]]) -> T:
    """Do `work` on the schema of a service, as the service; blocks."""
    url = configured_or_running(f"IMPEX_{name.upper()}_DATABASE_URL")
    return run_blocking(_on_schema(name, url, work))


async def _on_schema(name: str, url: str, work: Callable[[Connection], Awaitable[T]]) -> T:
    with connecting():
        connection = await asyncpg.connect(
            url, timeout=5, command_timeout=10, server_settings={"search_path": name}
        )
    try:
        with database_errors():
            return await work(connection)
    finally:
        await connection.close()
