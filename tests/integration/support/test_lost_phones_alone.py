"""A lost phone that waits without an agent, and every attack on it (OT-15, OT-19)."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest
import pytest_asyncio

from services.support import phone_replacement_clock, proposal_store
from services.support.agents import Agent
from shared.contracts.base import Event
from shared.contracts.gateway import SessionOpened
from shared.contracts.mfa.events import AuthenticatorReplaced
from shared.contracts.registration.events import (
    AccountDeactivated,
    AccountFrozen,
    AddressChanged,
    PasswordChanged,
    PasswordResetRequired,
)
from shared.contracts.support.acts import AccountFreezeOrdered
from shared.contracts.support.lost_phones import (
    DescribeLostPhoneCase,
    LostPhoneStopped,
    PhoneReplacementOpened,
    PhoneReplacementPlanned,
    StopLostPhone,
    StopPhoneReplacement,
)
from shared.contracts.support.people_requests import (
    CancelMyRequest,
    ListRequests,
    RequestClosed,
    RequestMoved,
    RequestReceived,
)
from shared.domain.support_requests import request_number
from shared.security.sealing import seal_context
from tests.support.harness.lost_phone_desk import LostPhoneDesk
from tests.support.harness.request_desk import RequestDesk, new_account
from tests.support.harness.support import BROWSER, NETWORK, OpenHarness, SupportHarness

pytestmark = pytest.mark.asyncio(loop_scope="package")

HOURS_36, HOURS_72 = timedelta(hours=36), timedelta(hours=72)


@dataclass
class Waiting:
    """A lost phone that waits without an agent."""

    harness: SupportHarness
    people: RequestDesk
    account: str
    number: str = ""

    async def ask(self, key: str = "") -> str:
        """The mailbox confirmed it, with the password."""
        number = request_number("lost_phone", (key or self.account).encode())
        await self.people.lost_phone(self.account, number, alone=True)
        return number

    async def clock(self, **length: float) -> int:
        """Time passes; then what the service does every few seconds."""
        self.harness.advance(**length)
        return await phone_replacement_clock.advance(self.harness.pool, self.harness.deps)

    async def opened(self) -> PhoneReplacementOpened:
        """The delay has passed."""
        await self.clock(hours=36)
        await self.clock(hours=36)
        (event,) = await self.harness.events(PhoneReplacementOpened)
        return event

    async def state(self) -> str:
        """What the holder's page says."""
        message = DescribeLostPhoneCase(number=self.number, account_id=self.account)
        return str((await self.harness.ask(message)).state)

    async def stopped_by(self) -> list[str]:
        """Who stopped it."""
        return [one.by for one in await self.harness.events(LostPhoneStopped)]

    async def handle(self, event: Event) -> None:
        """An event of the account."""
        await self.harness.handle_event(event, self.account)

    def stop_by(self, event: Event) -> StopLostPhone:
        """« Tout arrêter » behind the link of a mail."""
        assert self.harness.mailer is not None
        token = self.harness.mailer.open(
            event.link_token,  # type: ignore[attr-defined]
            seal_context(type(event), "link_token"),
        )
        return StopLostPhone(link_token=self.harness.seal(StopLostPhone, "link_token", token))


def session(at: datetime, *, phone_replaced: bool = False) -> SessionOpened:
    return SessionOpened(
        session_id="s",
        device=BROWSER,
        network=NETWORK,
        new_device=False,
        failures=0,
        opened_at=at,
        phone_replaced=phone_replaced,
    )


@pytest_asyncio.fixture(loop_scope="package")
async def harness(harness_with: OpenHarness) -> AsyncIterator[SupportHarness]:
    async with harness_with(IMPEX_LOST_PHONE_ALONE="true") as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="package")
async def wait(harness: SupportHarness) -> Waiting:
    made = Waiting(harness, RequestDesk(harness), new_account())
    made.number = await made.ask()
    return made


@pytest_asyncio.fixture(loop_scope="package")
async def agent(harness: SupportHarness) -> Agent:
    return await harness.joined("luc.agent@ansm.example")


