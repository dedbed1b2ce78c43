"""What several tests of operators' commands need."""

import json
import os
from collections.abc import Iterator

import pytest

from operations import service_registry
from operations.provision.database_admin import with_url_parts
from operations.provision.install_commands import ADMIN_URLS
from operations.provision.provisioning import AdminUrls, account_urls, accounts
from tests.support.servers.shared_servers import ServerUrls, drop_database


@pytest.fixture
def fresh(servers: ServerUrls) -> Iterator[dict[str, str]]:
    """Everything `provision` and `migrate` read, for a database that is not there yet."""
    name = f"fresh_{os.getpid()}"
    admin_urls = AdminUrls(
        with_url_parts(servers.database_url, database=name),
        servers.amqp_url.removesuffix("%2F") + name,
        servers.management_url,
    )
    # The run's other tests use the same roles and users: their passwords must stay.
    path = servers.folder / "passwords.json"
    known: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    names = accounts(service_registry.principals()).values()
    passwords = {one: known.get(one, f"p-{one}") for one in names}
    urls = account_urls(admin_urls, service_registry.principals(), passwords)
    admin = (admin_urls.database_url, admin_urls.amqp_url, admin_urls.management_url)
    yield {**urls, **dict(zip(ADMIN_URLS, admin, strict=True))}
    drop_database(servers, name)
