"""argon2id with a pepper: stored form, verification, number of hashes (PW-11 to 13)."""

import asyncio
import base64
import threading
import time
from collections.abc import Iterator
from typing import Any

import argon2
import pytest

from shared.security import password_hashing as hashing
from shared.security.password_hashing import Cost, Hasher, PasswordHash, Recipe
from shared.security.sealing import KeyRing, new_key

COST = Cost(19_456, 2, 1)
OLD, NEW = new_key("k1"), new_key("k2")
KEY = "pierre@x.fr"
USUAL = Recipe("k1", COST)


@pytest.fixture
def hasher() -> Iterator[Hasher]:
    made = Hasher("registration", KeyRing.parse(OLD), COST, 2)
    yield made
    made.close()


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The threads that computed a hash, one entry per hash."""
    threads: list[str] = []
    original = hashing._argon2id

    def count(*args: Any) -> str:
        threads.append(threading.current_thread().name)
        return original(*args)

    monkeypatch.setattr(hashing, "_argon2id", count)
    return threads


async def test_pw_11_the_stored_hash_has_the_recommended_cost_and_a_salt(hasher: Hasher) -> None:
    stored = await hasher.hash("Kvfz9rLq", KEY)
    parameters = argon2.extract_parameters(stored.text)
    assert (parameters.memory_cost, parameters.time_cost, parameters.parallelism) == (19_456, 2, 1)
    assert parameters.type is argon2.Type.ID
    assert parameters.salt_len >= 16
    assert stored.key_id == "k1"
    assert "Kvfz9rLq" not in repr(stored)


async def test_pw_02_the_password_is_verified_exactly(hasher: Hasher) -> None:
    stored = await hasher.hash("Élan trés9 ", KEY)
    for same in ("Élan trés9 ", "E\u0301lan tre\u0301s9 "):
        assert await hasher.find(same, KEY, [stored], [USUAL]) == 0
    for other in ("Élan trés9", "élan trés9 ", "Élan trés9  ", "Elan tres9 "):
        assert await hasher.find(other, KEY, [stored], [USUAL]) is None


async def test_pw_02_a_long_password_is_never_cut(hasher: Hasher) -> None:
    stored = await hasher.hash("a" * 128, KEY)
    assert await hasher.find("a" * 127, KEY, [stored], [USUAL]) is None


async def test_pw_12_a_dump_alone_does_not_verify(hasher: Hasher) -> None:
    stored = await hasher.hash("Kvfz9rLq", KEY)
    with pytest.raises(argon2.exceptions.VerifyMismatchError):
        argon2.PasswordHasher().verify(stored.text, "Kvfz9rLq")
    other = Hasher("registration", KeyRing.parse(new_key("k1")), COST, 1)
    assert await other.find("Kvfz9rLq", KEY, [stored], [USUAL]) is None
    other.close()


async def test_pw_12_a_former_pepper_still_verifies_and_shows_as_outdated(hasher: Hasher) -> None:
    stored = await hasher.hash("Kvfz9rLq", KEY)
    rotated = Hasher("registration", KeyRing.parse(f"{NEW},{OLD}"), COST, 1)
    assert await rotated.find("Kvfz9rLq", KEY, [stored], [USUAL]) == 0
    assert rotated.is_outdated(stored, KEY)
    fresh = await rotated.hash("Kvfz9rLq", KEY)
    assert not rotated.is_outdated(fresh, KEY)
    assert await hasher.find("Kvfz9rLq", KEY, [fresh], [USUAL]) is None
    rotated.close()


async def test_pw_11_a_risen_cost_shows_as_outdated(hasher: Hasher) -> None:
    stored = await hasher.hash("Kvfz9rLq", KEY)
    risen = Hasher("registration", KeyRing.parse(OLD), Cost(20_480, 3, 1), 1)
    assert risen.is_outdated(stored, KEY)
    assert await risen.find("Kvfz9rLq", KEY, [stored], [USUAL]) == 0
    risen.close()


async def test_au_08_one_hash_is_computed_whatever_the_address_has(
    hasher: Hasher, counted: list[str]
) -> None:
    stored = [await hasher.hash(f"Kvfz9rLq{n}", KEY) for n in range(4)]
    counted.clear()
    for candidates in ([], stored[:1], stored):
        assert await hasher.find("Kvfz9rLqX", KEY, candidates, [USUAL]) is None
        assert len(counted) == 1
        counted.clear()
    assert await hasher.find("Kvfz9rLq2", KEY, stored, [USUAL]) == 2


RAISED = Recipe("k1", Cost(20_480, 3, 1))
ROTATED = Recipe("k2", COST)
BOTH = Recipe("k2", Cost(20_480, 3, 1))
LOST = Recipe("k0", COST)


@pytest.mark.parametrize(
    ("in_use", "computed"),
    [
        ([], {BOTH}),
        ([BOTH], {BOTH}),
        ([USUAL], {BOTH, USUAL}),
        ([RAISED, ROTATED, USUAL], {BOTH, RAISED, ROTATED, USUAL}),
        ([LOST], {BOTH}),
        ([LOST, USUAL], {BOTH, USUAL}),
    ],
)
async def test_s_06_every_address_costs_all_recipes_in_use(
    in_use: list[Recipe], computed: set[Recipe], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The settings are those of BOTH; what the address itself has makes no difference."""
    recipes: list[Recipe] = []

    def compute(parameters: Any, _password: bytes) -> str:
        recipes.append(parameters.recipe)
        cost = parameters.recipe.cost
        salt = base64.b64encode(parameters.salt).decode().rstrip("=")
        return f"$argon2id$v=19$m={cost.memory},t={cost.time},p={cost.parallelism}${salt}$x"

    monkeypatch.setattr(hashing, "_argon2id", compute)
    stored = {}
    for recipe in (USUAL, RAISED, ROTATED, BOTH, LOST):
        made = Hasher("registration", KeyRing.parse(new_key(recipe.key_id)), recipe.cost, 1)
        stored[recipe] = await made.hash("Kvfz9rLq", KEY)
        made.close()
    raised = Hasher("registration", KeyRing.parse(f"{NEW},{OLD}"), BOTH.cost, 1)
    rows: list[list[PasswordHash]] = [[], [stored[BOTH]], *([stored[each]] for each in in_use)]
    rows += [[stored[each] for each in in_use]]
    for candidates in rows:
        recipes.clear()
        await raised.find("Kvfz9rLqX", KEY, candidates, in_use)
        assert sorted(recipes, key=repr) == sorted(computed, key=repr)
    raised.close()


def test_s_06_a_recipe_is_read_as_the_database_has_it() -> None:
    assert Recipe.parse("k1$m=19456,t=2,p=1") == USUAL
    assert Recipe.parse("a$b$m=20480,t=3,p=4") == Recipe("a$b", Cost(20_480, 3, 4))


async def test_two_addresses_never_share_a_salt(hasher: Hasher) -> None:
    one, other = await hasher.hash("Kvfz9rLq", KEY), await hasher.hash("Kvfz9rLq", "q@x.fr")
    assert one.text.split("$")[4] != other.text.split("$")[4]
    assert one.text != other.text


async def test_pw_13_hashing_is_bounded_and_leaves_the_loop_free(
    hasher: Hasher, counted: list[str]
) -> None:
    loop, whole = time.thread_time(), time.process_time()
    await asyncio.gather(*(hasher.hash(f"Kvfz9rLq{n}", KEY) for n in range(20)))
    loop, whole = time.thread_time() - loop, time.process_time() - whole
    assert len(set(counted)) <= 2
    assert all(name.startswith("argon2") for name in counted)
    # On the event loop, the twenty hashes would be nearly all of its thread's work.
    assert loop < whole / 2
