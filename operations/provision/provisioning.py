"""Making the database and the virtual host ready for the services, as an administrator.

Roles, schemas, migrations, users, rights, exchanges, queues. Everything may be run again at any
time and only adds or corrects; nothing is ever removed here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

from operations.provision.broker_admin import BrokerAdmin
from operations.provision.database_admin import (
    create_database,
    create_roles,
    run_blocking,
    with_url_parts,
)
from operations.provision.permissions import OWNER, PUBLISHERS, Principal, definitions
from shared.database import migrate
from shared.messaging import topology
from shared.runtime.service import Service

DATABASE = "impex"
VHOST = "impex"
#: Broker users that are no service: the operator's, and those of other applications.
EXTERNAL_USERS = (topology.OPERATOR, *PUBLISHERS)


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


def account_names(principals: Iterable[Principal]) -> list[str]:
    """Every database role and broker user that needs a password."""
    principals = tuple(principals)
    roles = [OWNER, *(principal.role for principal in principals)]
    return [*roles, *EXTERNAL_USERS, *(principal.name for principal in principals)]


def owner_url(admin_urls: AdminUrls, passwords: Mapping[str, str]) -> str:
    """The address under which migrations run."""
    url = with_url_parts(admin_urls.database_url, database=admin_urls.database)
    return with_url_parts(url, user=OWNER, password=passwords[OWNER])


def service_urls(
    admin_urls: AdminUrls, principals: Iterable[Principal], passwords: Mapping[str, str]
) -> dict[str, str]:
    """The settings `IMPEX_<SERVICE>_DATABASE_URL` and `…_AMQP_URL` of every service."""
    urls = {}
    for principal in principals:
        url = with_url_parts(admin_urls.database_url, database=admin_urls.database)
        role = with_url_parts(url, user=principal.role, password=passwords[principal.role])
        urls[f"IMPEX_{principal.name.upper()}_DATABASE_URL"] = role
        urls[amqp_setting(principal.name)] = broker_url(admin_urls, principal.name, passwords)
    return urls


def amqp_setting(user: str) -> str:
    """The setting that holds the broker address of a user."""
    return f"IMPEX_{user.upper()}_AMQP_URL"


def external_user_urls(admin_urls: AdminUrls, passwords: Mapping[str, str]) -> dict[str, str]:
    """The broker addresses of the users that are no service, by their settings."""
    return {amqp_setting(user): broker_url(admin_urls, user, passwords) for user in EXTERNAL_USERS}


def broker_url(admin_urls: AdminUrls, user: str, passwords: Mapping[str, str]) -> str:
    """The AMQP address of one user."""
    url = with_url_parts(admin_urls.amqp_url, user=user, password=passwords[user])
    return with_url_parts(url, database=quote(admin_urls.vhost, safe=""))


def provision_database(
    admin_urls: AdminUrls, principals: Iterable[Principal], passwords: Mapping[str, str]
) -> None:
    """Roles with their passwords, the database, and a schema per service."""
    principals = tuple(principals)
    server = with_url_parts(admin_urls.database_url, database="postgres")
    create_roles(server, principals, passwords)
    create_database(server, admin_urls.database, principals)


def provision_broker(
    admin_urls: AdminUrls, principals: Iterable[Principal], passwords: Mapping[str, str]
) -> None:
    """The virtual host, users with their passwords and rights, exchanges and queues."""
    principals = tuple(principals)
    admin = BrokerAdmin(admin_urls.management_url)
    administrator = unquote(urlsplit(admin_urls.management_url).username or "guest")
    names = {*EXTERNAL_USERS, *(principal.name for principal in principals)}
    known = {name: password for name, password in passwords.items() if name in names}
    try:
        admin.import_definitions(definitions(admin_urls.vhost, principals, known, administrator))
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
