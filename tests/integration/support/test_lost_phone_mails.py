"""Which mails each end of a lost phone sends its holder: one, and none twice (G-26, C-127).

The events of support go through the mailer's own rules.
"""

from collections.abc import Awaitable, Callable

import pytest

from services.mailer.handlers.lost_phone_mails import is_told
from services.mailer.handlers.request_mails import told_otherwise
from shared.contracts.base import Event
from shared.contracts.gateway import SessionOpened
from shared.contracts.registration.events import AccountFrozen
from shared.contracts.registration.resumption import AccountResumed
from shared.contracts.support.lost_phones import (
    CallEnded,
    LostPhoneReleased,
    LostPhoneStopped,
    PhoneRemovalPlanned,
    ResumptionCodeTold,
    StopLostPhone,
)
from shared.contracts.support.people_requests import CancelMyRequest, RequestClosed
from shared.contracts.support.proposals import RefuseProposal, StopProposal
from tests.support.harness.lost_phone_desk import LostPhoneDesk
from tests.support.harness.request_desk import RequestDesk
from tests.support.harness.support import BROWSER, NETWORK, SupportHarness

pytestmark = pytest.mark.asyncio(loop_scope="package")

#: The mails to the holder, by the event that causes them.
MAILS: dict[type[Event], tuple[str, Callable[..., bool]]] = {
    RequestClosed: ("P4", lambda event: not told_otherwise(event)),
    CallEnded: ("P5", is_told),
    PhoneRemovalPlanned: ("P6", lambda _: True),
    LostPhoneReleased: ("P7", lambda _: True),
    LostPhoneStopped: ("P8", lambda _: True),
    ResumptionCodeTold: ("P9", lambda _: True),
}


async def _ended(desk: LostPhoneDesk, outcome: str) -> None:
    call = await desk.call()
    await desk.harness.ask(desk.end(call.call_id, outcome))


async def not_requested(desk: LostPhoneDesk) -> None:
    await _ended(desk, "not_requested")


async def doubt(desk: LostPhoneDesk) -> None:
    await _ended(desk, "doubt")


async def no_answer(desk: LostPhoneDesk) -> None:
    await _ended(desk, "no_answer")


async def _wrong_words(desk: LostPhoneDesk) -> None:
    call = await desk.call()
    for _ in range(3):
        await desk.refused(desk.word(call.call_id, "xyz"))


async def two_failed_calls(desk: LostPhoneDesk) -> None:
    await _wrong_words(desk)
    await _wrong_words(desk)


async def two_calls_over_in_time(desk: LostPhoneDesk) -> None:
    for _ in range(2):
        await desk.call()
        desk.harness.advance(minutes=31)
        assert await desk.end_overdue() == 1


async def cancelled(desk: LostPhoneDesk) -> None:
    await desk.harness.ask(CancelMyRequest(number=desk.number, account_id=desk.account))


async def cancelled_in_a_call(desk: LostPhoneDesk) -> None:
    await desk.call()
    await cancelled(desk)


async def cancelled_before_the_date(desk: LostPhoneDesk) -> None:
    await desk.planned()
    await cancelled(desk)


async def stopped_by_its_person(desk: LostPhoneDesk) -> None:
    await desk.planned()
    await desk.harness.ask(StopLostPhone(number=desk.number, account_id=desk.account))


async def stopped_by_link(desk: LostPhoneDesk) -> None:
    await desk.planned()
    await desk.harness.ask(await desk.stop_by_link())


async def sign_in(desk: LostPhoneDesk) -> None:
    await desk.planned()
    opened = SessionOpened(
        session_id="b" * 32,
        device=BROWSER,
        network=NETWORK,
        new_device=False,
        failures=0,
        opened_at=desk.harness.now,
    )
    await desk.harness.handle_event(opened, desk.account)


async def block(desk: LostPhoneDesk) -> None:
    await desk.planned()
    frozen = AccountFrozen(by="holder", desk_only=False, frozen_at=desk.harness.now)
    await desk.harness.handle_event(frozen, desk.account)


async def _proposed(desk: LostPhoneDesk) -> str:
    call = await desk.matched()
    view = await desk.harness.ask(desk.propose(call.call_id))
    return str(view.proposal_id)


async def refused_by_the_second(desk: LostPhoneDesk) -> None:
    refusal = RefuseProposal(
        agent_id=desk.second.id,
        proposal_id=await _proposed(desk),
        reason="suspicious_access",
    )
    await desk.harness.ask(refusal)


async def stopped_by_an_agent(desk: LostPhoneDesk) -> None:
    view = await desk.planned()
    stop = StopProposal(
        agent_id=desk.second.id, proposal_id=view.proposal_id, reason="suspicious_access"
    )
    await desk.harness.ask(stop)


async def expired(desk: LostPhoneDesk) -> None:
    await _proposed(desk)
    desk.harness.advance(days=15)
    await desk.run_due()


async def closed_by_an_agent(desk: LostPhoneDesk) -> None:
    people = RequestDesk(desk.harness)
    shown = await people.show(desk.first, desk.number)
    closing = people.answer(desk.first, desk.number, shown.version, close="not_verified")
    await desk.harness.ask(closing)


async def second_call_not_requested(desk: LostPhoneDesk) -> None:
    await desk.released()
    await _ended(desk, "not_requested")


async def done(desk: LostPhoneDesk) -> None:
    await desk.released()
    await desk.second_call()
    at = desk.harness.now
    resumed = AccountResumed(request_id="r", resumed_at=at, enrol_before=at)
    await desk.harness.handle_event(resumed, desk.account)


@pytest.mark.parametrize(
    ("end", "mails"),
    [
        (no_answer, "P5"),
        (not_requested, "P8"),
        (doubt, "P8"),
        (two_failed_calls, "P5 P8"),
        (two_calls_over_in_time, "P5 P8"),
        # Nobody has called yet: nothing is to be stopped.
        (cancelled, "P4"),
        (cancelled_in_a_call, "P8"),
        (cancelled_before_the_date, "P6 P8"),
        (stopped_by_its_person, "P6 P8"),
        (stopped_by_link, "P6 P8"),
        (sign_in, "P6 P8"),
        (block, "P6 P8"),
        (refused_by_the_second, "P8"),
        (stopped_by_an_agent, "P6 P8"),
        # The request goes on: an agent calls again.
        (expired, ""),
        (closed_by_an_agent, "P4"),
        (second_call_not_requested, "P6 P7 P5"),
        # P10 is of registration.
        (done, "P6 P7 P9"),
    ],
    ids=lambda value: getattr(value, "__name__", "") or "mails",
)
async def test_g_26_each_end_of_a_lost_phone_sends_these_mails(
    harness: SupportHarness, end: Callable[[LostPhoneDesk], Awaitable[None]], mails: str
) -> None:
    desk = await LostPhoneDesk.of(harness)
    await end(desk)
    sent = []
    for event in await harness.events(*MAILS):
        name, is_mailed = MAILS[type(event)]
        sent += [name] if is_mailed(event) else []
    assert sorted(sent) == sorted(mails.split())
