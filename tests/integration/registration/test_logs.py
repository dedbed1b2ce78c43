"""Operators find the events of one account in the log by its id; no line contains an address."""

from shared.contracts.registration.events import AddressProofRequested, LostPhoneClaimed
from tests.support.actors.harness_account_holder import (
    ADDRESS,
    UNKNOWN,
    HarnessAccountHolder,
    lost_phone_claim,
    reset_request,
)
from tests.support.harness.registration import OTHER_PASSWORD, PASSWORD, RegistrationHarness
from tests.support.logs import whose, written_log


async def test_lg_01_log_lines_name_the_account(harness: RegistrationHarness) -> None:
    with written_log() as log:
        holder = await HarnessAccountHolder.of(harness)
        await harness.ask(holder.send_code())
        digits = await holder.secret(AddressProofRequested, "code")
        await harness.refusal(holder.code(f"{(int(digits) + 1) % 1_000_000:06d}"))
        await harness.ask(holder.code(digits))
        await holder.disavow(holder.disavowal())
        await harness.ask(holder.reset(await holder.reset_link()))
        harness.advance(minutes=1)
        assert await holder.can_sign_in_with(OTHER_PASSWORD)
        await holder.open_session()
        await harness.ask(lost_phone_claim())
        token = await holder.secret(LostPhoneClaimed)
        await harness.ask(holder.confirm_loss(token, stolen=True, password=OTHER_PASSWORD))
    found = whose(log)
    for action in (
        "account_created",
        "authn_code_fail",
        "account_frozen",
        "password_reset_requested",
        "authn_password_change",
        "account_thawed",
        "lost_phone_claimed",
        "lost_phone_reported",
    ):
        assert found.get(action) == {holder.account_id}, action
    assert holder.account_id in found["address_proved"]
    assert ADDRESS not in log.getvalue()


async def test_lg_01_a_restricted_account_is_named(harness: RegistrationHarness) -> None:
    holder = await HarnessAccountHolder.of(harness)
    await holder.disavow(holder.disavowal())
    with written_log() as log:
        await holder.replace_phone()
    assert whose(log)["account_left_to_desk"] == {holder.account_id}


async def test_lg_02_an_address_without_an_account_names_nobody(
    harness: RegistrationHarness,
) -> None:
    with written_log() as log:
        await harness.ask(reset_request(UNKNOWN))
        await harness.ask(lost_phone_claim(UNKNOWN))
    assert whose(log)["password_reset_requested"] == {None}
    assert whose(log)["lost_phone_claimed"] == {None}
    assert UNKNOWN not in log.getvalue()


async def test_lg_01_failed_passwords_name_the_account_and_closed_ones_apart(
    harness: RegistrationHarness,
) -> None:
    holder = await HarnessAccountHolder.of(harness)
    with written_log() as log:
        assert not await holder.can_sign_in_with(OTHER_PASSWORD)
        assert await holder.can_sign_in_with(PASSWORD)
    for action in ("authn_login_fail", "authn_login_success"):
        assert whose(log)[action] == {holder.account_id}
    assert "A password was wrong." in log.getvalue()
    await holder.close("frozen")
    with written_log() as log:
        assert not await holder.can_sign_in_with(PASSWORD)
    assert whose(log)["authn_login_fail"] == {holder.account_id}
    assert "for a closed account" in log.getvalue()
    assert "A password was wrong." not in log.getvalue()
