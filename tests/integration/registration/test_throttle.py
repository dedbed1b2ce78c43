"""How many passwords are looked at: per address and network, per address, per network, and for a
browser that is known (AU-02, AU-03, AU-04, settled 4)."""

from __future__ import annotations

import asyncio

import pytest

from services.registration import hashing
from shared.contracts import registration as contracts
from shared.contracts.base import Refusal
from tests.integration.registration.conftest import OpenRoom
from tests.integration.registration.holder import ADDRESS, OTHER_NETWORK, UNKNOWN, Holder, forgotten
from tests.integration.registration.room import NETWORK, OTHER_PASSWORD, PASSWORD, Room


def network(number: int) -> str:
    """One of 256 networks."""
    return f"10.0.{number}.0/24"


async def wrong(room: Room, address: str = ADDRESS, **more: object) -> Refusal:
    """The refusal of a wrong password."""
    return await room.refusal(room.sign_in(address, "Zzzz9999a", **more))  # type: ignore[arg-type]


async def shut(room: Room, address: str = ADDRESS, **more: object) -> None:
    """Five wrong passwords: the next one waits."""
    for _ in range(5):
        assert (await wrong(room, address, **more)).slug == "wrong_credentials"
    assert (await wrong(room, address, **more)).slug == "too_many_tries"


async def test_au_04_an_attacker_shuts_the_door_of_his_own_network_only(room: Room) -> None:
    holder = await Holder.of(room)
    await shut(room)
    assert (await room.refusal(room.sign_in(ADDRESS, PASSWORD))).retry_after == 90
    assert await holder.opens_with(PASSWORD, OTHER_NETWORK)
    # The attacker's wait goes on, whoever signed in elsewhere.
    assert (await room.refusal(room.sign_in(ADDRESS, PASSWORD))).retry_after == 90


@pytest.mark.parametrize("address", [ADDRESS, UNKNOWN])
async def test_au_02_no_more_than_twenty_five_a_day_from_all_networks(
    room: Room, address: str
) -> None:
    await Holder.of(room)
    for number in range(25):
        room.later(seconds=1)
        found = await wrong(room, address, network=network(number))
        assert found.slug == "wrong_credentials"
    refusal = await room.refusal(room.sign_in(address, PASSWORD, OTHER_NETWORK))
    assert (refusal.slug, refusal.retry_after) == ("too_many_tries", 86_400 - 24)
    room.later(days=1, seconds=-24)
    assert (await wrong(room, address, network=OTHER_NETWORK)).slug == "wrong_credentials"


async def test_au_04_a_known_browser_enters_past_the_ceiling(room: Room) -> None:
    holder = await Holder.of(room)
    for number in range(25):
        await wrong(room, network=network(number))
    await shut(room, known=(holder.account_id,))
    # His own reserve is used up; somebody else's is not for this account.
    other = await room.refusal(room.sign_in(ADDRESS, PASSWORD, known=("other",)))
    assert other.slug == "too_many_tries"
    room.later(seconds=90)
    found = await room.ask(room.sign_in(ADDRESS, PASSWORD, known=(holder.account_id,)))
    assert (found.account_id, found.failures) == (holder.account_id, 30)
    # What other networks tried keeps counting for the day: no new tries for them (AU-02).
    other = await room.refusal(room.sign_in(ADDRESS, PASSWORD, OTHER_NETWORK))
    assert (other.slug, other.retry_after) == ("too_many_tries", 86_400 - 90)
    # And is told once: the next sign-in has seen no failure since.
    room.later(minutes=1)
    again = await room.ask(room.sign_in(ADDRESS, PASSWORD, known=(holder.account_id,)))
    assert again.failures == 0


async def test_au_02_the_holders_sign_in_gives_guessers_no_new_tries(room: Room) -> None:
    holder = await Holder.of(room)
    looked_at = 0
    for number in range(60):
        room.later(seconds=1)
        found = await wrong(room, network=network(number % 40))
        looked_at += found.slug == "wrong_credentials"
        await room.ask(room.sign_in(ADDRESS, PASSWORD, known=(holder.account_id,)))
    assert looked_at == 25


async def test_au_04_a_known_browser_uses_its_reserve_only_where_the_doors_are_shut(
    room: Room,
) -> None:
    holder = await Holder.of(room)
    for _ in range(5):
        assert (await wrong(room, known=(holder.account_id,))).slug == "wrong_credentials"
    # Five at the strangers' doors, then five of the reserve.
    for _ in range(5):
        assert (await wrong(room, known=(holder.account_id,))).slug == "wrong_credentials"
    assert (await wrong(room, known=(holder.account_id,))).slug == "too_many_tries"


async def test_au_04_the_reserve_is_ten_a_day(room: Room) -> None:
    holder = await Holder.of(room)
    for number in range(25):
        await wrong(room, network=network(number))
    looked_at = 0
    for _ in range(40):
        refusal = await wrong(room, known=(holder.account_id,))
        looked_at += refusal.slug == "wrong_credentials"
        room.later(seconds=refusal.retry_after or 0 if looked_at < 10 else 0)
    assert looked_at == 10
    refusal = await wrong(room, known=(holder.account_id,))
    assert (refusal.retry_after or 0) > 3_600