async def test_ot_15_three_notices_then_the_password_opens_the_enrolment(
    wait: Waiting, harness: SupportHarness
) -> None:
    began = harness.now
    (received,) = await harness.events(RequestReceived)
    assert (received.number, received.alone) == (wait.number, True)
    (first,) = await harness.events(PhoneReplacementPlanned)
    assert (first.again, first.due_at) == (False, began + HOURS_72)
    mine = await wait.people.mine(wait.account, wait.number)
    assert (mine.state, mine.planned_on, mine.can_cancel) == ("planned", "2026-01-18", True)
    assert await wait.clock(hours=35.99) == 0
    assert [await wait.clock(hours=0.01), await wait.clock()] == [1, 0]
    second = (await harness.events(PhoneReplacementPlanned))[-1]
    assert (second.again, second.due_at) == (True, began + HOURS_72)
    assert await wait.clock(hours=35.99) == 0
    assert await wait.state() == "waiting"
    assert [await wait.clock(hours=0.01), await wait.clock()] == [1, 0]
    ((_, subject, opened),) = await harness.published(PhoneReplacementOpened)
    assert (subject, opened.asked_at) == (wait.account, began)
    assert opened.open_until == began + HOURS_72 + timedelta(days=7)
    message = DescribeLostPhoneCase(number=wait.number, account_id=wait.account)
    page = await harness.ask(message)
    assert (page.state, page.open_until, page.due_at) == ("open", opened.open_until, None)
    await wait.handle(AuthenticatorReplaced(by="delay", replaced_at=harness.now))
    await wait.handle(session(harness.now, phone_replaced=True))
    assert await wait.state() == "done"
    (closed,) = await harness.events(RequestClosed)
    assert (closed.state, closed.reason) == ("done", "done_as_asked")
    assert await wait.stopped_by() == []
    assert await wait.clock(days=30) == 0


async def test_ot_15_what_nobody_uses_within_seven_days_ends(
    wait: Waiting, harness: SupportHarness
) -> None:
    await wait.opened()
    assert await wait.clock(days=6.99) == 0
    assert await wait.clock(days=0.01) == 1
    assert await wait.stopped_by() == ["clock"]
    assert await wait.state() == "stopped"


@pytest.mark.parametrize("opened", [False, True])
async def test_ot_19_the_link_of_each_notice_stops_it(
    wait: Waiting, harness: SupportHarness, opened: bool
) -> None:
    """Opening the link changes nothing: the page is read only, its button stops."""
    await wait.clock(hours=36)
    events: list[Event] = await harness.events(PhoneReplacementPlanned)
    if opened:
        await wait.clock(hours=36)
        events = await harness.events(PhoneReplacementOpened)
    stop = wait.stop_by(events[-1])
    look = DescribeLostPhoneCase(
        link_token=harness.seal(
            DescribeLostPhoneCase,
            "link_token",
            harness.mailer.open(  # type: ignore[union-attr]
                events[-1].link_token,  # type: ignore[attr-defined]
                seal_context(type(events[-1]), "link_token"),
            ),
        )
    )
    assert (await harness.ask(look)).state == ("open" if opened else "waiting")
    assert await wait.stopped_by() == []
    assert (await harness.ask(stop)).state == "stopped"
    assert (await harness.ask(stop)).state == "stopped"
    assert await wait.stopped_by() == ["link"]
    await wait.clock(days=10)
    assert len(await harness.events(PhoneReplacementOpened)) == int(opened)


async def test_ot_15_a_cancelled_request_stops_it(wait: Waiting, harness: SupportHarness) -> None:
    await harness.ask(CancelMyRequest(number=wait.number, account_id=wait.account))
    assert await wait.stopped_by() == ["person"]
    await wait.clock(hours=73)
    assert await harness.events(PhoneReplacementOpened) == []


async def test_ot_15_a_full_sign_in_a_minute_before_the_date_stops_it(
    wait: Waiting, harness: SupportHarness
) -> None:
    await wait.clock(hours=36)
    await wait.clock(hours=35.98)
    await wait.handle(session(harness.now))
    await wait.clock(hours=1)
    assert await wait.stopped_by() == ["sign_in"]
    assert await harness.events(PhoneReplacementOpened) == []


async def test_ot_15_a_sign_in_that_arrives_late_stops_it_open_and_an_earlier_one_does_not(
    wait: Waiting, harness: SupportHarness
) -> None:
    await wait.handle(session(harness.now - timedelta(minutes=1)))
    assert await wait.state() == "waiting"
    late = session(harness.now + timedelta(hours=71))
    await wait.opened()
    await wait.handle(late)
    assert await wait.stopped_by() == ["sign_in"]


