"""A post office for each test, on a fresh database and a fresh virtual host."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from functools import cache

import pytest

from services.mailer import settings
from services.mailer.messages import Messages
from tests.support.mail.mailer_fixture import MailerFixture
from tests.support.servers.system import System


@cache
def _known_problems(writer: type[Messages], *given: object) -> tuple[str, ...]:
    return tuple(writer(*given).check())  # type: ignore[arg-type]


class _CheckedOnce(Messages):
    """Every mail is written once to see whether it can be: not anew for each test."""

    def __init__(self, *given: object) -> None:
        super().__init__(*given)  # type: ignore[arg-type]
        self._given = given

    def check(self) -> Iterator[str]:
        return iter(_known_problems(Messages, *self._given))


@pytest.fixture(autouse=True)
def _templates_checked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The house's templates are the same for every test here."""
    monkeypatch.setattr(settings, "Messages", _CheckedOnce)


@pytest.fixture
async def mailer(system: System) -> AsyncIterator[MailerFixture]:
    """Registration's voice and everybody's ears."""
    made = MailerFixture(system)
    await made.open()
    yield made
    await made.close()
