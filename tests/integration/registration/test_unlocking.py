"""A mailed link that lifts the limits of an address, and does nothing else (S-05)."""

from collections.abc import Callable
from typing import Any

import pytest

from shared.contracts.registration.events import SignInLocked, UnlockOffered
from shared.contracts.registration.requests import DescribeUnlock, UnlockAddress
from tests.support.actors.harness_account_holder import (
    ADDRESS,
    OTHER_NETWORK,
    UNKNOWN,
    HarnessAccountHolder,
    lost_phone_claim,
    reset_request,
)
from tests.support.harness.registration import OTHER_PASSWORD, PASSWORD, RegistrationHarness


def network(number: int) -> str:
    """One of 256 networks."""
    return f"10.0.{number}.0/24"


async def use_up_passwords(harness: RegistrationHarness, address: str) -> None:
    """Twenty-five wrong passwords from as many networks."""
    for number in range(25):
        await harness.refusal(harness.sign_in(address, "Zzzz9999a", network(number)))


def unlock(
    holder: HarnessAccountHolder, token: str, code: str = "", net: str = OTHER_NETWORK
) -> Any:
    """The form of the link."""
    return holder.with_code(UnlockAddress, token, code, network=net)


async def test_s_05_at_the_ceiling_the_holder_gets_a_link_that_lifts_it(
    harness: RegistrationHarness,
) -> None:
    holder = await HarnessAccountHolder.of(harness)
    await use_up_passwords(harness, ADDRESS)
    mine = harness.sign_in(ADDRESS, PASSWORD, OTHER_NETWORK)
    assert await harness.outcome(mine) == "too_many_tries"
    ((_, subject, event),) = await harness.published(UnlockOffered)
    assert (subject, event.address, event.about) == (holder.account_id, ADDRESS, "sign_in")
    assert [one.unlock_offered for one in await harness.events(SignInLocked)][-1]
    token = await holder.secret(UnlockOffered)
    for _ in range(5):  # scanners
        assert (await harness.ask(holder.follow(DescribeUnlock, token))).state == "valid"
    refusal = await harness.refusal(
        holder.follow(UnlockAddress, token, code=None, network="10.9.9.0/24")
    )
    assert refusal.slug == "invalid_fields"
    assert await harness.outcome(mine) == "too_many_tries"
    await harness.ask(unlock(holder, token))
    assert await holder.can_sign_in_with(PASSWORD, OTHER_NETWORK)
    assert (await harness.refusal(unlock(holder, token))).slug == "link_used"
    assert (await harness.ask(holder.follow(DescribeUnlock, token))).state == "used"


async def test_s_05_it_gives_guessers_nothing_back(harness: RegistrationHarness) -> None:
    holder = await HarnessAccountHolder.of(harness)
    for number in range(5):
        for _ in range(5):
            await harness.refusal(harness.sign_in(ADDRESS, "Zzzz9999a", network(number)))
    await harness.ask(unlock(holder, await holder.secret(UnlockOffered)))
    for number in range(5):
        refusal = await harness.refusal(harness.sign_in(ADDRESS, "Zzzz9999a", network(number)))
        assert refusal.slug == "too_many_tries", number


async def test_s_05_an_address_without_an_account_takes_the_same_steps(
    harness: RegistrationHarness,
) -> None:
    await HarnessAccountHolder.of(harness)
    grown = []
    for address in (ADDRESS, UNKNOWN):
        tables = ("outbox", "mailed_links", "counters")
        before = [await harness.count(table) for table in tables]
        await use_up_passwords(harness, address)
        grown.append(
            [await harness.count(table) - a for table, a in zip(tables, before, strict=True)]
        )
    assert grown[0] == grown[1]
    offered = await harness.published(UnlockOffered)
    assert [(subject is None, event.address) for _, subject, event in offered] == [
        (False, ADDRESS),
        (True, ""),
    ]


ASKED: dict[str, Callable[[RegistrationHarness, str, str], Any]] = {
    "account requests": lambda harness, address, net: harness.form(
        address, network=net, password=OTHER_PASSWORD
    ),
    "resets": lambda _, address, net: reset_request(address, net),
    "lost phones": lambda _, address, net: lost_phone_claim(address, network=net),
}


@pytest.mark.parametrize("address", [ADDRESS, UNKNOWN])
@pytest.mark.parametrize("asked", ASKED)
async def test_s_05_a_newcomer_and_a_holder_lift_what_strangers_used_up(
    harness: RegistrationHarness, asked: str, address: str
) -> None:
    holder = await HarnessAccountHolder.of(harness)
    harness.advance(days=2)
    number = 0
    while await harness.outcome(ASKED[asked](harness, address, network(number // 5))) == "done":
        harness.advance(minutes=61 if asked != "account requests" else 1)
        number += 1
    assert number == 10, "five for each network, twice as many in all"
    mine = ASKED[asked](harness, address, OTHER_NETWORK)
    refusal = await harness.refusal(mine)
    assert refusal.params == {"limit": "address"}
    assert not await harness.is_stored(mine), "the same form is judged again"
    assert len(await harness.events(UnlockOffered)) == 1, "one mail, however often it is asked"
    await harness.ask(unlock(holder, await holder.secret(UnlockOffered)))
    assert await harness.outcome(mine) == "done"


@pytest.mark.parametrize("address", [ADDRESS, UNKNOWN])
async def test_s_05_wrong_passwords_of_strangers_keep_no_unlock_mail_back(
    harness: RegistrationHarness, address: str
) -> None:
    """Wrong passwords without an account send no mail; the mail about requests comes."""
    holder = await HarnessAccountHolder.of(harness)
    harness.advance(days=2)
    await use_up_passwords(harness, address)
    for number in range(10):
        assert await harness.outcome(harness.form(address, network=network(number // 5))) == "done"
    mine = harness.form(address, network=OTHER_NETWORK)
    for _ in range(2):
        assert (await harness.refusal(mine)).params == {"limit": "address"}
    sent = [
        event
        for _, subject, event in await harness.published(UnlockOffered)
        if subject is not None or event.about != "sign_in"
    ]
    assert [event.address for event in sent] == [address], "one mail"
    await harness.ask(unlock(holder, await holder.secret(UnlockOffered)))
    assert await harness.outcome(mine) == "done"


async def test_s_05_a_network_without_a_request_left_offers_nothing(
    harness_with: Any, public: dict[str, str]
) -> None:
    async with harness_with(**public, IMPEX_REQUESTS_PER_NETWORK="1") as harness:
        await harness.request("a@labo.fr")
        assert (await harness.refusal(harness.form("b@labo.fr"))).params == {"limit": "network"}
        assert await harness.events(UnlockOffered) == []


async def test_s_05_unusable_links_are_refused_with_a_reason(harness: RegistrationHarness) -> None:
    holder = await HarnessAccountHolder.of(harness)
    await use_up_passwords(harness, ADDRESS)
    token, reset = await holder.secret(UnlockOffered), await holder.reset_link()
    harness.advance(hours=24)
    for given, state in ((token, "expired"), (reset, "gone"), (token[:-1], "malformed")):
        assert (await harness.ask(holder.follow(DescribeUnlock, given))).state == state
        assert (await harness.refusal(unlock(holder, given))).slug == f"link_{state}"
