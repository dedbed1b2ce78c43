"""The password within a session: checked, changed, counted (PW-08)."""

import asyncio

import pytest

from shared.contracts.registration.events import PasswordChanged, PasswordResetRequested
from shared.contracts.registration.requests import DescribeReset
from shared.contracts.registration.views import Done, PasswordChangedView
from shared.messaging.handlers import Refused
from tests.support.actors.harness_account_holder import (
    ADDRESS,
    HarnessAccountHolder,
    codes,
    reset_request,
)
from tests.support.harness.registration import OTHER_PASSWORD, PASSWORD, RegistrationHarness

THIRD_PASSWORD = "Ghtz7bNw"


async def test_pw_08_the_password_is_changed_with_the_current_one(
    harness: RegistrationHarness,
) -> None:
    holder = await HarnessAccountHolder.of(harness)
    view = await harness.ask(holder.change(PASSWORD, OTHER_PASSWORD))
    assert view == PasswordChangedView(account_id=holder.account_id, changed_at=harness.now)
    ((_, subject, event),) = await harness.published(PasswordChanged)
    assert subject == holder.account_id
    assert event == PasswordChanged(by="person", changed_at=harness.now, device="Firefox, Windows")
    assert not await holder.can_sign_in_with(PASSWORD)
    assert await holder.can_sign_in_with(OTHER_PASSWORD)


@pytest.mark.parametrize(
    ("current", "new", "expected"),
    [
        (OTHER_PASSWORD, THIRD_PASSWORD, ["current_password:wrong"]),
        (PASSWORD.lower(), THIRD_PASSWORD, ["current_password:wrong"]),
        ("", THIRD_PASSWORD, ["current_password:missing"]),
        ("a" * 2_000, THIRD_PASSWORD, ["current_password:wrong"]),
        (PASSWORD, PASSWORD, ["password:unchanged"]),
        # `unchanged` is reported only where the current password was right.
        (OTHER_PASSWORD, PASSWORD, ["current_password:wrong"]),
        (PASSWORD, "", ["password:missing"]),
        (PASSWORD, "a" * 2_000, ["password:unreadable"]),
        (PASSWORD, "Kx7Durand9z", ["password:identity"]),
        (PASSWORD, "LaboZ83kq", ["password:identity"]),
        (OTHER_PASSWORD, "x", ["current_password:wrong", "password:mixed_case_missing_upper",
                               "password:too_short"]),
        ("", "", ["current_password:missing", "password:missing"]),
    ],
)  # fmt: skip
async def test_pw_08_every_error_is_reported_at_its_field(
    harness: RegistrationHarness, current: str, new: str, expected: list[str]
) -> None:
    holder = await HarnessAccountHolder.of(harness)
    assert codes(await harness.refusal(holder.change(current, new))) == expected
    assert await harness.events(PasswordChanged) == []
    assert await holder.can_sign_in_with(PASSWORD)


async def test_au_04_guesses_within_a_session_count_for_the_known_browser(
    harness: RegistrationHarness,
) -> None:
    holder = await HarnessAccountHolder.of(harness)
    for _ in range(3):
        assert (await harness.refusal(holder.check(OTHER_PASSWORD))).slug == "wrong_password"
    for _ in range(2):
        refusal = await harness.refusal(holder.change(OTHER_PASSWORD, THIRD_PASSWORD))
        assert codes(refusal) == ["current_password:wrong"]
    for request in (holder.check(PASSWORD), holder.change(PASSWORD, OTHER_PASSWORD)):
        refusal = await harness.refusal(request)
        assert (refusal.slug, refusal.retry_after) == ("too_many_tries", 90)
    # Guesses within a stolen session do not lock the owner's browsers out.
    known = harness.sign_in(ADDRESS, PASSWORD, known=(holder.account_id,))
    assert (await harness.ask(known)).due == "account"


async def test_au_03_parallel_guesses_within_sessions_are_all_counted(
    harness: RegistrationHarness,
) -> None:
    holder = await HarnessAccountHolder.of(harness)
    asked = [holder.check(OTHER_PASSWORD) for _ in range(25)]
    asked += [holder.change(OTHER_PASSWORD, THIRD_PASSWORD) for _ in range(25)]
    refusals = await asyncio.gather(*(harness.refusal(each) for each in asked))
    assert sum(each.slug != "too_many_tries" for each in refusals) == 5


async def test_the_right_password_clears_the_failures_of_the_known_browser(
    harness: RegistrationHarness,
) -> None:
    holder = await HarnessAccountHolder.of(harness)
    for _ in range(3):
        for _ in range(4):
            await harness.refusal(holder.check(OTHER_PASSWORD))
        assert await harness.ask(holder.check(PASSWORD)) == Done()


async def test_a_right_password_with_an_invalid_new_one_does_not_count(
    harness: RegistrationHarness,
) -> None:
    holder = await HarnessAccountHolder.of(harness)
    for _ in range(12):
        assert codes(await harness.refusal(holder.change(PASSWORD, "Kx7Durand9z")))
    assert await harness.ask(holder.check(PASSWORD)) == Done()


