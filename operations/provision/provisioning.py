"""Making the database and the virtual host ready for the services, as an administrator.

Roles, schemas, migrations, users, rights, exchanges, queues. Everything may be run again at any
time and only adds or corrects; no queue, table or message is ever removed here.
"""

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from operations import service_registry
from operations.provision.broker_admin import BrokerAdmin
from operations.provision.database_admin import (
    create_database,
    execute,
    refusals,
    run_blocking,
    with_url_parts,
)
from operations.provision.partners import Partner, declared
from operations.provision.permissions import OWNER, Principal, definitions, roles_sql
from operations.provision.secrets_dir import SecretsDir
from shared.database import migrate
from shared.messaging import topology
from shared.runtime.service import Service
from shared.security.key_text import split_ring
from shared.security.seal_keys import SealRing, new_seal_key
from shared.security.sealing import new_key
from shared.security.signing_keys import new_signing_key

DATABASE = "impex"
VHOST = "impex"
OWNER_URL = "IMPEX_OWNER_DATABASE_URL"


@dataclass(frozen=True)
class AdminUrls:
    """The administrators' addresses of the database and of the broker.

    The path of `database_url` is the database that the services use, that of `amqp_url` their
    virtual host.
    """

    database_url: str
    amqp_url: str
    management_url: str

    @property
    def database(self) -> str:
        """The name of the services' database."""
        return unquote(urlsplit(self.database_url).path.strip("/")) or DATABASE

    @property
    def vhost(self) -> str:
        """The services' virtual host."""
        return unquote(urlsplit(self.amqp_url).path[1:]) or "/"


def external_users() -> tuple[str, ...]:
    """Broker users that are not services and whose passwords the installation keeps: the operator's
    and those of partners."""
    return (topology.OPERATOR, *(one.name for one in declared() if one.in_secrets))


def amqp_setting(user: str) -> str:
    """The setting that holds the broker address of a user."""
    return f"IMPEX_{user.upper().replace('-', '_')}_AMQP_URL"


def accounts(principals: Iterable[Principal]) -> dict[str, str]:
    """Every database role and broker user, by the setting that holds its address."""
    found = {OWNER_URL: OWNER, **{amqp_setting(user): user for user in external_users()}}
    for one in principals:
        found[f"IMPEX_{one.name.upper()}_DATABASE_URL"] = one.role
        found[amqp_setting(one.name)] = one.name
    return found


def account_urls(
    admin_urls: AdminUrls, principals: Iterable[Principal], passwords: Mapping[str, str]
) -> dict[str, str]:
    """The address, with its login, of every database role and broker user, by its setting."""
    database = with_url_parts(admin_urls.database_url, database=admin_urls.database)
    broker = with_url_parts(admin_urls.amqp_url, database=quote(admin_urls.vhost, safe=""))
    return {
        setting: with_url_parts(
            broker if setting.endswith("_AMQP_URL") else database,
            user=account,
            password=passwords[account],
        )
        for setting, account in accounts(principals).items()
    }


def ring_makers() -> dict[str, Callable[..., str]]:
    """What makes a new key ring, by the setting that holds it."""
    secret: dict[str, Callable[..., str]] = dict.fromkeys(
        service_registry.key_ring_names(), new_key
    )
    secret |= dict.fromkeys(service_registry.signing_ring_names(), new_signing_key)
    return {**secret, **dict.fromkeys(service_registry.seal_ring_names(), new_seal_key)}


def new_key_for(name: str, *rings: str) -> str:
    """A new key for the ring of the setting `name`, with an id that none of `rings` uses."""
    used = {key_id for ring in rings for key_id, _ in split_ring(ring)}
    key_id = next(one for number in itertools.count(1) if (one := f"k{number}") not in used)
    return ring_makers()[name](key_id)


def write_secrets(
    store: SecretsDir, admin_urls: AdminUrls, more: Mapping[str, str], *, keep: bool = False
) -> dict[str, str]:
    """Write the keys and addresses that every service and operator is given, and `more`.

    Passwords and keys that are there stay, with `keep` addresses too; returns the passwords by role
    and user.
    """
    for name, make in ring_makers().items():
        store.get(name, make)
    principals = service_registry.principals()
    passwords = {name: store.get(f"password-{name}") for name in accounts(principals).values()}
    for name, url in {**account_urls(admin_urls, principals, passwords), **more}.items():
        if not keep or not store.path(name).exists():
            store.put(name, url)
    return passwords


