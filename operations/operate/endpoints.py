"""How the operator's commands find the broker and the database.

By the settings if they are given (IMPEX_OPERATOR_AMQP_URL, or a service's own address), else by
what `impex up` wrote in this folder. The management API is used with the operator's login; where
IMPEX_AMQP_MANAGEMENT_URL is not given, it is expected at its usual port of the broker's host.
ConfigurationError names what is missing where neither helps.
"""

import os
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from operations.install.paths import paths
from operations.local.state import read_running_state
from operations.operate.asking import explained
from operations.provision.broker_admin import BrokerRefused
from operations.provision.database_admin import run_blocking, session
from operations.provision.provisioning import VHOST
from shared.database import Connection
from shared.database.pool import COMMAND_SECONDS
from shared.errors import ConfigurationError
from shared.messaging.errors import RefusedByBroker
from shared.security.connection_urls import (
    management_of,
    validate_administration_url,
    validate_amqp_url,
    validate_database_url,
)
from shared.settings import SECRETS_DIR, secret_text

T = TypeVar("T")
MANAGEMENT, OPERATOR_URL = "IMPEX_AMQP_MANAGEMENT_URL", "IMPEX_OPERATOR_AMQP_URL"
NOTHING_RUNS = "is required, because no `impex up` runs in this folder"
#: What judges an address, by the end of its setting's name. Whether it needs TLS is for services,
#: who know where the portal is.
JUDGES: dict[str, Callable[[str], str | None]] = {
    "_DATABASE_URL": partial(validate_database_url, try_out=True),
    "_AMQP_URL": partial(validate_amqp_url, try_out=True),
    "_AMQP_MANAGEMENT_URL": validate_administration_url,
}


@dataclass(frozen=True)
class BrokerEndpoint:
    """Where an operator's command finds the broker; `management_setting` says how it was found."""

    management_url: str
    operator_url: str
    vhost: str
    management_setting: str = OPERATOR_URL


def secret(environ: Mapping[str, str], name: str) -> str | None:
    """A secret of the environment, by any of the ways of `secret_text`; None without.

    ConfigurationError where it cannot be read, or is an address that cannot be used.
    """
    try:
        text = (secret_text(name, environ) or "").strip()
    except ValueError as error:
        given = f"{name}_FILE" if environ.get(f"{name}_FILE") else name
        raise ConfigurationError([(given, str(error))]) from None
    for end, judge in JUDGES.items():
        if text and name.endswith(end) and (sentence := judge(text)):
            raise ConfigurationError([(name, sentence)])
    return text or None


def required(environ: Mapping[str, str], *names: str) -> dict[str, str]:
    """Several secrets; ConfigurationError names every one that is missing or wrong."""
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
    setting = MANAGEMENT if management else OPERATOR_URL
    return BrokerEndpoint(management_of(operator, management or ""), operator, vhost, setting)


@contextmanager
def at_management(where: BrokerEndpoint) -> Iterator[None]:
    """Fail as `explained` says where the management API fails; its login is the operator's."""
    with explained(where.management_setting, where.management_url):
        try:
            yield
        except (BrokerRefused, RefusedByBroker):
            with explained(OPERATOR_URL, where.operator_url):
                raise


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
    """Do `work` on the schema of a service, as the service; blocks. Fails as `explained` says."""
    setting = f"IMPEX_{name.upper()}_DATABASE_URL"
    url = configured_or_running(setting)

    async def on_schema() -> T:
        async with session(url, schema=name, seconds=COMMAND_SECONDS) as connection:
            return await work(connection)

    with explained(setting, url):
        return run_blocking(on_schema())


def as_operator(url: str, work: Coroutine[Any, Any, T]) -> T:
    """Do `work` at the broker, by the operator's address; blocks. Fails as `explained` says."""
    with explained(OPERATOR_URL, url):
        return run_blocking(work)
