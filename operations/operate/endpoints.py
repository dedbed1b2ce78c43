"""How the operator's commands find the broker and the database.

By the settings if they are given (IMPEX_AMQP_MANAGEMENT_URL, IMPEX_OPERATOR_AMQP_URL, or a
service's own address), else by what `impex up` wrote down in this folder. ConfigurationError says
what is missing where neither helps.
"""

import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import unquote, urlsplit

import asyncpg

from operations.install.paths import Paths, paths
from operations.install.servers import ADMIN
from operations.local.state import read_running_state
from operations.provision.provisioning import VHOST
from shared.database import Connection, database_errors
from shared.database.pool import connecting
from shared.errors import ConfigurationError

T = TypeVar("T")


@dataclass(frozen=True)
class BrokerEndpoint:
    """Where an operator's command finds the broker."""

    management_url: str
    operator_url: str
    vhost: str


def secret(environ: Mapping[str, str], name: str) -> str | None:
    """A secret from the variable `name` or the file that `<name>_FILE` names; None without."""
    path = environ.get(f"{name}_FILE")
    if not path:
        return environ.get(name) or None
    try:
        return Path(path).read_text(encoding="utf-8").strip() or None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError([(f"{name}_FILE", f"cannot be read: {error}")]) from None


def required(environ: Mapping[str, str], *names: str) -> dict[str, str]:
    """Several secrets; ConfigurationError names every one that is missing or unreadable."""
    found: dict[str, str] = {}
    problems: list[tuple[str, str]] = []
    for name in names:
        try:
            value = secret(environ, name)
        except ConfigurationError as error:
            problems += error.problems
            continue
        if value is None:
            problems.append((name, f"is required (or {name}_FILE)"))
        else:
            found[name] = value
    if problems:
        raise ConfigurationError(problems)
    return found


def resolve_broker(where: Paths | None = None) -> BrokerEndpoint:
    """The broker of the settings, else that of the `impex up` which runs in this folder."""
    given = secret(os.environ, "IMPEX_AMQP_MANAGEMENT_URL")
    operator = secret(os.environ, "IMPEX_OPERATOR_AMQP_URL")
    where = where or paths()
    state = read_running_state(where)
    if operator is None and state is not None:
        operator = (where.secrets / "IMPEX_OPERATOR_AMQP_URL").read_text().strip()
    if given is None and state is not None:
        given = _with_login(where, state.addresses["broker_management"])
    if given is None or operator is None:
        sentence = "is required, because no `impex up` runs in this folder"
        names = ("IMPEX_AMQP_MANAGEMENT_URL", "IMPEX_OPERATOR_AMQP_URL")
        raise ConfigurationError([(name, sentence) for name in names])
    vhost = unquote(urlsplit(operator).path[1:]) or VHOST
    return BrokerEndpoint(given, operator, vhost)


def configured_or_running(setting: str) -> str:
    """A secret of the environment, else of the `impex up` which runs in this folder."""
    value = secret(os.environ, setting)
    where = paths()
    if value is None and read_running_state(where) is not None:
        value = (where.secrets / setting).read_text().strip()
    if value is None:
        sentence = "is required, because no `impex up` runs in this folder"
        raise ConfigurationError([(setting, sentence)])
    return value


async def as_service(name: str, work: Callable[[Connection], Awaitable[T]]) -> T:
    """Do `work` on the schema of a service, as the service."""
    url = configured_or_running(f"IMPEX_{name.upper()}_DATABASE_URL")
    with connecting():
        connection = await asyncpg.connect(
            url, timeout=5, command_timeout=10, server_settings={"search_path": name}
        )
    try:
        with database_errors():
            return await work(connection)
    finally:
        await connection.close()


def _with_login(where: Paths, address: str) -> str:
    password = (where.secrets / "rabbitmq-administrator").read_text().strip()
    return address.replace("://", f"://{ADMIN}:{password}@", 1)
