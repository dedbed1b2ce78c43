"""Every log line about an account's second factor has the account's id."""

from datetime import timedelta

from shared.contracts.mfa.events import AuthenticatorRemoved
from shared.contracts.registration.events import CredentialsRemoved
from tests.support.harness.mfa import ADDRESS, MfaHarness
from tests.support.logs import whose, written_log


async def test_lg_01_every_line_names_the_account(
    harness: MfaHarness,
) -> None:
    with written_log() as log:
        account, phone = await harness.enrolled()
        enrolment = await harness.ask(harness.replace(account, phone.code(harness.now)))
        new = harness.phone(enrolment)
        wrong = harness.wrong_code(phone, new)
        await harness.refusal(harness.confirm(account, enrolment.enrolment_id, wrong))
        codes = await harness.recovery_codes(account)
        await harness.ask(harness.recover(account, codes[0]))
        harness.advance(seconds=60)
        for _ in range(7):
            await harness.refusal(harness.check(account, wrong))
        await harness.handle_event(
            CredentialsRemoved(removed_at=harness.now + timedelta(1)), account
        )
    found = whose(log)
    for action in (
        "enrolment_begun",
        "enrolment_code_fail",
        "authn_factor_enrolled",
        "authn_code_success",
        "authn_code_fail",
        "authn_code_lock",
        "excess_rate_limit_exceeded",
        "recovery_list_made",
        "recovery_list_kept",
        "authn_factor_removed",
    ):
        assert found.get(action) == {account}, action
    assert ADDRESS not in log.getvalue()
    assert await harness.events(AuthenticatorRemoved)
