"""argon2id over the peppered password, in as many threads as there are cores.

The password is first keyed with the pepper (a key that is not in the database), then hashed with a
salt of the address's own, derived under the same key: so one computation answers for an account
and for every request of its address, and a check takes the same time whatever exists (AU-08). The
event loop is never held. A password is kept no longer than the call.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from argon2.low_level import Type, hash_secret

from services.registration.passwords import Hashed, normalize
from shared.security.sealing import KeyRing, keyed_hash

SALT_BYTES = 16
HASH_BYTES = 32
_SALT = "registration/salt"
_PEPPER = "registration/password"


@dataclass(frozen=True)
class Cost:
    """What one hash costs: KiB of memory, passes, lanes."""

    memory: int
    time: int
    parallelism: int


@dataclass(frozen=True)
class _Recipe:
    """All that makes the hash of one password differ from another's but the password."""

    key_id: str
    salt: bytes
    cost: Cost


class Hasher:
    """Hashes and checks passwords. `threads` hash at once; the others wait in order."""

    def __init__(self, ring: KeyRing, cost: Cost, threads: int) -> None:
        self._ring = ring
        self._cost = cost
        self._slots = asyncio.Semaphore(threads)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="argon2")

    def close(self) -> None:
        """Let the threads end."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def hash(self, password: str, address_key: str) -> Hashed:
        """The password as it is stored for this address."""
        recipe = self._recipe(address_key)
        return Hashed(await self._compute(recipe, password), recipe.key_id)

    async def find(
        self, password: str, address_key: str, candidates: Sequence[Hashed]
    ) -> int | None:
        """Which of the candidates the password is for: the first one's place, or None.

        As many hashes are computed as the ring has keys, though there be no candidate.
        """
        computed: dict[_Recipe, str] = {}
        for recipe in self._needed(address_key, candidates):
            computed[recipe] = await self._compute(recipe, password)
        found = None
        for place, candidate in enumerate(candidates):
            text = computed.get(_read(candidate), "")
            if hmac.compare_digest(text, candidate.text) and found is None:
                found = place
        return found

    def is_outdated(self, hashed: Hashed, address_key: str) -> bool:
        """Whether the settings or the pepper's key have changed since it was made (PW-11, 12)."""
        return _read(hashed) != self._recipe(address_key)

    def _recipe(self, address_key: str, key_id: str | None = None) -> _Recipe:
        key_id = key_id or self._ring.current[0]
        return _Recipe(key_id, self._keyed(key_id, _SALT, address_key)[:SALT_BYTES], self._cost)

    def _needed(self, address_key: str, candidates: Sequence[Hashed]) -> list[_Recipe]:
        recipes = dict.fromkeys(_read(candidate) for candidate in candidates)
        usual = [self._recipe(address_key, key_id) for key_id, _ in self._ring.keys]
        spare = [recipe for recipe in usual if recipe not in recipes]
        known = [recipe for recipe in recipes if self._ring.get(recipe.key_id) is not None]
        return known + spare[: max(0, len(usual) - len(known))]

    def _keyed(self, key_id: str, purpose: str, value: str) -> bytes:
        key = self._ring.get(key_id)
        if key is None:
            raise KeyError(f"the pepper key {key_id} is not in the ring")
        return keyed_hash(KeyRing(((key_id, key),)), purpose, value)[1]

    async def _compute(self, recipe: _Recipe, password: str) -> str:
        peppered = self._keyed(recipe.key_id, _PEPPER, normalize(password))
        async with self._slots:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._pool, _argon2id, recipe, peppered)


def _argon2id(recipe: _Recipe, peppered: bytes) -> str:
    cost = recipe.cost
    encoded = hash_secret(
        peppered,
        recipe.salt,
        time_cost=cost.time,
        memory_cost=cost.memory,
        parallelism=cost.parallelism,
        hash_len=HASH_BYTES,
        type=Type.ID,
    )
    return encoded.decode("ascii")


def _read(hashed: Hashed) -> _Recipe:
    _, _, _, costs, salt, _ = hashed.text.split("$")
    values = dict(part.split("=") for part in costs.split(","))
    cost = Cost(int(values["m"]), int(values["t"]), int(values["p"]))
    return _Recipe(hashed.key_id, base64.b64decode(salt + "=" * (-len(salt) % 4)), cost)
