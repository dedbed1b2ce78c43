"""One of our services with password hashes that cost almost nothing, to see the rest of its work:
`python -m benchmarks.cheap_hashes services.registration`.

Stored hashes name the cost of the settings, so whatever compares costs works as always.
"""

import re
import runpy
import sys
from typing import Any
from unittest.mock import patch

from argon2.low_level import hash_secret

from shared.security import password_hashing

COST = re.compile(rb"m=\d+,t=\d+,p=\d+")


def hash_cheaply(
    secret: bytes, salt: bytes, *, memory_cost: int, time_cost: int, parallelism: int, **more: Any
) -> bytes:
    """The cheapest argon2id, under the name of the cost that was asked for."""
    cheap = hash_secret(secret, salt, memory_cost=8, time_cost=1, parallelism=1, **more)
    return COST.sub(f"m={memory_cost},t={time_cost},p={parallelism}".encode(), cheap, count=1)


if __name__ == "__main__":
    patch.object(password_hashing, "hash_secret", hash_cheaply).start()
    runpy.run_module(sys.argv.pop(1), run_name="__main__", alter_sys=True)
