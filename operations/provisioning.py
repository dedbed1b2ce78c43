"""Making the database and the virtual host ready for the services, as an administrator.

Roles, schemas, migrations, users, rights, exchanges, queues. Everything may be run again at any
time and only adds or corrects; nothing is ever removed here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

from operations.broker_admin import BrokerAdmin
from operations.database_admin import address, create_database, create_roles, run_blocking
from operations.rights import OWNER, PUBLISHERS, Party, definitions
from shared.database import migrate
from shared.messaging import topology
from shared.runtime.service import Service

DATABASE = "impex"
VHOST = "impex"
#: Broker users that are no service: the operator's, and those of other applications.
OUTSIDERS = (topology.OPERATOR, *PUBLISHERS)


@dataclass(frozen=True)
class Places:
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


def account_names(parties: Iterable[Party]) -> list[str]:
    """Every database role and broker user that needs a password."""
    parties = tuple(parties)
    roles = [OWNER, *(party.role for party in parties)]
    return [*roles, *OUTSIDERS, *(party.name for party in parties)]


def owner_url(places: Places, passwords: Mapping[str, str]) -> str:
    """The address under which migrations run."""
    url = address(places.database_url, database=places.database)
    return address(url, user=OWNER, password=passwords[OWNER])


def service_urls(
    places: Places, parties: Iterable[Party], passwords: Mapping[str, str]
) -> dict[str, str]:
    """The settings `IMPEX_<SERVICE>_DATABASE_URL` and `…_AMQP_URL` of every service."""
    urls = {}
    for party in parties:
        url = address(places.database_url, database=places.database)
        role = address(url, user=party.role, password=passwords[party.role])
        urls[f"IMPEX_{party.name.upper()}_DATABASE_URL"] = role
        urls[amqp_setting(party.name)] = broker_url(places, party.name, passwords)
    return urls


def amqp_setting(user: str) -> str:
    """The setting that holds the broker address of a user."""
    return f"IMPEX_{user.upper()}_AMQP_URL"


def outsider_urls(places: Places, passwords: Mapping[str, str]) -> dict[str, str]:
    """The broker addresses of the users that are no service, by their settings."""
    return {amqp_setting(user): broker_url(places, user, passwords) for user in OUTSIDERS}


def broker_url(places: Places, user: str, passwords: Mapping[str, str]) -> str:
    """The AMQP address of one user."""
    url = address(places.amqp_url, user=user, password=passwords[user])
    return address(url, database=quote(places.vhost, safe=""))


def provision_database(
    places: Places, parties: Iterable[Party], passwords: Mapping[str, str]
) -> None:
    """Roles with their passwords, the database, and a schema per service."""
    parties = tuple(parties)
    server = address(places.database_url, database="postgres")
    create_roles(server, parties, passwords)
    create_database(server, places.database, parties)


def provision_broker(
    places: Places, parties: Iterable[Party], passwords: Mapping[str, str]
) -> None:
    """The virtual host, users with their passwords and rights, exchanges and queues."""
    parties = tuple(parties)
    admin = BrokerAdmin(places.management_url)
    administrator = unquote(urlsplit(places.management_url).username or "guest")
    names = {*OUTSIDERS, *(party.name for party in parties)}
    known = {name: password for name, password in passwords.items() if name in names}
    try:
        admin.load(definitions(places.vhost, parties, known, administrator))
    finally:
        admin.close()


def migrate_all(url: str, services: Iterable[Service], *, wait: float = 0) -> list[str]:
    """Bring every service's schema up to date as the owner; returns what was applied now.

    `wait` is how many seconds a server that is away is tried. SchemaMismatch and DependencyDown
    come from `shared.database`.
    """
    chosen = tuple(services)

    async def apply() -> list[str]:
        applied: list[str] = []
        for one in chosen:
            dirs = one.migration_dirs
            done = await migrate(url, one.name, f"impex_{one.name}", dirs, wait=wait)
            applied += [f"{one.name}: {label}" for label in done]
        return applied

    return run_blocking(apply())
