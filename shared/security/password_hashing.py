"""argon2id over the peppered password, in a bounded pool of threads.

The password is keyed with the pepper (a key outside the database), then hashed with a salt derived
from the address under the same key. So one computation serves an account and all requests of its
address.

A recipe is the pepper key and the cost of a hash. Settings change, and a stored hash keeps its
recipe until its password is used. So a check computes one hash for every recipe that any stored
hash has: it takes the same time whatever the address has (AU-08).
"""

import asyncio
import base64
import hmac
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from argon2.low_level import Type, hash_secret

from shared.domain.typed_text import MAX_PARTS, normal_form
from shared.security.sealing import KeyRing, keyed_hash

#: A longer password, in UTF-8, is refused before any rule or hash (PW-13).
MAX_PASSWORD_BYTES = 1024
SALT_BYTES = 16
HASH_BYTES = 32


@dataclass(frozen=True)
class PasswordHash:
    """A stored password: argon2's encoded hash, and the id of the pepper key."""

    text: str
    key_id: str

    def __repr__(self) -> str:
        return "<password hash>"


def normalize(password: str) -> str:
    """The form that is measured, checked and hashed: NFC, otherwise unchanged (PW-02)."""
    return normal_form(password[: MAX_PARTS * MAX_PASSWORD_BYTES], MAX_PASSWORD_BYTES)


@dataclass(frozen=True)
class Cost:
    """The cost of one hash: KiB of memory, passes, lanes."""

    memory: int
    time: int
    parallelism: int


@dataclass(frozen=True)
class Recipe:
    """What hashes of different addresses have in common: the pepper key's id and the cost."""

    key_id: str
    cost: Cost

    @classmethod
    def parse(cls, text: str) -> "Recipe":
        """Read « key id$m=19456,t=2,p=1 », as the database has it."""
        key_id, _, cost = text.rpartition("$")
        return cls(key_id, _parse_cost(cost))


@dataclass(frozen=True)
class _HashParameters:
    """Everything a hash depends on besides the password."""

    recipe: Recipe
    salt: bytes


class Hasher:
    """Hashes and compares passwords, `threads` at once; further ones wait in order.

    `owner` is the service whose passwords they are; it separates its hashes from others'.
    """

    def __init__(self, owner: str, ring: KeyRing, cost: Cost, threads: int) -> None:
        self._owner = owner
        self._ring = ring
        self._cost = cost
        self._slots = asyncio.Semaphore(threads)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="argon2")

    def close(self) -> None:
        """Stop the threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def hash(self, password: str, address_key: str) -> PasswordHash:
        """The hash to store for this address."""
        parameters = self._parameters(address_key, self._current)
        return PasswordHash(await self._compute(parameters, password), parameters.recipe.key_id)

    async def find(
        self,
        password: str,
        address_key: str,
        candidates: Sequence[PasswordHash],
        in_use: Iterable[Recipe],
    ) -> int | None:
        """The index of the first candidate that the password matches, or None.

        One hash is computed for the current recipe and for each `in_use`, also without a candidate.
        """
        computed: dict[_HashParameters, str] = {}
        for parameters in self._needed(address_key, candidates, in_use):
            computed[parameters] = await self._compute(parameters, password)
        found = None
        for index, candidate in enumerate(candidates):
            text = computed.get(_parse(candidate), "")
            if hmac.compare_digest(text, candidate.text) and found is None:
                found = index
        return found

    def is_outdated(self, hashed: PasswordHash, address_key: str) -> bool:
        """Whether cost, salt or pepper key differ from the current ones (PW-11, PW-12)."""
        return _parse(hashed) != self._parameters(address_key, self._current)

    @property
    def _current(self) -> Recipe:
        return Recipe(self._ring.current[0], self._cost)

    def _parameters(self, address_key: str, recipe: Recipe) -> _HashParameters:
        salt = self._keyed(recipe.key_id, f"{self._owner}/salt", address_key)[:SALT_BYTES]
        return _HashParameters(recipe, salt)

    def _needed(
        self, address_key: str, candidates: Sequence[PasswordHash], in_use: Iterable[Recipe]
    ) -> list[_HashParameters]:
        """A candidate's hash stands for its recipe; without the key of its recipe none is right."""
        own = dict.fromkeys(_parse(candidate) for candidate in candidates)
        covered = {each.recipe for each in own}
        spare = [each for each in dict.fromkeys([self._current, *in_use]) if each not in covered]
        known = [each for each in spare if self._ring.get(each.key_id) is not None]
        return [
            *(each for each in own if self._ring.get(each.recipe.key_id) is not None),
            *(self._parameters(address_key, each) for each in known),
        ]

    def _keyed(self, key_id: str, purpose: str, value: str) -> bytes:
        key = self._ring.get(key_id)
        if key is None:
            raise KeyError(f"the pepper key {key_id} is not in the ring")
        return keyed_hash(KeyRing(((key_id, key),)), purpose, value)[1]

    async def _compute(self, parameters: _HashParameters, password: str) -> str:
        peppered = self._keyed(
            parameters.recipe.key_id, f"{self._owner}/password", normalize(password)
        )
        async with self._slots:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._pool, _argon2id, parameters, peppered)


def _argon2id(parameters: _HashParameters, peppered: bytes) -> str:
    cost = parameters.recipe.cost
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
    _, _, _, cost, salt, _ = hashed.text.split("$")
    recipe = Recipe(hashed.key_id, _parse_cost(cost))
    return _HashParameters(recipe, base64.b64decode(salt + "=" * (-len(salt) % 4)))


def _parse_cost(text: str) -> Cost:
    """The cost in argon2's spelling: « m=19456,t=2,p=1 »."""
    values = dict(part.split("=") for part in text.split(","))
    return Cost(int(values["m"]), int(values["t"]), int(values["p"]))
