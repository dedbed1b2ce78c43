"""argon2id over the peppered password, in a bounded pool of threads.

The password is keyed with the pepper (a key outside the database), then hashed with a salt derived
from the address under the same key. So one computation serves an account and all requests of its
address, and a check takes the same time whatever exists (AU-08).
"""

import asyncio
import base64
import hmac
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from argon2.low_level import Type, hash_secret

from services.registration.passwords import PasswordHash, normalize
from shared.security.sealing import KeyRing, keyed_hash

SALT_BYTES = 16
HASH_BYTES = 32
_SALT = "registration/salt"
_PEPPER = "registration/password"


@dataclass(frozen=True)
class Cost:
    """The cost of one hash: KiB of memory, passes, lanes."""

    memory: int
    time: int
    parallelism: int


@dataclass(frozen=True)
class _HashParameters:
    """Everything a hash depends on besides the password."""

    key_id: str
    salt: bytes
    cost: Cost


class Hasher:
    """Hashes and compares passwords, `threads` at once; further ones wait in order."""

    def __init__(self, ring: KeyRing, cost: Cost, threads: int) -> None:
        self._ring = ring
        self._cost = cost
        self._slots = asyncio.Semaphore(threads)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="argon2")

    def close(self) -> None:
        """Stop the threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def hash(self, password: str, address_key: str) -> PasswordHash:
        """The hash to store for this address."""
        parameters = self._parameters(address_key)
        return PasswordHash(await self._compute(parameters, password), parameters.key_id)

    async def find(
        self, password: str, address_key: str, candidates: Sequence[PasswordHash]
    ) -> int | None:
        """The index of the first candidate that the password matches, or None.

        At least as many hashes are computed as the ring has keys, also without a candidate.
        """
        computed: dict[_HashParameters, str] = {}
        for parameters in self._needed(address_key, candidates):
            computed[parameters] = await self._compute(parameters, password)
        found = None
        for index, candidate in enumerate(candidates):
            text = computed.get(_parse(candidate), "")
            if hmac.compare_digest(text, candidate.text) and found is None:
                found = index
        return found

    def is_outdated(self, hashed: PasswordHash, address_key: str) -> bool:
        """Whether cost, salt or pepper key differ from the current ones (PW-11, PW-12)."""
        return _parse(hashed) != self._parameters(address_key)

    def _parameters(self, address_key: str, key_id: str | None = None) -> _HashParameters:
        key_id = key_id or self._ring.current[0]
        return _HashParameters(
            key_id, self._keyed(key_id, _SALT, address_key)[:SALT_BYTES], self._cost
        )

    def _needed(
        self, address_key: str, candidates: Sequence[PasswordHash]
    ) -> list[_HashParameters]:
        used = dict.fromkeys(_parse(candidate) for candidate in candidates)
        usual = [self._parameters(address_key, key_id) for key_id, _ in self._ring.keys]
        spare = [each for each in usual if each not in used]
        known = [each for each in used if self._ring.get(each.key_id) is not None]
        return known + spare[: max(0, len(usual) - len(known))]

    def _keyed(self, key_id: str, purpose: str, value: str) -> bytes:
        key = self._ring.get(key_id)
        if key is None:
            raise KeyError(f"the pepper key {key_id} is not in the ring")
        return keyed_hash(KeyRing(((key_id, key),)), purpose, value)[1]

    async def _compute(self, parameters: _HashParameters, password: str) -> str:
        peppered = self._keyed(parameters.key_id, _PEPPER, normalize(password))
        async with self._slots:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._pool, _argon2id, parameters, peppered)


def _argon2id(parameters: _HashParameters, peppered: bytes) -> str:
    cost = parameters.cost
    encoded = hash_secret(
        peppered,
        parameters.salt,
        time_cost=cost.time,
        memory_cost=cost.memory,
        parallelism=cost.parallelism,
        hash_len=HASH_BYTES,
        type=Type.ID,
    )
    return encoded.decode("ascii")


def _parse(hashed: PasswordHash) -> _HashParameters:
    _, _, _, costs, salt, _ = hashed.text.split("$")
    values = dict(part.split("=") for part in costs.split(","))
    cost = Cost(int(values["m"]), int(values["t"]), int(values["p"]))
    return _HashParameters(hashed.key_id, base64.b64decode(salt + "=" * (-len(salt) % 4)), cost)