def write_public_rings(store: SecretsDir) -> None:
    """Files of public keys, for services that seal, beside the rings in `store`.

    A former ring, whose key senders and reader share, gets a pair in front: for `make up`, which
    starts all of them together.
    """
    for name in service_registry.seal_ring_names():
        text = store.get(name)
        if isinstance(SealRing.parse(text).current[1], bytes):
            text = f"{new_key_for(name, text)},{text}"
            store.put(name, text)
        store.put(service_registry.public_file(name), SealRing.parse(text).for_senders())


def provision_database(
    admin_urls: AdminUrls, principals: Sequence[Principal], passwords: Mapping[str, str]
) -> None:
    """Roles with their passwords, the database, and a schema per service."""
    server = with_url_parts(admin_urls.database_url, database="postgres")
    execute(server, *roles_sql(principals, passwords))
    create_database(server, admin_urls.database, principals)


def provision_broker(
    admin_urls: AdminUrls, principals: Sequence[Principal], passwords: Mapping[str, str]
) -> list[str]:
    """The virtual host, users with their passwords and rights, exchanges and queues.

    Returns the partners that were made here without a password, because only they have it.
    """
    administrator = unquote(urlsplit(admin_urls.management_url).username or "guest")
    names = {*external_users(), *(principal.name for principal in principals)}
    known = {name: password for name, password in passwords.items() if name in names}
    partners = declared()
    with closing(BrokerAdmin(admin_urls.management_url)) as admin:
        there = admin.users()
        new = [one for one in partners if one.name not in {*known, *there}]
        known |= {one.name: "" for one in new}
        wanted = definitions(admin_urls.vhost, principals, known, administrator, partners=partners)
        replace_exchanges(admin, admin_urls.vhost, wanted)
        # A limit that an operator changed stays; what an earlier version did not set is added.
        known_policies = admin.policies(admin_urls.vhost)
        for one in wanted["policies"]:
            one["definition"] |= known_policies.get(one["name"], {})
        admin.import_definitions(wanted)
        # The queue of an earlier version, whose limit cannot be changed: what it holds stays, and
        # new events are in the other one.
        admin.unbind_queue(admin_urls.vhost, topology.UNROUTED, topology.UNROUTED)
        unbind_unheard(admin, admin_urls.vhost, partners)
    return [one.name for one in new if one.logs_in]


def unbind_unheard(admin: BrokerAdmin, vhost: str, partners: Sequence[Partner]) -> None:
    """End what the queues of partners still take and their files no longer name."""
    wanted = {(row.exchange, row.queue, row.key) for p in partners for row in p.topology().bindings}
    theirs = {topology.partner_queue(one.name) for one in partners}
    for one in admin.bindings(vhost):
        row = (one["source"], one["destination"], one["routing_key"])
        if row[1] in theirs and row[0] and row not in wanted:
            admin.unbind(vhost, one)


def replace_exchanges(admin: BrokerAdmin, vhost: str, wanted: Mapping[str, Any]) -> None:
    """Make exchanges of `wanted` anew that an earlier version made with another type.

    No message is lost in the moment between: queues keep theirs, dead letters wait in their queue
    (at-least-once), publishers try again, and a request is refused and its form stays as typed.
    Bindings that are not `wanted` are gone.
    """
    for one in wanted["exchanges"]:
        kind = admin.exchange_kind(vhost, one["name"])
        if kind in (None, one["type"]):
            continue
        bindings = [row for row in wanted["bindings"] if row["source"] == one["name"]]
        bound = {row["destination"] for row in bindings}
        admin.import_definitions(
            {"queues": [row for row in wanted["queues"] if row["name"] in bound]}
        )
        admin.delete_exchange(vhost, one["name"])
        admin.import_definitions({"exchanges": [one], "bindings": bindings})


def migrate_all(url: str, services: Sequence[Service]) -> list[str]:
    """Bring every service's schema up to date as the owner; returns what was applied now."""
    applied: list[str] = []
    for one in services:
        migrate_schema(url, one, applied.append)
    return applied


def migrate_schema(url: str, service: Service, tell: Callable[[str], object]) -> None:
    """Bring a service's schema up to date as the owner; `tell` is given what is applied, at once.

    SchemaMismatch and DependencyDown come from `shared.database`; DatabaseRefused with what
    PostgreSQL refuses.
    """
    name, role = service.name, f"impex_{service.name}"

    def applied(label: str) -> None:
        tell(f"{name}: {label}")

    with refusals():
        run_blocking(migrate(url, name, role, service.migration_dirs, applied))
