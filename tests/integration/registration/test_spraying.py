"""AU-11: spraying over sign-ins: one alarm, a slower door, nothing for the innocent."""

import json

import pytest

from services.registration.spraying import MAX_ADDRESSES_PER_PASSWORD
from shared.runtime.metrics import REGISTRY
from tests.support.actors.harness_account_holder import ADDRESS, HarnessAccountHolder
from tests.support.harness.registration import (
    OTHER_PASSWORD,
    PASSWORD,
    OpenHarness,
    RegistrationHarness,
)
from tests.support.logs import written_log

SPRAYED = "Zzzz9999a"
OFFICE, ELSEWHERE = "192.0.2.0/24", "198.51.100.0/24"


def alarms(by: str) -> float:
    labels = {"service": "registration", "by": by}
    return REGISTRY.get_sample_value("impex_spraying_alarms_total", labels) or 0


async def slug(harness: RegistrationHarness, *arguments: str, **more: object) -> str:
    """The refusal of a sign-in."""
    refusal = await harness.refusal(harness.sign_in(*arguments, **more))  # type: ignore[arg-type]
    return str(refusal.slug)


@pytest.mark.parametrize("by", ["network", "password"])
async def test_au_11_spraying_is_slowed_and_the_innocent_are_not(
    harness_with: OpenHarness, public: dict[str, str], by: str
) -> None:
    async with harness_with(**public) as harness:
        holder = await HarnessAccountHolder.of(harness)
        harness.advance(hours=1)
        before = alarms(by)
        limit = 61 if by == "network" else MAX_ADDRESSES_PER_PASSWORD
        tries = limit + 9
        answers = []
        with written_log("info") as log:
            for n in range(tries):
                harness.advance(seconds=15)  # slower than what the network's quota stops
                network = OFFICE if by == "network" else f"10.0.{n}.0/24"
                password = f"Zzzz9{n}a" if by == "network" else SPRAYED
                answers.append(await slug(harness, f"nobody{n}@exemple.fr", password, network))
        written = [json.loads(line) for line in log.getvalue().splitlines()]
        lines = [one for one in written if one["action"] == "authn_spraying"]
        # From then on every other one waits.
        turns = ["too_many_tries", "wrong_credentials"] * (tries - limit)
        assert answers == ["wrong_credentials"] * limit + turns[: tries - limit]
        assert [(one["level"], one["by"]) for one in lines] == [("warning", by)]
        assert alarms(by) == before + 1
        assert not any("Zzzz" in json.dumps(one) for one in written)
        # An address with an account gets the same answer, and is not counted for its own throttle.
        network = OFFICE if by == "network" else "10.1.0.0/24"
        assert await slug(harness, ADDRESS, SPRAYED, network) == "too_many_tries"
        # The right password: from elsewhere, or from there in a browser that is known.
        assert await holder.can_sign_in_with(PASSWORD, ELSEWHERE)
        known = (holder.account_id,)
        assert await harness.ask(harness.sign_in(ADDRESS, PASSWORD, network, known=known))
        assert await slug(harness, ADDRESS, SPRAYED, network, known=known) == "wrong_credentials"
        # A stranger's turn comes, whatever network it is.
        harness.advance(seconds=30)
        assert await holder.can_sign_in_with(PASSWORD, network)


async def test_au_11_who_chose_a_password_by_mail_waits_for_no_turn(
    harness_with: OpenHarness, public: dict[str, str]
) -> None:
    async with harness_with(**public) as harness:
        holder = await HarnessAccountHolder.of(harness)
        harness.advance(hours=1)
        for n in range(61):
            harness.deps.spraying.record_wrong(OFFICE, f"nobody{n}", f"Zzzz9{n}a", harness.now)
        assert await slug(harness, ADDRESS, PASSWORD, OFFICE) == "too_many_tries"
        await harness.ask(holder.reset(await holder.reset_link()))
        # A guess gets the same answer as for any address.
        assert await slug(harness, ADDRESS, SPRAYED, OFFICE) == "too_many_tries"
        assert await holder.can_sign_in_with(OTHER_PASSWORD, OFFICE)


async def test_au_11_the_try_out_is_not_watched(harness: RegistrationHarness) -> None:
    for n in range(30):
        assert await slug(harness, f"nobody{n}@exemple.fr", SPRAYED) == "wrong_credentials"
