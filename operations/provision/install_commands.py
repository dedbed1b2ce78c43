"""`impex provision`, `impex migrate`, `impex secrets`: one installation, wherever it runs.

Provisioning takes the passwords out of the very addresses that the services are given, so the two
cannot differ. All three may be run again at any time.
"""

import argparse
import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

from operations import service_registry
from operations.install.progress import say
from operations.install.servers import ADMIN
from operations.operate.endpoints import required
from operations.provision.permissions import OWNER, PUBLISHERS
from operations.provision.provisioning import (
    EXTERNAL_USERS,
    AdminUrls,
    account_names,
    amqp_setting,
    external_user_urls,
    migrate_all,
    owner_url,
    provision_broker,
    provision_database,
    service_urls,
)
from operations.provision.secrets_dir import SecretsDir, fill_key_rings

OWNER_URL = "IMPEX_OWNER_DATABASE_URL"
ADMIN_URLS = ("IMPEX_DATABASE_URL", "IMPEX_AMQP_URL", "IMPEX_AMQP_MANAGEMENT_URL")


def external_user_settings() -> dict[str, str]:
    """Which setting holds the password of which role or user."""
    accounts = {OWNER_URL: OWNER, **{amqp_setting(user): user for user in EXTERNAL_USERS}}
    for principal in service_registry.principals():
        accounts[f"IMPEX_{principal.name.upper()}_DATABASE_URL"] = principal.role
        accounts[amqp_setting(principal.name)] = principal.name
    return accounts


def provision(_options: argparse.Namespace) -> int:
    """Make roles, database, schemas, virtual host, users, rights and shared exchanges."""
    accounts = external_user_settings()
    given = required(os.environ, *ADMIN_URLS, *accounts)
    admin_urls = AdminUrls(*(given[name] for name in ADMIN_URLS))
    passwords = {
        account: unquote(urlsplit(given[name]).password or "") for name, account in accounts.items()
    }
    provision_database(admin_urls, service_registry.principals(), passwords)
    provision_broker(admin_urls, service_registry.principals(), passwords)
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

    What is there already stays. Files are readable by all inside folders that are not, because a
    container's user is not ours.
    """
    root = Path(options.folder)
    store = SecretsDir(root / "all")
    passwords = {
        name: store.get(f"password-{name}") for name in account_names(service_registry.principals())
    }
    admin_urls = AdminUrls(
        f"postgresql://{ADMIN}:{store.get('postgresql-administrator')}@{options.database}",
        f"amqp://{ADMIN}:{store.get('rabbitmq-administrator')}@{options.broker}",
        f"http://{ADMIN}:{store.get('rabbitmq-administrator')}@{options.management}",
    )
    fill_key_rings(store, (one.settings for one in service_registry.services()))
    urls = service_urls(admin_urls, service_registry.principals(), passwords)
    urls[OWNER_URL] = owner_url(admin_urls, passwords)
    urls |= external_user_urls(admin_urls, passwords)
    administrators = (admin_urls.database_url, admin_urls.amqp_url, admin_urls.management_url)
    urls |= dict(zip(ADMIN_URLS, administrators, strict=True))
    if options.smtp:
        urls["IMPEX_SMTP_URL"] = options.smtp
    for name, url in urls.items():
        store.put(name, url)
    administrator = store.get("rabbitmq-administrator")
    store.put("administrator.conf", f"default_user = {ADMIN}\ndefault_pass = {administrator}")
    readers = {
        one.name: service_registry.secret_names(one.name) for one in service_registry.services()
    }
    readers |= {name: {amqp_setting(name)} for name in PUBLISHERS}
    readers["operator"] = {*ADMIN_URLS, *external_user_settings()}
    readers["postgresql"] = {"postgresql-administrator"}
    readers["rabbitmq"] = {"administrator.conf"}
    for reader, names in readers.items():
        _share(store, root / reader, names)
    say(f"secrets are in {root}, one folder each for {', '.join(readers)}")
    return 0


def _share(store: SecretsDir, folder: Path, names: set[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in sorted(names):
        if store.path(name).exists():
            target = folder / name
            target.write_text(store.get(name) + "\n")
            target.chmod(0o444)
