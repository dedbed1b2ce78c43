"""The login throttle: per address and network, per address, per network, and for a known browser
(AU-02, AU-03, AU-04)."""

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


async def lock_out(room: Room, address: str = ADDRESS, **more: object) -> None:
    """Five wrong passwords: the next one waits."""
    for _ in range(5):
        assert (await wrong(room, address, **more)).slug == "wrong_credentials"
    assert (await wrong(room, address, **more)).slug == "too_many_tries"


async def test_au_04_an_attacker_locks_the_address_for_one_network_only(room: Room) -> None:
    holder = await Holder.of(room)
    await lock_out(room)
    assert (await room.refusal(room.sign_in(ADDRESS, PASSWORD))).retry_after == 90
    assert await holder.opens_with(PASSWORD, OTHER_NETWORK)
    # A sign-in elsewhere does not end the attacker's wait.
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


async def test_au_04_a_known_browser_signs_in_past_the_ceiling(room: Room) -> None:
    holder = await Holder.of(room)
    for number in range(25):
        await wrong(room, network=network(number))
    await lock_out(room, known=(holder.account_id,))
    # The known browser's own attempts count for one account only.
    other = await room.refusal(room.sign_in(ADDRESS, PASSWORD, known=("other",)))
    assert other.slug == "too_many_tries"
    room.later(seconds=90)
    found = await room.ask(room.sign_in(ADDRESS, PASSWORD, known=(holder.account_id,)))
    assert (found.account_id, found.failures) == (holder.account_id, 30)
    # Failures from other networks keep counting for the day (AU-02).
    other = await room.refusal(room.sign_in(ADDRESS, PASSWORD, OTHER_NETWORK))
    assert (other.slug, other.retry_after) == ("too_many_tries", 86_400 - 90)
    # Failures are reported once: the next sign-in reports none.
    room.later(minutes=1)
    again = await room.ask(room.sign_in(ADDRESS, PASSWORD, known=(holder.account_id,)))
    assert again.failures == 0


async def test_au_02_the_holders_sign_in_gives_guessers_no_new_attempts(room: Room) -> None:
    holder = await Holder.of(room)
    looked_at = 0
    for number in range(60):
        room.later(seconds=1)
        found = await wrong(room, network=network(number % 40))
        looked_at += found.slug == "wrong_credentials"
        await room.ask(room.sign_in(ADDRESS, PASSWORD, known=(holder.account_id,)))
    assert looked_at == 25


async def test_au_04_a_known_browser_uses_its_own_attempts_only_while_locked(room: Room) -> None:
    holder = await Holder.of(room)
    for _ in range(5):
        assert (await wrong(room, known=(holder.account_id,))).slug == "wrong_credentials"
    # Five in the anonymous scopes, then five of the known browser.
    for _ in range(5):
        assert (await wrong(room, known=(holder.account_id,))).slug == "wrong_credentials"
    assert (await wrong(room, known=(holder.account_id,))).slug == "too_many_tries"


async def test_au_04_a_known_browser_has_ten_attempts_a_day(room: Room) -> None:
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


async def test_au_04_a_browser_known_for_another_account_is_locked_too(room: Room) -> None:
    await Holder.of(room)
    mine = await room.account("eve@labo.fr")
    await lock_out(room, known=(mine,))


@pytest.mark.parametrize("address", [ADDRESS, UNKNOWN])
async def test_while_locked_nothing_is_compared_or_emitted(
    room: Room, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await Holder.of(room)
    await lock_out(room, address)
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
    """One password tried for many accounts."""
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


async def test_au_04_right_passwords_do_not_count_for_a_network(
    room_with: OpenRoom, public: dict[str, str]
) -> None:
    async with room_with(**public, IMPEX_SIGN_INS_PER_NETWORK="2") as room:
        holder = await Holder.of(room)
        await wrong(room, network=OTHER_NETWORK)
        for _ in range(5):
            assert await holder.opens_with(PASSWORD, OTHER_NETWORK)
        await wrong(room, network=OTHER_NETWORK)
        assert (await wrong(room, network=OTHER_NETWORK)).slug == "too_many_tries"


async def test_a_configured_network_has_more_attempts(
    room_with: OpenRoom, public: dict[str, str]
) -> None:
    limits = {"IMPEX_SIGN_INS_PER_NETWORK": "2", "IMPEX_NETWORK_QUOTAS": f"{NETWORK}=4"}
    async with room_with(**public, **limits) as room:
        for number in range(4):
            assert (await wrong(room, f"p{number}@labo.fr")).slug == "wrong_credentials"
        assert (await wrong(room, "more@labo.fr")).slug == "too_many_tries"


async def test_the_try_out_has_no_network_limit_of_sign_ins(room_with: OpenRoom) -> None:
    async with room_with(IMPEX_SIGN_INS_PER_NETWORK="1") as room:
        for number in range(3):
            assert (await wrong(room, f"p{number}@labo.fr")).slug == "wrong_credentials"


@pytest.mark.parametrize("address", [ADDRESS, UNKNOWN])
async def test_au_03_of_fifty_parallel_attempts_five_are_compared(
    room: Room, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await Holder.of(room)
    hashed: list[int] = []
    original = hashing._argon2id
    monkeypatch.setattr(hashing, "_argon2id", lambda *a: (hashed.append(1), original(*a))[1])
    refusals = await asyncio.gather(*(wrong(room, address) for _ in range(50)))
    assert sum(each.slug == "wrong_credentials" for each in refusals) == len(hashed) == 5
    assert len(await room.events(contracts.SignInLocked)) == 1


async def test_au_03_fifty_parallel_tries_from_fifty_networks_meet_the_ceiling(room: Room) -> None:
    await Holder.of(room)
    refusals = await asyncio.gather(*(wrong(room, network=network(n)) for n in range(50)))
    assert sum(each.slug == "wrong_credentials" for each in refusals) == 25


async def test_au_03_right_and_wrong_at_once_leave_what_was_wrong_counted(room: Room) -> None:
    """The right password of a request uncounts one attempt with that time, not all."""
    await Holder.of(room)
    await room.request(password=OTHER_PASSWORD)
    tries = [room.sign_in(ADDRESS, OTHER_PASSWORD), *(room.sign_in(ADDRESS, "x") for _ in range(4))]
    await asyncio.gather(*(room.ask(each) for each in tries), return_exceptions=True)
    assert (await wrong(room)).slug == "wrong_credentials"
    assert (await wrong(room)).slug == "too_many_tries"


async def test_re_06_a_reset_can_be_requested_while_locked(room: Room) -> None:
    await Holder.of(room)
    await lock_out(room)
    assert await room.ask(forgotten()) == contracts.Done()
    assert len(await room.events(contracts.PasswordResetRequested)) == 1
