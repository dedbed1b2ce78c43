"""Verifying an account's address again before a late enrolment (OT-13, AU-09)."""

import asyncio
from datetime import timedelta

import pytest

from shared.contracts.registration.events import (
    AccountThawed,
    AddressProofRenewed,
    AddressProofRequested,
    PasswordAccepted,
    PasswordChanged,
)
from shared.contracts.registration.views import AddressCodeView
from tests.support.actors.harness_account_holder import ADDRESS, HarnessAccountHolder, codes
from tests.support.harness.registration import (
    OTHER_PASSWORD,
    PASSWORD,
    START,
    OpenHarness,
    RegistrationHarness,
)


async def late(harness: RegistrationHarness, address: str = ADDRESS) -> HarnessAccountHolder:
    """An account whose address was verified a day ago."""
    holder = await HarnessAccountHolder.of(harness, address)
    harness.advance(hours=25)
    return holder


def wrong(code: str) -> str:
    """A code that differs from this one."""
    return f"{(int(code) + 1) % 1_000_000:06d}"


async def sent(
    harness: RegistrationHarness, holder: HarnessAccountHolder, *, renew: bool = False
) -> str:
    """Request a code; returns its digits."""
    await harness.ask(holder.send_code(renew=renew))
    return await holder.secret(AddressProofRequested, "code")


async def test_ot_13_a_day_later_a_code_verifies_the_address_again(
    harness: RegistrationHarness,
) -> None:
    holder = await late(harness)
    signed_in = await harness.ask(harness.sign_in(ADDRESS, PASSWORD))
    assert signed_in.enrol_before == START + timedelta(hours=24)
    assert signed_in.enrol_before < harness.now
    view = await harness.ask(holder.send_code())
    assert view == AddressCodeView(
        address=ADDRESS,
        code_sent_at=harness.now,
        expires_at=harness.now + timedelta(minutes=10),
        resend_at=harness.now + timedelta(seconds=60),
        tries_left=5,
    )
    ((_, subject, event),) = await harness.published(AddressProofRequested)
    assert (subject, event.address, event.language) == (holder.account_id, ADDRESS, "fr")
    assert event.expires_at == view.expires_at
    code = await holder.secret(AddressProofRequested, "code")
    harness.advance(minutes=5)
    verified = await harness.ask(holder.code(f" {code[:3]} {code[3:]} "))
    assert verified.enrol_before == harness.now + timedelta(hours=24)
    ((_, subject, event),) = await harness.published(AddressProofRenewed)
    assert subject == holder.account_id
    assert event == AddressProofRenewed(proved_at=harness.now, enrol_before=verified.enrol_before)
    again = await harness.ask(harness.sign_in(ADDRESS, PASSWORD))
    assert again.enrol_before == verified.enrol_before


async def test_a_code_given_twice_verifies_once(harness: RegistrationHarness) -> None:
    holder = await late(harness)
    code = await sent(harness, holder)
    first = await harness.ask(holder.code(code))
    harness.advance(minutes=5)
    assert await harness.ask(holder.code(code)) == first
    assert len(await harness.events(AddressProofRenewed)) == 1


async def test_ot_13_five_wrong_codes_void_it_even_at_once(harness: RegistrationHarness) -> None:
    holder = await late(harness)
    code = await sent(harness, holder)
    refusals = await asyncio.gather(*(harness.refusal(holder.code(wrong(code))) for _ in range(50)))
    assert sorted(each.params["tries_left"] for each in refusals if each.slug == "wrong_code") == [
        1, 2, 3, 4,
    ]  # fmt: skip
    refusal = await harness.refusal(holder.code(code))
    assert (refusal.slug, refusal.params) == ("code_void", {"tries": 5})
    # The page still shows that code, with no try left, until another one is requested.
    assert (await harness.ask(holder.send_code())).tries_left == 0
    harness.advance(seconds=60)
    fresh = await sent(harness, holder, renew=True)
    assert (await harness.ask(holder.send_code())).tries_left == 5
    await harness.ask(holder.code(fresh))


async def test_ot_13_a_code_is_valid_for_ten_minutes(harness: RegistrationHarness) -> None:
    holder = await late(harness)
    code = await sent(harness, holder)
    at = harness.now + timedelta(minutes=10)
    harness.advance(minutes=10)
    refusal = await harness.refusal(holder.code(code))
    assert (refusal.slug, refusal.params) == ("code_expired", {"at": at.isoformat()})
    # The page, opened again, sends another one.
    assert await sent(harness, holder) is not None
    assert len(await harness.events(AddressProofRequested)) == 2