async def test_a_change_clears_the_throttle_of_the_address_everywhere(
    harness: RegistrationHarness,
) -> None:
    holder = await HarnessAccountHolder.of(harness)
    for number in range(25):
        await harness.refusal(harness.sign_in(ADDRESS, "x", f"10.0.{number % 5}.0/24"))
    await harness.ask(holder.change(PASSWORD, OTHER_PASSWORD))
    assert await holder.can_sign_in_with(OTHER_PASSWORD, "10.0.0.0/24")


@pytest.mark.parametrize("state", ["deactivated", "frozen"])
async def test_a_closed_accounts_password_is_wrong(
    harness: RegistrationHarness, state: str
) -> None:
    holder = await HarnessAccountHolder.of(harness)
    await holder.close(state)
    assert (await harness.refusal(holder.check(PASSWORD))).slug == "wrong_password"
    refusal = await harness.refusal(holder.change(PASSWORD, OTHER_PASSWORD))
    assert codes(refusal) == ["current_password:wrong"]


@pytest.mark.parametrize("nobody", ["8d5d2b40-6b0e-4a5e-9f0c-000000000000", "not an id"])
async def test_the_password_of_an_unknown_account_is_wrong(
    harness: RegistrationHarness, nobody: str
) -> None:
    holder = HarnessAccountHolder(harness, nobody)
    assert (await harness.refusal(holder.check(PASSWORD))).slug == "wrong_password"
    refusal = await harness.refusal(holder.change(PASSWORD, OTHER_PASSWORD))
    assert codes(refusal) == ["current_password:wrong"]


async def test_of_two_concurrent_changes_one_is_refused(harness: RegistrationHarness) -> None:
    holder = await HarnessAccountHolder.of(harness)
    changes = [holder.change(PASSWORD, OTHER_PASSWORD), holder.change(PASSWORD, THIRD_PASSWORD)]
    prepared = [await harness.prepare(each) for each in changes]
    answers = await asyncio.gather(
        *(harness.execute(a, b) for a, b in zip(changes, prepared, strict=True)),
        return_exceptions=True,
    )
    (refused,) = [each for each in answers if isinstance(each, Refused)]
    assert codes(refused.refusal) == ["current_password:wrong"]
    assert len(await harness.events(PasswordChanged)) == 1
    won = [await holder.can_sign_in_with(each) for each in (OTHER_PASSWORD, THIRD_PASSWORD)]
    assert won == [isinstance(each, PasswordChangedView) for each in answers]


async def test_of_a_concurrent_change_and_reset_one_is_refused(
    harness: RegistrationHarness,
) -> None:
    holder = await HarnessAccountHolder.of(harness)
    token = await holder.reset_link()
    both = [holder.change(PASSWORD, OTHER_PASSWORD), holder.reset(token, THIRD_PASSWORD)]
    prepared = [await harness.prepare(each) for each in both]
    answers = await asyncio.gather(
        *(harness.execute(a, b) for a, b in zip(both, prepared, strict=True)),
        return_exceptions=True,
    )
    assert len([each for each in answers if isinstance(each, Refused)]) == 1
    assert len(await harness.events(PasswordChanged)) == 1
    won = [await holder.can_sign_in_with(each) for each in (OTHER_PASSWORD, THIRD_PASSWORD)]
    assert won == [isinstance(each, PasswordChangedView) for each in answers]


@pytest.mark.parametrize("first", ["change", "reset"])
async def test_a_change_and_a_reset_in_either_order(
    harness: RegistrationHarness, first: str
) -> None:
    holder = await HarnessAccountHolder.of(harness)
    token = await holder.reset_link()
    change, reset = holder.change(PASSWORD, OTHER_PASSWORD), holder.reset(token, THIRD_PASSWORD)
    prepared = [await harness.prepare(each) for each in (change, reset)]
    if first == "change":
        await harness.execute(change, prepared[0])
        with pytest.raises(Refused, match="link_gone"):
            await harness.execute(reset, prepared[1])
    else:
        await harness.execute(reset, prepared[1])
        with pytest.raises(Refused, match="invalid_fields"):
            await harness.execute(change, prepared[0])
    assert await holder.can_sign_in_with(OTHER_PASSWORD if first == "change" else THIRD_PASSWORD)


async def test_a_change_voids_the_link_that_was_sent_and_not_the_next_one(
    harness: RegistrationHarness,
) -> None:
    holder = await HarnessAccountHolder.of(harness)
    token = await holder.reset_link()
    await harness.ask(holder.change(PASSWORD, OTHER_PASSWORD))
    view = await harness.ask(holder.follow(DescribeReset, token))
    assert view.state == "gone"
    await harness.ask(reset_request())
    latest = await holder.secret(PasswordResetRequested)
    await harness.ask(holder.reset(latest, THIRD_PASSWORD))
    assert await holder.can_sign_in_with(THIRD_PASSWORD)
