"""The login throttle: per address and network, per address, per network, and for a known browser
(AU-02, AU-03, AU-04)."""

import asyncio

import pytest

from shared.contracts.base import Refusal
from shared.contracts.registration.events import PasswordResetRequested, SignInLocked
from shared.contracts.registration.views import Done
from shared.security import password_hashing as hashing
from tests.support.actors.harness_account_holder import (
    ADDRESS,
    OTHER_NETWORK,
    UNKNOWN,
    HarnessAccountHolder,
    reset_request,
)
from tests.support.harness.registration import (
    NETWORK,
    OTHER_PASSWORD,
    PASSWORD,
    OpenHarness,
    RegistrationHarness,
)


def network(number: int) -> str:
    """One of 256 networks."""
    return f"10.0.{number}.0/24"


async def wrong(
    harness: RegistrationHarness,
    address: str = ADDRESS,
    password: str = "Zzzz9999a",
    **more: object,
) -> Refusal:
    """The refusal of a wrong password."""
    return await harness.refusal(harness.sign_in(address, password, **more))  # type: ignore[arg-type]


async def lock_out(harness: RegistrationHarness, address: str = ADDRESS, **more: object) -> None:
    """Five wrong passwords: the next one waits."""
    for _ in range(5):
        assert (await wrong(harness, address, **more)).slug == "wrong_credentials"
    assert (await wrong(harness, address, **more)).slug == "too_many_tries"


async def test_au_04_an_attacker_locks_the_address_for_one_network_only(
    harness: RegistrationHarness,
) -> None:
    holder = await HarnessAccountHolder.of(harness)
    await lock_out(harness)
    assert (await harness.refusal(harness.sign_in(ADDRESS, PASSWORD))).retry_after == 90
    assert await holder.can_sign_in_with(PASSWORD, OTHER_NETWORK)
    # A sign-in elsewhere does not end the attacker's wait.
    assert (await harness.refusal(harness.sign_in(ADDRESS, PASSWORD))).retry_after == 90


@pytest.mark.parametrize("address", [ADDRESS, UNKNOWN])
async def test_au_02_no_more_than_twenty_five_a_day_from_all_networks(
    harness: RegistrationHarness, address: str
) -> None:
    await HarnessAccountHolder.of(harness)
    for number in range(25):
        harness.advance(seconds=1)
        found = await wrong(harness, address, network=network(number))
        assert found.slug == "wrong_credentials"
    refusal = await harness.refusal(harness.sign_in(address, PASSWORD, OTHER_NETWORK))
    assert refusal == Refusal(
        slug="too_many_tries", params={"limit": "address"}, retry_after=86_400 - 24
    )
    harness.advance(days=1, seconds=-24)
    assert (await wrong(harness, address, network=OTHER_NETWORK)).slug == "wrong_credentials"


async def test_au_04_a_known_browser_signs_in_past_the_ceiling(
    harness: RegistrationHarness,
) -> None:
    holder = await HarnessAccountHolder.of(harness)
    for number in range(25):
        await wrong(harness, network=network(number))
    await lock_out(harness, known=(holder.account_id,))
    # The known browser's own attempts count for one account only.
    other = await harness.refusal(harness.sign_in(ADDRESS, PASSWORD, known=("other",)))
    assert other.slug == "too_many_tries"
    harness.advance(seconds=90)
    found = await harness.ask(harness.sign_in(ADDRESS, PASSWORD, known=(holder.account_id,)))
    assert (found.account_id, found.failures) == (holder.account_id, 30)
    # Failures from other networks keep counting for the day (AU-02).
    other = await harness.refusal(harness.sign_in(ADDRESS, PASSWORD, OTHER_NETWORK))
    assert (other.slug, other.retry_after) == ("too_many_tries", 86_400 - 90)
    # Failures are reported once: the next sign-in reports none.
    harness.advance(minutes=1)
    again = await harness.ask(harness.sign_in(ADDRESS, PASSWORD, known=(holder.account_id,)))
    assert again.failures == 0


async def test_au_02_the_holders_sign_in_gives_guessers_no_new_attempts(
    harness: RegistrationHarness,
) -> None:
    holder = await HarnessAccountHolder.of(harness)
    looked_at = 0
    for number in range(60):
        harness.advance(seconds=1)
        found = await wrong(harness, network=network(number % 40))
        looked_at += found.slug == "wrong_credentials"
        await harness.ask(harness.sign_in(ADDRESS, PASSWORD, known=(holder.account_id,)))
    assert looked_at == 25


async def test_au_04_a_known_browser_uses_its_own_attempts_only_while_locked(
    harness: RegistrationHarness,
) -> None:
    holder = await HarnessAccountHolder.of(harness)
    for _ in range(5):
        assert (await wrong(harness, known=(holder.account_id,))).slug == "wrong_credentials"
    # Five in the anonymous scopes, then five of the known browser.
    for _ in range(5):
        assert (await wrong(harness, known=(holder.account_id,))).slug == "wrong_credentials"
    assert (await wrong(harness, known=(holder.account_id,))).slug == "too_many_tries"


async def test_au_04_a_known_browser_has_ten_attempts_a_day(harness: RegistrationHarness) -> None:
    holder = await HarnessAccountHolder.of(harness)
    for number in range(25):
        await wrong(harness, network=network(number))
    looked_at = 0
    for _ in range(40):
        refusal = await wrong(harness, known=(holder.account_id,))
        looked_at += refusal.slug == "wrong_credentials"
        harness.advance(seconds=refusal.retry_after or 0 if looked_at < 10 else 0)
    assert looked_at == 10
    refusal = await wrong(harness, known=(holder.account_id,))
    assert (refusal.retry_after or 0) > 3_600


