"""Password hashes at the lowest cost: they would take most of the time of a test of sign-in.

Stored hashes name the cost of the settings, so everything that compares costs works as with real
ones. Unit tests, all tests that start processes, and those with `real_hashes` compute real ones.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from argon2.low_level import hash_secret

from services.registration import hashing

#: Folders whose tests share database sessions, and therefore an event loop.
ONE_LOOP = [Path(__file__).parent / name for name in ("registration", "mfa", "profile", "dossiers")]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One loop for each of these folders. Their async fixtures have `loop_scope="package"`."""
    for item in items:
        if item.path.parent in ONE_LOOP and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="package"), append=False)


@pytest.fixture(scope="session", autouse=True)
def _cheap_hashes() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hashing, "hash_secret", _hash_cheaply)
        yield


@pytest.fixture
def real_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """For attempts in parallel, which overlap as long as hashes take."""
    monkeypatch.setattr(hashing, "hash_secret", hash_secret)


def _hash_cheaply(
    secret: bytes, salt: bytes, *, time_cost: int, memory_cost: int, parallelism: int, **more: Any
) -> bytes:
    cheap = hash_secret(
        secret, salt, time_cost=1, memory_cost=8 * parallelism, parallelism=parallelism, **more
    )
    algorithm, version, _cost, *rest = cheap.removeprefix(b"$").split(b"$")
    cost = f"m={memory_cost},t={time_cost},p={parallelism}".encode()
    return b"$" + b"$".join((algorithm, version, cost, *rest))
