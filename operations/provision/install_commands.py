"""`impex provision`, `impex migrate`: one installation, wherever it runs.

Provisioning takes the passwords out of the very addresses that the services are given, so the two
cannot differ. Both may be run again at any time.
"""

import argparse
import os
from time import monotonic
from urllib.parse import unquote, urlsplit

from operations import service_registry
from operations.operate.asking import ServerUnavailable, explained, when_it_answers
from operations.operate.endpoints import required
from operations.printing import say
from operations.provision.database_admin import execute
from operations.provision.provisioning import (
    OWNER_URL,
    AdminUrls,
    accounts,
    migrate_schema,
    provision_broker,
    provision_database,
)
from operations.provision.receivers import PUSH, record_receivers

ADMIN_URLS = ("IMPEX_DATABASE_URL", "IMPEX_AMQP_URL", "IMPEX_AMQP_MANAGEMENT_URL")


def operator_settings() -> list[str]:
    """The settings that `impex provision` reads: the addresses of administrators and accounts."""
    return [*ADMIN_URLS, *accounts(service_registry.principals())]


def provision(options: argparse.Namespace) -> int:
    """Make roles, database, schemas, virtual host, users, rights and shared exchanges.

    With `--migrate` what `migrate` does too, before the broker is asked, which takes longer to
    start. A server that does not answer is waited for, and the broker as long after migrations that
    took their time.
    """
    given = required(os.environ, *operator_settings())
    principals = service_registry.principals()
    admin_urls = AdminUrls(*(given[name] for name in ADMIN_URLS))
    passwords = {
        account: unquote(urlsplit(given[name]).password or "")
        for name, account in accounts(principals).items()
    }
    until = monotonic() + options.wait
    when_it_answers(
        ADMIN_URLS[0],
        given[ADMIN_URLS[0]],
        lambda: provision_database(admin_urls, principals, passwords),
        until,
    )
    if options.migrate:
        _migrate(given[OWNER_URL], until)
        until = monotonic() + options.wait
    new = when_it_answers(
        ADMIN_URLS[2],
        given[ADMIN_URLS[2]],
        lambda: provision_broker(admin_urls, principals, passwords),
        until,
    )
    _record_receivers(given[OWNER_URL], until)
    say(f"database {admin_urls.database} and virtual host {admin_urls.vhost} are provisioned")
    for name in new:
        say(f"{name} has no password yet: `impex partner rotate {name}` gives it one")
    return 0


def migrate(options: argparse.Namespace) -> int:
    """Bring every schema up to date as the owner, as soon as the server answers."""
    url = required(os.environ, OWNER_URL)[OWNER_URL]
    _migrate(url, monotonic() + options.wait)
    return 0


def _migrate(url: str, until: float) -> None:
    """Wait for a login alone: what is begun is done once, and each line is of what is done."""
    when_it_answers(OWNER_URL, url, lambda: execute(url), until)
    applied: list[str] = []

    def tell(one: str) -> None:
        say(f"applied {one}")
        applied.append(one)

    for service in service_registry.services():
        before = len(applied)
        lost: ServerUnavailable | None = None
        try:
            with explained(OWNER_URL, url):
                migrate_schema(url, service, tell)
        except ServerUnavailable as error:
            lost = error
        # Whatever comes after the first of them: none is applied again, which would record them.
        if service.name == PUSH and len(applied) > before:
            _record_receivers(url, until)
        if lost:
            raise lost
    say(f"{len(applied)} migrations applied, the schemas are up to date")


def _record_receivers(url: str, until: float) -> None:
    when_it_answers(OWNER_URL, url, lambda: record_receivers(url), until)
