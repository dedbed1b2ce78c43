"""An operator finds everything that happened to one account's second factor by its id."""

from __future__ import annotations

from datetime import timedelta

from shared.contracts import mfa as words
from shared.contracts.registration import CredentialsRemoved
from tests.integration.mfa.room import ADDRESS, Desk
from tests.support.logs import whose, written_log


async def test_lg_01_every_line_about_a_second_factor_says_whose(desk: Desk) -> None:
    with written_log() as log:
        account, phone = await desk.enrolled()
        begun = await desk.ask(desk.replace(account, phone.code(desk.now)))
        new = desk.phone(begun)
        wrong = desk.wrong(phone, new)
        await desk.refusal(desk.confirm(account, begun.enrolment_id, wrong))
        codes = await desk.sheet(account)
        await desk.ask(desk.recover(account, codes[0]))
        desk.later(seconds=60)
        for _ in range(7):
            await desk.refusal(desk.check(account, wrong))
        await desk.hear(CredentialsRemoved(removed_at=desk.now + timedelta(1)), account)
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
    assert await desk.events(words.AuthenticatorRemoved)
