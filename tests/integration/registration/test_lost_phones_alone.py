"""A lost phone without an agent: mailbox and password, both unchanged for 30 days (OT-15)."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio

from shared.contracts.registration.events import LostPhoneClaimed, LostPhoneReported
from shared.contracts.registration.requests import CheckPhoneReplacement
from shared.contracts.registration.views import Done
from tests.support.actors.harness_account_holder import (
    OTHER_PASSWORD,
    HarnessAccountHolder,
    lost_phone_claim,
)
from tests.support.harness.registration import OpenHarness, RegistrationHarness


@pytest_asyncio.fixture(loop_scope="package")
async def harness(harness_with: OpenHarness) -> AsyncIterator[RegistrationHarness]:
    async with harness_with(IMPEX_LOST_PHONE_ALONE="true") as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="package")
async def holder(harness: RegistrationHarness) -> HarnessAccountHolder:
    """Whose password and address are 30 days old."""
    made = await HarnessAccountHolder.of(harness)
    harness.advance(days=30)
    return made


async def link(harness: RegistrationHarness, holder: HarnessAccountHolder) -> str:
    await harness.ask(lost_phone_claim())
    return await holder.secret(LostPhoneClaimed)


async def test_ot_15_mailbox_and_password_are_reported_for_support_to_wait(
    harness: RegistrationHarness, holder: HarnessAccountHolder
) -> None:
    token = await link(harness, holder)
    view = await harness.ask(holder.confirm_loss(token, alone=True))
    assert (view.alone, view.frozen) == (True, False)
    (event,) = await harness.events(LostPhoneReported)
    assert (event.alone, event.stolen, event.request_id) == (True, False, view.number)
    assert (await harness.refusal(holder.confirm_loss(token, alone=True))).slug == "link_used"
    judged = await harness.ask(CheckPhoneReplacement(account_id=holder.account_id))
    assert judged == Done()


@pytest.mark.parametrize("password", ["", OTHER_PASSWORD])
async def test_ot_15_the_mailbox_alone_opens_nothing(
    harness: RegistrationHarness, holder: HarnessAccountHolder, password: str
) -> None:
    token = await link(harness, holder)
    confirm = holder.confirm_loss(token, alone=True, password=password)
    refusal = await harness.refusal(confirm)
    code = "not_yours" if password else "missing"
    assert [(one.field, one.code) for one in refusal.errors] == [("password", code)]
    assert await harness.events(LostPhoneReported) == []
    # The link is still good: without the password an agent is asked.
    assert not (await harness.ask(holder.confirm_loss(token))).alone


async def test_ot_15_a_password_of_29_days_is_for_an_agent(
    harness: RegistrationHarness, holder: HarnessAccountHolder
) -> None:
    await harness.ask(holder.reset(await holder.reset_link()))
    harness.advance(days=29)
    token = await link(harness, holder)
    refusal = await harness.refusal(holder.confirm_loss(token, alone=True, password=OTHER_PASSWORD))
    assert [(one.field, one.code) for one in refusal.errors] == [("alone", "password_lately")]
    judge = CheckPhoneReplacement(account_id=holder.account_id)
    assert (await harness.refusal(judge)).slug == "replacement_refused"
    harness.advance(days=1)
    token = await link(harness, holder)
    assert (
        await harness.ask(holder.confirm_loss(token, alone=True, password=OTHER_PASSWORD))
    ).alone


async def test_ot_15_a_wrong_password_does_not_show_its_age(
    harness: RegistrationHarness, holder: HarnessAccountHolder
) -> None:
    """Whoever reads the mailbox learns no more than that it is wrong."""
    await harness.ask(holder.reset(await holder.reset_link()))
    token = await link(harness, holder)
    refusal = await harness.refusal(holder.confirm_loss(token, alone=True, password="Wrong9xZ!"))
    assert [(one.field, one.code) for one in refusal.errors] == [("password", "not_yours")]


async def test_ot_15_an_address_of_29_days_is_for_an_agent(
    harness: RegistrationHarness, holder: HarnessAccountHolder
) -> None:
    changed = harness.now - timedelta(days=29)
    await harness.pool.execute(
        "UPDATE accounts SET address_changed_at = $2 WHERE id = $1", holder.account_id, changed
    )
    refusal = await harness.refusal(holder.confirm_loss(await link(harness, holder), alone=True))
    assert [(one.field, one.code) for one in refusal.errors] == [("alone", "address_lately")]


async def test_ot_15_a_frozen_account_and_a_stolen_phone_are_for_an_agent(
    harness: RegistrationHarness, holder: HarnessAccountHolder
) -> None:
    token = await link(harness, holder)
    refusal = await harness.refusal(holder.confirm_loss(token, alone=True, stolen=True))
    assert [(one.field, one.code) for one in refusal.errors] == [("alone", "stolen")]
    await holder.disavow(holder.disavowal())
    refusal = await harness.refusal(holder.confirm_loss(token, alone=True))
    assert [(one.field, one.code) for one in refusal.errors] == [("alone", "closed")]
    judge = CheckPhoneReplacement(account_id=holder.account_id)
    assert (await harness.refusal(judge)).slug == "replacement_refused"


async def test_ot_15_what_changes_while_it_waits_closes_it(
    harness: RegistrationHarness, holder: HarnessAccountHolder
) -> None:
    """Judged where the password is used, so that no event has to arrive in time."""
    await harness.ask(holder.confirm_loss(await link(harness, holder), alone=True))
    harness.advance(hours=72)
    judge = CheckPhoneReplacement(account_id=holder.account_id)
    assert await harness.ask(judge) == Done()
    await harness.ask(holder.reset(await holder.reset_link()))
    assert (await harness.refusal(judge)).slug == "replacement_refused"


async def test_ot_15_without_the_setting_there_is_no_such_way(
    harness_with: OpenHarness,
) -> None:
    async with harness_with() as harness:
        holder = await HarnessAccountHolder.of(harness)
        harness.advance(days=40)
        token = await link(harness, holder)
        refusal = await harness.refusal(holder.confirm_loss(token, alone=True))
        assert [(one.field, one.code) for one in refusal.errors] == [("alone", "not_offered")]
        judge = CheckPhoneReplacement(account_id=holder.account_id)
        assert (await harness.refusal(judge)).slug == "replacement_refused"
