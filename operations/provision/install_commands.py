"""`impex provision`, `impex migrate`: one installation, wherever it runs.

Provisioning takes the passwords out of the very addresses that the services are given, so the two
cannot differ. Both may be run again at any time.
"""

import argparse
import os
import time
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import unquote, urlsplit

from operations import service_registry
from operations.operate.endpoints import required
from operations.printing import say
from operations.provision.broker_admin import BrokerRefused
from operations.provision.database_admin import DatabaseRefused, refused_logins
from operations.provision.provisioning import (
    OWNER_URL,
    AdminUrls,
    accounts,
    migrate_all,
    provision_broker,
    provision_database,
)
from operations.provision.receivers import PUSH, record_receivers
from shared.errors import DependencyDown, ImpexError, plain_reason

T = TypeVar("T")

#: Seconds between two tries while a server is not there yet.
PAUSE = 0.5
ADMIN_URLS = ("IMPEX_DATABASE_URL", "IMPEX_AMQP_URL", "IMPEX_AMQP_MANAGEMENT_URL")


def operator_settings() -> list[str]:
    """The settings that `impex provision` reads: the addresses of administrators and accounts."""
    return [*ADMIN_URLS, *accounts(service_registry.principals())]


def provision(options: argparse.Namespace) -> int:
    """Make roles, database, schemas, virtual host, users, rights and shared exchanges.

    With `--migrate` what `migrate` does too, before the broker is asked, which takes longer to
    start. A server that does not answer is waited for; then an ImpexError names it and its setting.
    """
    given = required(os.environ, *operator_settings())
    principals = service_registry.principals()
    admin_urls = AdminUrls(*(given[name] for name in ADMIN_URLS))
    passwords = {
        account: unquote(urlsplit(given[name]).password or "")
        for name, account in accounts(principals).items()
    }
    until = time.monotonic() + options.wait
    when_it_answers(
        ADMIN_URLS[0],
        given[ADMIN_URLS[0]],
        lambda: provision_database(admin_urls, principals, passwords),
        until,
    )
    if options.migrate:
        migrate(options)
    new = when_it_answers(
        ADMIN_URLS[2],
        given[ADMIN_URLS[2]],
        lambda: provision_broker(admin_urls, principals, passwords),
        until,
    )
    _record_receivers(given[OWNER_URL])
    say(f"database {admin_urls.database} and virtual host {admin_urls.vhost} are provisioned")
    for name in new:
        say(f"{name} has no password yet: `impex partner rotate {name}` gives it one")
    return 0


def when_it_answers(setting: str, url: str, work: Callable[[], T], until: float = 0) -> T:
    """Do `work`, which may be repeated, as soon as its server answers.

    An ImpexError names the setting where the server does not answer until then, or refuses, which
    waiting would not change.
    """
    while True:
        try:
            with refused_logins():
                return work()
        except (DatabaseRefused, BrokerRefused) as refused:
            raise ImpexError(f"{setting}: {refused}") from refused
        except (OSError, DependencyDown) as error:
            if time.monotonic() >= until:
                place = urlsplit(url).netloc.rpartition("@")[2]
                reason = error.reason if isinstance(error, DependencyDown) else plain_reason(error)
                raise ImpexError(f"{setting}: {place} does not answer: {reason}") from error
            time.sleep(PAUSE)


def migrate(options: argparse.Namespace) -> int:
    """Bring every schema up to date as the owner."""
    url = required(os.environ, OWNER_URL)[OWNER_URL]
    services, until = service_registry.services(), time.monotonic() + options.wait
    applied = when_it_answers(OWNER_URL, url, lambda: migrate_all(url, services), until)
    for one in applied:
        say(f"applied {one}")
    if any(one.startswith(f"{PUSH}: ") for one in applied):
        _record_receivers(url)
    say(f"{len(applied)} migrations applied, the schemas are up to date")
    return 0


def _record_receivers(url: str) -> None:
    when_it_answers(OWNER_URL, url, lambda: record_receivers(url))