@pytest.mark.parametrize(
    ("event", "by"),
    [
        (lambda at: PasswordChanged(by="reset", changed_at=at), "changed"),
        (lambda at: PasswordResetRequired(required_at=at), "changed"),
        (
            lambda at: AddressChanged(
                address="b@x.fr", former_address="a@x.fr", by="holder", changed_at=at
            ),
            "changed",
        ),
        (lambda at: AccountDeactivated(deactivated_at=at), "closed"),
        (lambda at: AuthenticatorReplaced(by="recovery", replaced_at=at), "replaced"),
        (lambda at: AuthenticatorReplaced(by="phone", replaced_at=at), "replaced"),
        *(
            (lambda at, by=by: AccountFrozen(by=by, desk_only=False, frozen_at=at), "freeze")
            for by in ("holder", "desk", "lost_phone")
        ),
    ],
)
@pytest.mark.parametrize("opened", [False, True])
async def test_ot_15_signs_of_somebody_else_stop_it(
    wait: Waiting, harness: SupportHarness, event: object, by: str, opened: bool
) -> None:
    if opened:
        await wait.opened()
    before = event(harness.now - timedelta(days=30))  # type: ignore[operator]
    await wait.handle(before)
    assert await wait.stopped_by() == []
    await wait.handle(event(harness.now))  # type: ignore[operator]
    assert await wait.stopped_by() == [by]
    await wait.clock(days=5)
    assert len(await harness.events(PhoneReplacementOpened)) == int(opened)


async def test_ot_15_two_requests_at_once_only_one_waits(harness: SupportHarness) -> None:
    made = Waiting(harness, RequestDesk(harness), new_account())
    await asyncio.gather(made.ask("one"), made.ask("two"))
    assert len(await harness.events(PhoneReplacementPlanned)) == 1
    received = await harness.events(RequestReceived)
    assert sorted(one.alone for one in received) == [False, True]


async def test_ot_15_with_an_agent_asked_already_the_agent_is_asked(
    harness: SupportHarness,
) -> None:
    made = Waiting(harness, RequestDesk(harness), new_account())
    await made.people.lost_phone(made.account, request_number("lost_phone", b"agent"))
    made.number = await made.ask()
    assert [one.alone for one in await harness.events(RequestReceived)] == [False, False]
    assert await made.state() == "asked"
    # Another kind of request is no way in.
    other = Waiting(harness, RequestDesk(harness), new_account())
    await other.people.correction(other.account)
    other.number = await other.ask()
    assert await other.state() == "waiting"


