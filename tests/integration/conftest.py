"""Cheap password hashes, and one event loop where tests share database sessions.

Tests with `real_hashes` compute real hashes.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from argon2.low_level import hash_secret

from shared.security import password_hashing as hashing
from tests.support.cheap_hashes import cheap_hashes

#: Folders whose tests share database sessions, and therefore an event loop.
ONE_LOOP = [
    Path(__file__).parent / name
    for name in ("registration", "mfa", "profile", "dossiers", "support")
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One loop per worker for these folders, whose async fixtures have `loop_scope="package"`."""
    for item in items:
        if item.path.parent in ONE_LOOP and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="package"), append=False)


@pytest.fixture(scope="package", autouse=True)
def _cheap_hashes() -> Iterator[None]:
    with cheap_hashes():
        yield


@pytest.fixture
def real_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """For attempts in parallel, which overlap as long as hashes take."""
    monkeypatch.setattr(hashing, "hash_secret", hash_secret)
