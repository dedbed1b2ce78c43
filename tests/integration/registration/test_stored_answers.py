"""AU-06: every change of password, state, address or phone deletes the account's stored answers."""

from collections.abc import Awaitable, Callable

import pytest

from shared.contracts.registration.events import LostPhoneClaimed
from shared.contracts.registration.requests import Disavow
from tests.support.actors.address_changer import AddressChanger
from tests.support.actors.harness_account_holder import HarnessAccountHolder, lost_phone_claim
from tests.support.harness.registration import OTHER_PASSWORD, PASSWORD, RegistrationHarness

pytestmark = pytest.mark.timeout(300)


async def _change_password(holder: HarnessAccountHolder) -> None:
    await holder.harness.ask(holder.change(PASSWORD, OTHER_PASSWORD))


async def _reset(holder: HarnessAccountHolder) -> None:
    await holder.harness.ask(holder.reset(await holder.reset_link()))


async def _freeze(holder: HarnessAccountHolder) -> None:
    await holder.disavow(holder.disavowal())


async def _reset_after_freeze(holder: HarnessAccountHolder) -> None:
    await holder.close("frozen")
    await _reset(holder)


async def _thaw(holder: HarnessAccountHolder) -> None:
    await holder.close("thawing")
    await holder.open_session()


async def _move(holder: HarnessAccountHolder) -> None:
    mover = AddressChanger(holder.harness, holder)
    await holder.harness.ask(mover.request_change())
    await holder.harness.ask(mover.confirm(await mover.code()))


async def _replace_phone(holder: HarnessAccountHolder) -> None:
    await holder.replace_phone()


async def _steal_after_freeze(holder: HarnessAccountHolder) -> None:
    """Only support may then open the account, whose sign-in was possible for some hours."""
    await holder.open_session()
    await holder.harness.ask(lost_phone_claim())
    token = await holder.secret(LostPhoneClaimed)
    await holder.disavow(holder.disavowal())
    await holder.harness.store_answer(holder.account_id)
    await holder.harness.ask(holder.confirm_loss(token, stolen=True))
    assert (await holder.row())["desk_only"]


@pytest.mark.parametrize(
    "change",
    [
        _change_password,
        _reset,
        _freeze,
        _reset_after_freeze,
        _thaw,
        _move,
        _replace_phone,
        _steal_after_freeze,
    ],
    ids=lambda change: change.__name__,
)
async def test_stored_answers_of_the_account_are_deleted_and_others_stay(
    harness: RegistrationHarness, change: Callable[[HarnessAccountHolder], Awaitable[None]]
) -> None:
    holder = await HarnessAccountHolder.of(harness)
    for subject in (holder.account_id, "somebody else"):
        await harness.store_answer(subject)
    await change(holder)
    assert await harness.stored_answers() == {"somebody else"}


async def test_operations_without_effect_leave_stored_answers(harness: RegistrationHarness) -> None:
    """A double press of a sign-in, or of a check of the password, still gets the same answer."""
    holder = await HarnessAccountHolder.of(harness)
    await harness.store_answer(holder.account_id)
    await harness.ask(harness.sign_in("pierre@labo.fr", PASSWORD))
    await harness.ask(holder.check(PASSWORD))
    await harness.ask(holder.send_code())
    await holder.reset_link()
    await harness.outcome(holder.change("wrong", OTHER_PASSWORD))
    await harness.outcome(holder.follow(Disavow, "malformed"))
    await holder.open_session()
    assert await harness.stored_answers() == {holder.account_id}
