"""A post office for each test, on a fresh database and a fresh virtual host."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.integration.mailer.post_office import PostOffice
from tests.support.system import System


@pytest.fixture
async def office(system: System) -> AsyncIterator[PostOffice]:
    """Registration's voice and everybody's ears."""
    made = PostOffice(system)
    await made.open()
    yield made
    await made.close()