async def test_a_reload_sends_nothing_and_another_code_voids_the_former(
    harness: RegistrationHarness,
) -> None:
    holder = await late(harness)
    code = await sent(harness, holder)
    view = await harness.ask(holder.send_code())
    assert len(await harness.events(AddressProofRequested)) == 1
    refusal = await harness.refusal(holder.send_code(renew=True))
    assert (refusal.slug, refusal.retry_after) == ("too_soon", 60)
    harness.advance(seconds=60)
    assert view.resend_at == harness.now
    fresh = await sent(harness, holder, renew=True)
    if fresh != code:
        assert (await harness.refusal(holder.code(code))).slug == "wrong_code"
    await harness.ask(holder.code(fresh))


async def test_au_17_five_codes_a_day(harness: RegistrationHarness) -> None:
    holder = await late(harness)
    for _ in range(5):
        await sent(harness, holder, renew=True)
        harness.advance(minutes=1)
    refusal = await harness.refusal(holder.send_code(renew=True))
    assert (refusal.slug, refusal.params) == ("too_many_requests", {"limit": "sends"})
    # Account requests of others have a limit of their own.
    await harness.request(password=OTHER_PASSWORD)
    harness.advance(days=1)
    await sent(harness, holder)


async def test_re_03_the_code_of_one_account_is_not_valid_for_another(
    harness: RegistrationHarness,
) -> None:
    holder, other = await late(harness), await late(harness, "paul@labo.fr")
    code = await sent(harness, holder)
    theirs = await sent(harness, other)
    if code != theirs:
        assert (await harness.refusal(other.code(code))).slug == "wrong_code"
    await harness.ask(other.code(theirs))


async def test_au_09_the_mailed_code_verifies_the_mailbox_and_nothing_else(
    harness: RegistrationHarness,
) -> None:
    """It changes one date; no session, factor or password."""
    holder = await late(harness)
    before, code = await holder.row(), await sent(harness, holder)
    view = await harness.ask(holder.code(code))
    assert set(view.__struct_fields__) == {"enrol_before"}
    after = await holder.row()
    assert {name for name in before if before[name] != after[name]} == {"verified_at"}
    kinds = {type(each) for each in await harness.events()}
    assert not {PasswordChanged, PasswordAccepted, AccountThawed} & kinds


async def test_au_09_a_code_is_not_valid_for_a_request(harness: RegistrationHarness) -> None:
    holder = await late(harness)
    view = await harness.request("paul@labo.fr")
    code = await sent(harness, holder)
    sent_code, _ = (await harness.mailed_secrets())[-1]
    if code != sent_code:
        assert (await harness.refusal(harness.code(view.request_id, code))).slug == "wrong_code"
        assert (await harness.refusal(holder.code(sent_code))).slug == "wrong_code"


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "12345a", "١٢٣٤٥", "a" * 2_000])
async def test_a_malformed_code_is_a_field_error(harness: RegistrationHarness, typed: str) -> None:
    holder = await late(harness)
    await sent(harness, holder)
    assert codes(await harness.refusal(holder.code(typed))) == ["code:format"]
    assert (await harness.ask(holder.send_code())).tries_left == 5


async def test_a_code_that_was_never_sent_is_expired(harness: RegistrationHarness) -> None:
    holder = await late(harness)
    assert (await harness.refusal(holder.code("123456"))).slug == "code_expired"


@pytest.mark.parametrize("state", ["deactivated", "frozen"])
async def test_a_closed_account_is_sent_no_code(harness: RegistrationHarness, state: str) -> None:
    holder = await late(harness)
    code = await sent(harness, holder)
    await holder.close(state)
    assert (await harness.refusal(holder.send_code(renew=True))).slug == "account_closed"
    assert (await harness.refusal(holder.code(code))).slug == "account_closed"
    nobody = HarnessAccountHolder(harness, "not an id")
    assert (await harness.refusal(nobody.send_code())).slug == "account_closed"


async def test_b_12_the_validity_of_a_code_is_a_setting(harness_with: OpenHarness) -> None:
    async with harness_with(IMPEX_ADDRESS_CODE_MINUTES="2") as harness:
        view = await harness.ask((await late(harness)).send_code())
        assert view.expires_at == harness.now + timedelta(minutes=2)
