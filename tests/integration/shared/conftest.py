"""A street of services for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable

import pytest

from operations.rights import Party
from shared.contracts import mailer, registration
from shared.contracts.base import EVENTS, REQUESTS
from tests.integration.shared.neighbours import Street
from tests.support.servers import Broker, Database

SAID = {
    owner: tuple(cls for cls in EVENTS.values() if owner == cls.OWNER)
    for owner in (registration.OWNER, mailer.OWNER)
}
ASKED = tuple(cls for cls in REQUESTS.values() if cls.OWNER == registration.OWNER)

#: What these tests say of three services, whatever the real ones hear by now.
PARTIES = (
    Party("registration", hears=SAID["mailer"], emits=SAID["registration"], answers=ASKED),
    Party("mailer", hears=SAID["registration"], emits=SAID["mailer"]),
    Party("gateway", asks=ASKED),
)


@pytest.fixture
def broker(broker_factory: Callable[[Iterable[Party]], Broker]) -> Broker:
    """A fresh virtual host with the rights of `PARTIES`."""
    return broker_factory(PARTIES)


@pytest.fixture
async def street(database: Database, broker: Broker) -> AsyncIterator[Street]:
    """Nodes made in it are drained at the end."""
    made = Street(database, broker)
    yield made
    await made.close()