async def test_au_04_a_known_browser_is_no_way_around_for_another_account(room: Room) -> None:
    await Holder.of(room)
    mine = await room.account("eve@labo.fr")
    await shut(room, known=(mine,))


@pytest.mark.parametrize("address", [ADDRESS, UNKNOWN])
async def test_settled_4_while_the_door_is_shut_nothing_is_evaluated_or_said(
    room: Room, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await Holder.of(room)
    await shut(room, address)
    hashed: list[int] = []
    original = hashing._argon2id
    monkeypatch.setattr(hashing, "_argon2id", lambda *a: (hashed.append(1), original(*a))[1])
    before = await room.count("outbox")
    refusal = await room.refusal(room.sign_in(address, PASSWORD))
    assert refusal == Refusal(slug="too_many_tries", retry_after=90)
    assert (hashed, await room.count("outbox")) == ([], before)


async def test_au_04_one_network_tries_no_more_than_sixty_addresses(
    room_with: OpenRoom, public: dict[str, str]
) -> None:
    """T2: one password for many accounts."""
    async with room_with(**public) as room:
        holder = await Holder.of(room)
        for number in range(60):
            assert (await wrong(room, f"p{number}@labo.fr")).slug == "wrong_credentials"
        assert (await wrong(room, "one.more@labo.fr")).retry_after == 600
        assert (await room.refusal(room.sign_in(ADDRESS, PASSWORD))).slug == "too_many_tries"
        known = room.sign_in(ADDRESS, PASSWORD, known=(holder.account_id,))
        assert (await room.ask(known)).due == "account"
        assert (await wrong(room, "one.more@labo.fr", network=OTHER_NETWORK)).slug == (
            "wrong_credentials"
        )
        room.later(minutes=10)
        assert (await wrong(room, "one.more@labo.fr")).slug == "wrong_credentials"


async def test_au_04_right_passwords_do_not_use_a_network_up(
    room_with: OpenRoom, public: dict[str, str]
) -> None:
    async with room_with(**public, IMPEX_SIGN_INS_PER_NETWORK="2") as room:
        holder = await Holder.of(room)
        await wrong(room, network=OTHER_NETWORK)
        for _ in range(5):
            assert await holder.opens_with(PASSWORD, OTHER_NETWORK)
        await wrong(room, network=OTHER_NETWORK)
        assert (await wrong(room, network=OTHER_NETWORK)).slug == "too_many_tries"


async def test_settled_3_a_named_network_may_try_more(
    room_with: OpenRoom, public: dict[str, str]
) -> None:
    limits = {"IMPEX_SIGN_INS_PER_NETWORK": "2", "IMPEX_NETWORK_QUOTAS": f"{NETWORK}=4"}
    async with room_with(**public, **limits) as room:
        for number in range(4):
            assert (await wrong(room, f"p{number}@labo.fr")).slug == "wrong_credentials"
        assert (await wrong(room, "more@labo.fr")).slug == "too_many_tries"


async def test_settled_3_there_is_no_network_limit_in_the_try_out(room_with: OpenRoom) -> None:
    async with room_with(IMPEX_SIGN_INS_PER_NETWORK="1") as room:
        for number in range(3):
            assert (await wrong(room, f"p{number}@labo.fr")).slug == "wrong_credentials"


@pytest.mark.parametrize("address", [ADDRESS, UNKNOWN])
async def test_au_03_of_fifty_parallel_tries_five_are_looked_at(
    room: Room, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await Holder.of(room)
    hashed: list[int] = []
    original = hashing._argon2id
    monkeypatch.setattr(hashing, "_argon2id", lambda *a: (hashed.append(1), original(*a))[1])
    refusals = await asyncio.gather(*(wrong(room, address) for _ in range(50)))
    assert sum(each.slug == "wrong_credentials" for each in refusals) == len(hashed) == 5
    assert len(await room.events(contracts.SignInLocked)) == 1


async def test_au_03_fifty_parallel_tries_from_fifty_networks_meet_the_ceiling(
    room: Room,
) -> None:
    await Holder.of(room)
    refusals = await asyncio.gather(*(wrong(room, network=network(n)) for n in range(50)))
    assert sum(each.slug == "wrong_credentials" for each in refusals) == 25


async def test_au_03_right_and_wrong_at_once_leave_what_was_wrong_counted(room: Room) -> None:
    """The right password of a request takes one try of that moment back, not every one."""
    await Holder.of(room)
    await room.request(password=OTHER_PASSWORD)
    tries = [room.sign_in(ADDRESS, OTHER_PASSWORD), *(room.sign_in(ADDRESS, "x") for _ in range(4))]
    await asyncio.gather(*(room.ask(each) for each in tries), return_exceptions=True)
    assert (await wrong(room)).slug == "wrong_credentials"
    assert (await wrong(room)).slug == "too_many_tries"


async def test_re_06_a_reset_may_be_asked_for_while_the_door_is_shut(room: Room) -> None:
    await Holder.of(room)
    await shut(room)
    assert await room.ask(forgotten()) == contracts.Done()
    assert len(await room.events(contracts.PasswordResetRequested)) == 1
