"""The recovery address: proved by a mailed code, told of, removed (OT-19)."""

from datetime import timedelta

import pytest

from shared.contracts.registration.recovery_address import (
    ConfirmRecoveryAddress,
    DescribeRecoveryAddress,
    RecoveryAddressChanged,
    RecoveryAddressRequested,
    RecoveryAddressView,
    RemoveRecoveryAddress,
    RequestRecoveryAddress,
)
from shared.security.sealing import seal_context
from tests.support.actors.harness_account_holder import ADDRESS, HarnessAccountHolder
from tests.support.harness.registration import RegistrationHarness

OTHER = "pierre@maison.example.fr"


def request_address(holder: HarnessAccountHolder, address: str = OTHER) -> RequestRecoveryAddress:
    return RequestRecoveryAddress(account_id=holder.account_id, address=address, language="en")


async def mailed_code(harness: RegistrationHarness) -> str:
    """The code of the latest message."""
    event = (await harness.events(RecoveryAddressRequested))[-1]
    return harness.mailbox.open(event.code, seal_context(RecoveryAddressRequested, "code"))


def confirm(
    harness: RegistrationHarness, holder: HarnessAccountHolder, code: str
) -> ConfirmRecoveryAddress:
    sealed = harness.seal(ConfirmRecoveryAddress, "code", code)
    return ConfirmRecoveryAddress(account_id=holder.account_id, code=sealed)


async def describe(
    harness: RegistrationHarness, holder: HarnessAccountHolder
) -> RecoveryAddressView:
    view = await harness.ask(DescribeRecoveryAddress(account_id=holder.account_id))
    assert isinstance(view, RecoveryAddressView)
    return view


async def test_ot_19_it_is_empty_until_a_mailed_code_proves_one(
    harness: RegistrationHarness,
) -> None:
    holder = await HarnessAccountHolder.of(harness)
    assert await describe(harness, holder) == RecoveryAddressView()
    pending = await harness.ask(request_address(holder))
    assert (pending.address, pending.pending, pending.tries_left) == ("", OTHER, 5)
    ((_, subject, event),) = await harness.published(RecoveryAddressRequested)
    assert (subject, event.address, event.language) == (holder.account_id, OTHER, "en")
    assert await harness.events(RecoveryAddressChanged) == []
    done = await harness.ask(confirm(harness, holder, await mailed_code(harness)))
    assert (done.address, done.verified_at, done.pending) == (OTHER, harness.now, "")
    ((_, subject, changed),) = await harness.published(RecoveryAddressChanged)
    assert (subject, changed.address) == (holder.account_id, OTHER)


async def test_ot_19_wrong_codes_are_counted_and_codes_expire(
    harness: RegistrationHarness,
) -> None:
    holder = await HarnessAccountHolder.of(harness)
    await harness.ask(request_address(holder))
    code = await mailed_code(harness)
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    for left in (4, 3, 2, 1):
        refusal = await harness.refusal(confirm(harness, holder, wrong))
        assert (refusal.slug, refusal.params) == ("wrong_code", {"tries_left": left})
    assert (await harness.refusal(confirm(harness, holder, wrong))).slug == "code_void"
    assert (await harness.refusal(confirm(harness, holder, code))).slug == "code_void"
    await harness.ask(request_address(holder))
    code = await mailed_code(harness)
    harness.advance(minutes=60)
    assert (await harness.refusal(confirm(harness, holder, code))).slug == "code_expired"
    assert (await describe(harness, holder)).pending == ""


@pytest.mark.parametrize("address", [ADDRESS, "", "nobody", "a@b"])
async def test_ot_19_the_accounts_own_address_is_no_second_one(
    harness: RegistrationHarness, address: str
) -> None:
    holder = await HarnessAccountHolder.of(harness)
    refusal = await harness.refusal(request_address(holder, address))
    assert (refusal.slug, refusal.errors[0].field) == ("invalid_fields", "address")


async def test_ot_19_an_address_with_an_account_is_answered_alike(
    harness: RegistrationHarness,
) -> None:
    await harness.account(OTHER)
    holder = await HarnessAccountHolder.of(harness)
    assert (await harness.ask(request_address(holder))).pending == OTHER


async def test_ot_19_five_wishes_a_day(harness: RegistrationHarness) -> None:
    holder = await HarnessAccountHolder.of(harness)
    for _ in range(5):
        await harness.ask(request_address(holder))
    assert (await harness.refusal(request_address(holder))).slug == "too_many_requests"


async def test_ot_19_once_removed_it_gets_no_mail(harness: RegistrationHarness) -> None:
    holder = await HarnessAccountHolder.of(harness)
    await harness.ask(request_address(holder))
    await harness.ask(confirm(harness, holder, await mailed_code(harness)))
    harness.advance(minutes=1)
    for _ in range(2):
        await harness.ask(RemoveRecoveryAddress(account_id=holder.account_id))
    assert await describe(harness, holder) == RecoveryAddressView()
    changes = await harness.events(RecoveryAddressChanged)
    assert [one.address for one in changes] == [OTHER, ""]
    assert changes[1].changed_at - changes[0].changed_at == timedelta(minutes=1)


async def test_ot_19_the_code_is_stored_as_a_hash(harness: RegistrationHarness) -> None:
    holder = await HarnessAccountHolder.of(harness)
    await harness.ask(request_address(holder))
    (row,) = await harness.fetch("SELECT * FROM recovery_address_changes")
    assert len(row["code_hash"]) == 32
    assert await mailed_code(harness) not in str(dict(row))
