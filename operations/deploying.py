"""`impex provision`, `impex migrate`, `impex secrets`: one installation, wherever it runs.

Provisioning takes the passwords out of the very addresses that the services are given, so the two
cannot differ. All three may be run again at any time.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

from operations import house
from operations.progress import say
from operations.provisioning import (
    OUTSIDERS,
    Places,
    account_names,
    amqp_setting,
    migrate_all,
    outsider_urls,
    owner_url,
    provision_broker,
    provision_database,
    service_urls,
)
from operations.reach import required
from operations.rights import OWNER, PUBLISHERS
from operations.servers import ADMIN
from operations.wallet import Wallet, fill_key_rings

OWNER_URL = "IMPEX_OWNER_DATABASE_URL"
ADMIN_URLS = ("IMPEX_DATABASE_URL", "IMPEX_AMQP_URL", "IMPEX_AMQP_MANAGEMENT_URL")


def account_urls() -> dict[str, str]:
    """Which setting holds the password of which role or user."""
    accounts = {OWNER_URL: OWNER, **{amqp_setting(user): user for user in OUTSIDERS}}
    for party in house.parties():
        accounts[f"IMPEX_{party.name.upper()}_DATABASE_URL"] = party.role
        accounts[amqp_setting(party.name)] = party.name
    return accounts


def provision(_options: argparse.Namespace) -> int:
    """Make roles, database, schemas, virtual host, users, rights and shared exchanges."""
    accounts = account_urls()
    given = required(os.environ, *ADMIN_URLS, *accounts)
    places = Places(*(given[name] for name in ADMIN_URLS))
    passwords = {
        account: unquote(urlsplit(given[name]).password or "") for name, account in accounts.items()
    }
    provision_database(places, house.parties(), passwords)
    provision_broker(places, house.parties(), passwords)
    say(f"database {places.database} and virtual host {places.vhost} are provisioned")
    return 0


def migrate(options: argparse.Namespace) -> int:
    """Bring every schema up to date as the owner."""
    url = required(os.environ, OWNER_URL)[OWNER_URL]
    applied = migrate_all(url, house.services(), wait=options.wait)
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
    store = Wallet(root / "all")
    passwords = {name: store.get(f"password-{name}") for name in account_names(house.parties())}
    places = Places(
        f"postgresql://{ADMIN}:{store.get('postgresql-administrator')}@{options.database}",
        f"amqp://{ADMIN}:{store.get('rabbitmq-administrator')}@{options.broker}",
        f"http://{ADMIN}:{store.get('rabbitmq-administrator')}@{options.management}",
    )
    fill_key_rings(store, (one.settings for one in house.services()))
    urls = service_urls(places, house.parties(), passwords)
    urls[OWNER_URL] = owner_url(places, passwords)
    urls |= outsider_urls(places, passwords)
    admin_urls = (places.database_url, places.amqp_url, places.management_url)
    urls |= dict(zip(ADMIN_URLS, admin_urls, strict=True))
    if options.smtp:
        urls["IMPEX_SMTP_URL"] = options.smtp
    for name, url in urls.items():
        store.put(name, url)
    administrator = store.get("rabbitmq-administrator")
    store.put("administrator.conf", f"default_user = {ADMIN}\ndefault_pass = {administrator}")
    readers = {one.name: house.secret_names(one.name) for one in house.services()}
    readers |= {name: {amqp_setting(name)} for name in PUBLISHERS}
    readers["operator"] = {*ADMIN_URLS, *account_urls()}
    readers["postgresql"] = {"postgresql-administrator"}
    readers["rabbitmq"] = {"administrator.conf"}
    for reader, names in readers.items():
        _share(store, root / reader, names)
    say(f"secrets are in {root}, one folder each for {', '.join(readers)}")
    return 0


def _share(store: Wallet, folder: Path, names: set[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in sorted(names):
        if store.path(name).exists():
            target = folder / name
            target.write_text(store.get(name) + "\n")
            target.chmod(0o444)