async def test_ot_15_what_the_desk_changed_lately_is_for_an_agent(
    harness: SupportHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = harness.now - timedelta(days=29)

    async def latest(_tx: object, _account: str) -> datetime:
        return changed

    monkeypatch.setattr(proposal_store, "latest_sensitive_change", latest)
    made = Waiting(harness, RequestDesk(harness), new_account())
    made.number = await made.ask()
    assert await made.state() == "asked"
    harness.advance(days=2)
    other = Waiting(harness, RequestDesk(harness), new_account())
    other.number = await other.ask()
    assert await other.state() == "waiting"
    # Changed while it waited.
    changed = harness.now
    await other.clock(hours=36)
    await other.clock(hours=36)
    assert (await other.state(), await other.stopped_by()) == ("stopped", ["changed"])


async def test_ot_15_a_stolen_phone_is_for_an_agent(harness: SupportHarness) -> None:
    made = Waiting(harness, RequestDesk(harness), new_account())
    made.number = request_number("lost_phone", b"stolen")
    await made.people.lost_phone(made.account, made.number, stolen=True, alone=True)
    assert await made.state() == "asked"


async def test_ot_15_with_the_setting_off_an_agent_is_asked(harness_with: OpenHarness) -> None:
    async with harness_with() as harness:
        made = Waiting(harness, RequestDesk(harness), new_account())
        made.number = await made.ask()
        assert await made.state() == "asked"


@pytest.mark.parametrize("opened", [False, True])
async def test_ot_15_the_setting_switched_off_ends_what_waits(
    wait: Waiting, harness: SupportHarness, opened: bool
) -> None:
    if opened:
        await wait.opened()
    off = replace(harness.deps.settings, lost_phone_alone=False)
    harness.deps = replace(harness.deps, settings=off)
    assert [await wait.clock(), await wait.clock()] == [1, 0]
    assert await wait.stopped_by() == ["setting"]
    (closed,) = await harness.events(RequestClosed)
    assert (closed.state, closed.reason) == ("cancelled", "act_stopped")


async def test_ot_15_an_outage_never_shortens_the_time_to_object(
    wait: Waiting, harness: SupportHarness
) -> None:
    """Away in the middle and at the date: the notice first, then half of the delay."""
    assert [await wait.clock(hours=80), await wait.clock()] == [1, 0]
    notice = (await harness.events(PhoneReplacementPlanned))[-1]
    assert notice.due_at == harness.now + HOURS_36
    mine = await wait.people.mine(wait.account, wait.number)
    assert (mine.state, mine.planned_on) == ("planned", "2026-01-20")
    # Away at the date again, for more than an hour: an hour to object.
    assert [await wait.clock(hours=40), await wait.clock()] == [1, 0]
    assert await harness.events(PhoneReplacementOpened) == []
    assert await wait.clock(hours=1) == 1
    (opened,) = await harness.events(PhoneReplacementOpened)
    assert opened.open_until == harness.now + timedelta(days=7)


async def test_two_processes_send_each_notice_once(wait: Waiting, harness: SupportHarness) -> None:
    for step in (PhoneReplacementPlanned, PhoneReplacementOpened):
        harness.advance(hours=36)
        await asyncio.gather(*(wait.clock() for _ in range(3)))
        wanted = 2 if step is PhoneReplacementPlanned else 1
        assert len(await harness.events(step)) == wanted


async def test_ot_15_the_desk_sees_it_planned_and_stops_it(
    wait: Waiting, harness: SupportHarness, agent: Agent
) -> None:
    began = harness.now
    queue = ListRequests(agent_id=agent.id, account_id=wait.account)
    (row,) = (await harness.ask(queue)).rows
    assert (row.state, row.alone_at) == ("planned", began + HOURS_72)
    auditor = await harness.joined("ada.audit@ansm.example", "auditor")
    refused = await harness.refusal(StopPhoneReplacement(agent_id=auditor.id, number=wait.number))
    assert refused.slug == "forbidden"
    stop = StopPhoneReplacement(agent_id=agent.id, number=wait.number)
    assert (await harness.ask(stop)).state == "stopped"
    (stopped,) = await harness.events(LostPhoneStopped)
    assert (stopped.by, stopped.agent_id) == ("agent", agent.id)
    assert (await harness.refusal(stop)).slug == "wrong_state"
    unknown = StopPhoneReplacement(agent_id=agent.id, number="TEL-AAAAA-BBBBB")
    assert (await harness.refusal(unknown)).slug == "not_found"
    (row,) = (await harness.ask(queue)).rows
    assert (row.state, row.alone_at) == ("cancelled", None)


async def test_ot_15_an_agent_neither_closes_nor_calls_while_it_waits(
    wait: Waiting, harness: SupportHarness, agent: Agent
) -> None:
    version = (await wait.people.take(agent, wait.number)).version
    shown = await wait.people.show(agent, wait.number)
    assert (shown.row.state, shown.planned_on) == ("planned", "2026-01-18")
    assert not {"finish", "refuse"} & set(shown.actions)
    closing = wait.people.answer(agent, wait.number, version, close="done_as_asked")
    assert (await harness.refusal(closing)).slug == "wrong_state"
    desk = LostPhoneDesk(harness, agent, agent, None, wait.account, wait.number)  # type: ignore[arg-type]
    assert (await desk.look()).may_call == "state"


async def test_ot_15_an_agent_who_verified_another_request_ends_the_wait(
    harness: SupportHarness,
) -> None:
    desk = await LostPhoneDesk.of(harness)
    # Nobody waits while an agent is asked; the wait came first here.
    await harness.pool.execute(
        "update requests set account_id = null where number = $1", desk.number
    )
    wait = Waiting(harness, RequestDesk(harness), desk.account)
    wait.number = await wait.ask()
    await harness.pool.execute(
        "update requests set account_id = $2 where number = $1", desk.number, desk.account
    )
    assert await wait.state() == "waiting"
    call = await desk.matched()
    await harness.ask(desk.propose(call.call_id))
    assert await wait.stopped_by() == ["agent"]
    assert (await desk.page()).state == "proposed"


@pytest.mark.parametrize(("by", "orders"), [("link", 1), ("clock", 0)])
async def test_ot_15_a_phone_replaced_as_it_was_stopped_blocks_the_account(
    wait: Waiting, harness: SupportHarness, by: str, orders: int
) -> None:
    """The stop was on its way to mfa when the stranger gave the first code."""
    opened = await wait.opened()
    if by == "link":
        await harness.ask(wait.stop_by(opened))
    else:
        await wait.clock(days=7)
    await wait.handle(AuthenticatorReplaced(by="delay", replaced_at=harness.now))
    assert len(await harness.events(AccountFreezeOrdered)) == orders


async def test_the_request_moves_once(wait: Waiting, harness: SupportHarness) -> None:
    await wait.opened()
    moved = await harness.events(RequestMoved)
    assert [one.state for one in moved] == ["planned"]