async def test_au_04_a_browser_known_for_another_account_is_locked_too(
    harness: RegistrationHarness,
) -> None:
    await HarnessAccountHolder.of(harness)
    mine = await harness.account("eve@labo.fr")
    await lock_out(harness, known=(mine,))


@pytest.mark.parametrize("address", [ADDRESS, UNKNOWN])
async def test_while_locked_nothing_is_compared_or_emitted(
    harness: RegistrationHarness, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await HarnessAccountHolder.of(harness)
    await lock_out(harness, address)
    hashed: list[int] = []
    original = hashing._argon2id
    monkeypatch.setattr(hashing, "_argon2id", lambda *a: (hashed.append(1), original(*a))[1])
    before = await harness.count("outbox")
    refusal = await harness.refusal(harness.sign_in(address, PASSWORD))
    assert refusal == Refusal(slug="too_many_tries", retry_after=90)
    assert (hashed, await harness.count("outbox")) == ([], before)


async def test_au_04_one_network_tries_no_more_than_sixty_addresses(
    harness_with: OpenHarness, public: dict[str, str]
) -> None:
    """Another password for each; one for many is stopped before (AU-11)."""
    async with harness_with(**public) as harness:
        holder = await HarnessAccountHolder.of(harness)
        for number in range(60):
            found = await wrong(harness, f"p{number}@labo.fr", f"Zzzz{number}aaa")
            assert found.slug == "wrong_credentials"
        assert (await wrong(harness, "one.more@labo.fr")).retry_after == 600
        assert (await harness.refusal(harness.sign_in(ADDRESS, PASSWORD))).slug == "too_many_tries"
        known = harness.sign_in(ADDRESS, PASSWORD, known=(holder.account_id,))
        assert (await harness.ask(known)).due == "account"
        assert (await wrong(harness, "one.more@labo.fr", network=OTHER_NETWORK)).slug == (
            "wrong_credentials"
        )
        harness.advance(minutes=10)
        assert (await wrong(harness, "one.more@labo.fr")).slug == "wrong_credentials"


async def test_au_04_right_passwords_do_not_count_for_a_network(
    harness_with: OpenHarness, public: dict[str, str]
) -> None:
    async with harness_with(**public, IMPEX_SIGN_INS_PER_NETWORK="2") as harness:
        holder = await HarnessAccountHolder.of(harness)
        await wrong(harness, network=OTHER_NETWORK)
        for _ in range(5):
            assert await holder.can_sign_in_with(PASSWORD, OTHER_NETWORK)
        await wrong(harness, network=OTHER_NETWORK)
        assert (await wrong(harness, network=OTHER_NETWORK)).slug == "too_many_tries"


async def test_a_configured_network_has_more_attempts(
    harness_with: OpenHarness, public: dict[str, str]
) -> None:
    limits = {"IMPEX_SIGN_INS_PER_NETWORK": "2", "IMPEX_NETWORK_QUOTAS": f"{NETWORK}=4"}
    async with harness_with(**public, **limits) as harness:
        for number in range(4):
            assert (await wrong(harness, f"p{number}@labo.fr")).slug == "wrong_credentials"
        assert (await wrong(harness, "more@labo.fr")).slug == "too_many_tries"


async def test_the_try_out_has_no_network_limit_of_sign_ins(harness_with: OpenHarness) -> None:
    async with harness_with(IMPEX_SIGN_INS_PER_NETWORK="1") as harness:
        for number in range(3):
            assert (await wrong(harness, f"p{number}@labo.fr")).slug == "wrong_credentials"


@pytest.mark.parametrize("address", [ADDRESS, UNKNOWN])
@pytest.mark.usefixtures("real_hashes")
async def test_au_03_of_fifty_parallel_attempts_five_are_compared(
    harness: RegistrationHarness, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await HarnessAccountHolder.of(harness)
    hashed: list[int] = []
    original = hashing._argon2id
    monkeypatch.setattr(hashing, "_argon2id", lambda *a: (hashed.append(1), original(*a))[1])
    refusals = await asyncio.gather(*(wrong(harness, address) for _ in range(50)))
    assert sum(each.slug == "wrong_credentials" for each in refusals) == len(hashed) == 5
    assert len(await harness.events(SignInLocked)) == 1


@pytest.mark.usefixtures("real_hashes")
async def test_au_03_fifty_parallel_tries_from_fifty_networks_meet_the_ceiling(
    harness: RegistrationHarness,
) -> None:
    await HarnessAccountHolder.of(harness)
    refusals = await asyncio.gather(*(wrong(harness, network=network(n)) for n in range(50)))
    assert sum(each.slug == "wrong_credentials" for each in refusals) == 25


@pytest.mark.usefixtures("real_hashes")
async def test_au_03_right_and_wrong_at_once_leave_what_was_wrong_counted(
    harness: RegistrationHarness,
) -> None:
    """The right password of a request uncounts one attempt with that time, not all."""
    await HarnessAccountHolder.of(harness)
    await harness.request(password=OTHER_PASSWORD)
    tries = [
        harness.sign_in(ADDRESS, OTHER_PASSWORD),
        *(harness.sign_in(ADDRESS, "x") for _ in range(4)),
    ]
    await asyncio.gather(*(harness.ask(each) for each in tries), return_exceptions=True)
    assert (await wrong(harness)).slug == "wrong_credentials"
    assert (await wrong(harness)).slug == "too_many_tries"


async def test_re_06_a_reset_can_be_requested_while_locked(harness: RegistrationHarness) -> None:
    await HarnessAccountHolder.of(harness)
    await lock_out(harness)
    assert await harness.ask(reset_request()) == Done()
    assert len(await harness.events(PasswordResetRequested)) == 1
