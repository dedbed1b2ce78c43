"""The mailer's surroundings for each test, on a fresh database and a fresh virtual host."""

from collections.abc import AsyncIterator

import pytest

from tests.support.mail.checked_once import check_templates_once
from tests.support.mail.mailer_fixture import MailerFixture
from tests.support.servers.system import System


@pytest.fixture(autouse=True)
def _templates_checked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    check_templates_once(monkeypatch)


@pytest.fixture
async def mailer(system: System) -> AsyncIterator[MailerFixture]:
    """The services that the mailer hears, and a subscriber to what it publishes."""
    made = MailerFixture(system)
    await made.open()
    yield made
    await made.close()
