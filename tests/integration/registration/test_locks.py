"""Concurrent changes of one account: no deadlock, and one consistent result (CR-12)."""

import asyncio

from services.registration.purge import purge
from shared.contracts.registration.events import PasswordResetRequested
from shared.messaging.handlers import Refused
from tests.support.actors.harness_account_holder import (
    ADDRESS,
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


async def test_cr_12_concurrent_changes_of_one_account_lock_in_one_order(
    harness_with: OpenHarness, public: dict[str, str]
) -> None:
    """Sign-ins from many networks, changes, resets, freezes, events and the purge, eight times."""
    limits = {"IMPEX_RESETS_PER_ADDRESS": "100", "IMPEX_REQUESTS_PER_ADDRESS": "100"}
    async with harness_with(**public, **limits) as harness:
        holder = await HarnessAccountHolder.of(harness)
        failed: list[BaseException] = []
        for number in range(8):
            reset = holder.reset(await _link(harness, holder), OTHER_PASSWORD)
            acts = [
                harness.ask(reset),
                harness.ask(reset),
                harness.ask(holder.change(PASSWORD, OTHER_PASSWORD)),
                harness.ask(holder.change(OTHER_PASSWORD, PASSWORD)),
                harness.ask(holder.check(PASSWORD)),
                *(
                    harness.ask(harness.sign_in(ADDRESS, PASSWORD, f"10.0.{n}.0/24"))
                    for n in range(4)
                ),
                *(harness.ask(harness.sign_in(ADDRESS, "x", f"10.0.{n}.0/24")) for n in range(4)),
                harness.ask(harness.sign_in(ADDRESS, PASSWORD, known=(holder.account_id,))),
                harness.ask(harness.form(password=OTHER_PASSWORD)),
                harness.ask(reset_request()),
                harness.ask(lost_phone_claim()),
                harness.ask(holder.send_code(renew=True)),
                harness.ask(holder.code("123456")),
                holder.disavow(holder.disavowal(mail=f"{number:032x}")),
                holder.open_session(),
                holder.replace_phone(days_ago=30),
                purge(harness.pool, harness.now),
            ]
            answers = await asyncio.gather(*acts, return_exceptions=True)
            failed += [
                each
                for each in answers
                if isinstance(each, BaseException) and not isinstance(each, Refused)
            ]
            harness.advance(hours=25)
        assert failed == []


async def _link(harness: RegistrationHarness, holder: HarnessAccountHolder) -> str:
    """A link for a new password, which also unfreezes the account of the round before."""
    token = await holder.reset_link()
    await harness.ask(holder.reset(token, PASSWORD))
    await holder.open_session()
    assert (await holder.row())["state"] == "active"
    await harness.ask(reset_request())
    return await holder.secret(PasswordResetRequested)
