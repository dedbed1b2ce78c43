"""Password hashes at the lowest cost: they would take most of the time of a test of sign-in.

Stored hashes name the cost of the settings, so everything that compares costs works as with real
ones.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from argon2.low_level import hash_secret

from shared.security import password_hashing as hashing


@contextmanager
def cheap_hashes() -> Iterator[None]:
    """Hash cheaply in this process, for as long as this lasts."""
    with patch.object(hashing, "hash_secret", _hash_cheaply):
        yield


def _hash_cheaply(
    secret: bytes, salt: bytes, *, time_cost: int, memory_cost: int, parallelism: int, **more: Any
) -> bytes:
    cheap = hash_secret(
        secret, salt, time_cost=1, memory_cost=8 * parallelism, parallelism=parallelism, **more
    )
    algorithm, version, _cost, *rest = cheap.removeprefix(b"$").split(b"$")
    cost = f"m={memory_cost},t={time_cost},p={parallelism}".encode()
    return b"$" + b"$".join((algorithm, version, cost, *rest))
