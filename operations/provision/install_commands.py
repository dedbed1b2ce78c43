"""`impex provision`, `impex migrate`, `impex secrets`: one installation, wherever it runs.

Provisioning takes the passwords out of the very addresses that the services are given, so the two
cannot differ. All three may be run again at any time.
"""

import argparse
import os
from dataclasses import astuple
from pathlib import Path
from urllib.parse import unquote, urlsplit

from operations import service_registry
from operations.install.paths import ADMIN
from operations.operate.endpoints import required
from operations.printing import say
from operations.provision.permissions import PUBLISHERS
from operations.provision.provisioning import (
    OWNER_URL,
    AdminUrls,
    accounts,
    amqp_setting,
    migrate_all,
    provision_broker,
    provision_database,
    write_secrets,
)
from operations.provision.secrets_dir import SecretsDir, put_secret

ADMIN_URLS = ("IMPEX_DATABASE_URL", "IMPEX_AMQP_URL", "IMPEX_AMQP_MANAGEMENT_URL")


def operator_settings() -> list[str]:
    """The settings that `impex provision` reads: the addresses of administrators and accounts."""
    return [*ADMIN_URLS, *accounts(service_registry.principals())]


def provision(_options: argparse.Namespace) -> int:
    """Make roles, database, schemas, virtual host, users, rights and shared exchanges."""
    given = required(os.environ, *operator_settings())
    principals = service_registry.principals()
    admin_urls = AdminUrls(*(given[name] for name in ADMIN_URLS))
    passwords = {
        account: unquote(urlsplit(given[name]).password or "")
        for name, account in accounts(principals).items()
    }
    provision_database(admin_urls, principals, passwords)
    provision_broker(admin_urls, principals, passwords)
    say(f"database {admin_urls.database} and virtual host {admin_urls.vhost} are provisioned")
    return 0


def migrate(options: argparse.Namespace) -> int:
    """Bring every schema up to date as the owner."""
    url = required(os.environ, OWNER_URL)[OWNER_URL]
    applied = migrate_all(url, service_registry.services(), wait=options.wait)
    for one in applied:
        say(f"applied {one}")
    say(f"{len(applied)} migrations applied, the schemas are up to date")
    return 0


def make_secrets(options: argparse.Namespace) -> int:
    """Make the keys, passwords and addresses of an installation: one folder per reader.

    What is there already stays. Files are readable by all, because a container's user is not ours,
    inside a folder that, if it is new, only we can enter.
    """
    root = Path(options.folder)
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    store = SecretsDir(root / "all")
    administrator = store.get("rabbitmq-administrator")
    admin_urls = AdminUrls(
        f"postgresql://{ADMIN}:{store.get('postgresql-administrator')}@{options.database}",
        f"amqp://{ADMIN}:{administrator}@{options.broker}",
        f"http://{ADMIN}:{administrator}@{options.management}",
    )
    more = dict(zip(ADMIN_URLS, astuple(admin_urls), strict=True))
    more["administrator.conf"] = f"default_user = {ADMIN}\ndefault_pass = {administrator}"
    if options.smtp:
        more["IMPEX_SMTP_URL"] = options.smtp
    write_secrets(store, admin_urls, more)
    readers = {
        one.name: service_registry.setting_names(one, secret=True)
        for one in service_registry.services()
    }
    readers |= {name: {amqp_setting(name)} for name in PUBLISHERS}
    readers["operator"] = set(operator_settings())
    readers["postgresql"] = {"postgresql-administrator"}
    readers["rabbitmq"] = {"administrator.conf"}
    for reader, names in readers.items():
        folder = root / reader
        folder.mkdir(parents=True, exist_ok=True)
        for name in sorted(names):
            if store.path(name).exists():
                put_secret(folder / name, store.get(name), 0o444)
    say(f"secrets are in {root}, one folder each for {', '.join(readers)}")
    return 0
