"""What limits count by: networks of IPv6 at three sizes, addresses of one mailbox together, every
key of a rotated ring (S-05, S-09, S-12)."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from services.registration.deps import Deps
from services.registration.handlers import login_attempts
from shared.security.sealing import KeyRing, new_key
from tests.support.actors.harness_account_holder import (
    ADDRESS,
    OTHER_NETWORK,
    HarnessAccountHolder,
    lost_phone_claim,
    reset_request,
)
from tests.support.harness.registration import (
    OTHER_PASSWORD,
    PASSWORD,
    OpenHarness,
    RegistrationHarness,
)


def in_site(number: int) -> str:
    """One of the /64 of one /48, each in a /56 of its own."""
    return f"2001:db8:1:{number:x}00::/64"


def in_home(number: int) -> str:
    """One of the /64 of one /56."""
    return f"2001:db8:1:{number:02x}::/64"


@pytest.mark.parametrize("network", [in_site, in_home])
async def test_s_05_a_48_of_ipv6_is_one_network_for_an_address(
    harness: RegistrationHarness, network: Callable[[int], str]
) -> None:
    """Wrong passwords from as many /64 as one likes leave the holder elsewhere in peace."""
    holder = await HarnessAccountHolder.of(harness)
    answers = [
        await harness.refusal(harness.sign_in(ADDRESS, "Zzzz9999a", network(number)))
        for number in range(25)
    ]
    assert [each.slug for each in answers] == ["wrong_credentials"] * 5 + ["too_many_tries"] * 20
    assert await holder.can_sign_in_with(PASSWORD, "2001:db8:2::/64")
    assert await holder.can_sign_in_with(PASSWORD, OTHER_NETWORK)


async def test_s_05_the_right_password_forgives_its_own_network_only(
    harness: RegistrationHarness,
) -> None:
    holder = await HarnessAccountHolder.of(harness)
    for number in (1, 2, 2, 2):
        await harness.refusal(harness.sign_in(ADDRESS, "Zzzz9999a", in_site(number)))
    assert await holder.can_sign_in_with(PASSWORD, in_site(1))
    for _ in range(2):
        refusal = await harness.refusal(harness.sign_in(ADDRESS, "Zzzz9999a", in_site(3)))
        assert refusal.slug == "wrong_credentials"
    refusal = await harness.refusal(harness.sign_in(ADDRESS, "Zzzz9999a", in_site(4)))
    assert refusal.slug == "too_many_tries", "three of another /64 and two of this one"


async def test_s_05_a_widest_network_ipv6_has_a_quota_for_requests(
    harness_with: OpenHarness, public: dict[str, str]
) -> None:
    """The /64 has the quota, the /56 twice and the /48 four times as much."""
    async with harness_with(**public, IMPEX_REQUESTS_PER_NETWORK="2") as harness:
        for number in range(4):
            await harness.request(f"h{number}@labo.fr", network=in_home(number))
        refusal = await harness.refusal(harness.form("h9@labo.fr", network=in_home(9)))
        assert refusal.params == {"limit": "network"}
        for number in range(4, 8):
            await harness.request(f"s{number}@labo.fr", network=in_site(number))
        refusal = await harness.refusal(harness.form("s9@labo.fr", network=in_site(9)))
        assert refusal.params == {"limit": "network"}
        await harness.request("t@labo.fr", network="2001:db8:2::/64")


async def test_s_05_a_raised_quota_of_a_narrow_network_holds_in_the_wider_ones(
    harness_with: OpenHarness, public: dict[str, str]
) -> None:
    low = {"IMPEX_REQUESTS_PER_NETWORK": "1", "IMPEX_NETWORK_QUOTAS": "2001:db8:1::/64=9"}
    async with harness_with(**public, **low) as harness:
        for number in range(9):
            await harness.request(f"h{number}@labo.fr", network="2001:db8:1::/64")
        assert (await harness.refusal(harness.form("h9@labo.fr", network="2001:db8:1::/64"))).params


def _form(address: str, network: str) -> Callable[[RegistrationHarness], Any]:
    return lambda harness: harness.form(address, network=network, password=OTHER_PASSWORD)


@pytest.mark.parametrize(
    "ask",
    [
        partial(_form, ADDRESS),
        partial(_form, "new@labo.fr"),
    ],
    ids=["known", "unknown"],
)
async def test_s_05_a_stranger_in_one_network_leaves_a_newcomer_in_peace(
    harness: RegistrationHarness, ask: Callable[[str], Callable[[RegistrationHarness], Any]]
) -> None:
    await HarnessAccountHolder.of(harness)
    while await harness.outcome(ask(in_site(1))(harness)) == "done":
        pass
    assert (await harness.refusal(ask(in_site(2))(harness))).params == {"limit": "address"}
    assert await harness.outcome(ask(OTHER_NETWORK)(harness)) == "done"


PLUS = ("v+1@labo.fr", "v+2@labo.fr", "V+import+2026@labo.fr", "v@labo.fr", "v+@labo.fr")


async def test_s_12_addresses_of_one_mailbox_share_the_quota_of_requests(
    harness: RegistrationHarness,
) -> None:
    for address in PLUS:
        await harness.request(address)
    for address in ("v+3@labo.fr", "v@labo.fr"):
        assert (await harness.refusal(harness.form(address))).params == {"limit": "address"}
    for other in ("w+1@labo.fr", "v+1@autre.fr", "+v@labo.fr"):
        await harness.request(other)


@pytest.mark.parametrize("ask", [reset_request, lost_phone_claim])
async def test_s_12_they_share_the_quota_of_links(
    harness: RegistrationHarness, ask: Callable[[str], Any]
) -> None:
    for address in PLUS:
        await harness.ask(ask(address))
    assert (await harness.refusal(ask("v+3@labo.fr"))).params == {"limit": "address"}


async def test_s_12_they_are_two_accounts_with_two_throttles(harness: RegistrationHarness) -> None:
    accounts = {await harness.account(address) for address in PLUS[:2]}
    assert len(accounts) == 2
    for _ in range(5):
        await harness.refusal(harness.sign_in(PLUS[0], "Zzzz9999a"))
    assert (await harness.refusal(harness.sign_in(PLUS[0], PASSWORD))).slug == "too_many_tries"
    assert (await harness.ask(harness.sign_in(PLUS[1], PASSWORD))).account_id in accounts


def rotate(deps: Deps) -> None:
    """A new key comes first, as an operator rotates a ring."""
    former = deps.token_keys.keys
    keys = KeyRing.parse(new_key("t2")).keys + former
    object.__setattr__(deps, "token_keys", KeyRing(keys))


LIMITED: dict[str, tuple[int, Callable[[RegistrationHarness], Any]]] = {
    "wrong passwords": (5, lambda harness: harness.sign_in(ADDRESS, "Zzzz9999a")),
    "account requests": (5, lambda harness: harness.form("new@labo.fr")),
    "resets": (5, lambda harness: reset_request()),
    "lost phones": (5, lambda harness: lost_phone_claim()),
}


@pytest.mark.parametrize("limited", LIMITED)
async def test_s_09_a_rotated_ring_keeps_every_counter(
    harness: RegistrationHarness, limited: str
) -> None:
    """Counted before and after the rotation, together as often as without it."""
    await HarnessAccountHolder.of(harness)
    harness.advance(days=2)
    most, ask = LIMITED[limited]
    slugs = []
    for number in range(most + 1):
        if number == most - 2:
            rotate(harness.deps)
        slugs.append(await harness.outcome(ask(harness)))
        if limited in ("resets", "lost phones"):
            harness.advance(minutes=61)  # a living link sends nothing new and counts nothing
    assert slugs[-1] in ("too_many_tries", "too_many_requests")
    assert not {"too_many_tries", "too_many_requests"} & set(slugs[:-1])


async def test_s_09_what_lifts_a_limit_finds_it_under_the_former_key(
    harness: RegistrationHarness,
) -> None:
    holder = await HarnessAccountHolder.of(harness)
    for _ in range(4):
        await harness.refusal(harness.sign_in(ADDRESS, "Zzzz9999a"))
    rotate(harness.deps)
    found = await harness.ask(harness.sign_in(ADDRESS, PASSWORD))
    assert found.failures == 4
    for _ in range(5):
        refusal = await harness.refusal(harness.sign_in(ADDRESS, "Zzzz9999a"))
        assert refusal.slug == "wrong_credentials"
    rows = await harness.fetch(
        "SELECT key FROM counters WHERE kind = $1", login_attempts.ADDRESS_FROM_NETWORK
    )
    rotate(harness.deps)
    assert len(rows) == 1
    await harness.ask(holder.reset(await holder.reset_link()))
    assert await holder.can_sign_in_with(OTHER_PASSWORD, "192.0.2.0/24")
