"""A lost phone at the desk, and every attack on it (G-26, OT-15, OT-19, C-127)."""

import asyncio
import json
from collections.abc import Awaitable
from datetime import datetime, timedelta

import msgspec
import pytest
import pytest_asyncio

from services.support import request_store
from services.support.call_words import first_sound
from services.support.request_states import REMINDER_AFTER
from shared.contracts.gateway import SessionOpened
from shared.contracts.registration.events import AccountFrozen
from shared.contracts.registration.resumption import AccountResumed, ResumptionHeld
from shared.contracts.support.acts import (
    ActStopAnnounced,
    ActStopped,
    CredentialsRemovalOrdered,
)
from shared.contracts.support.lost_phones import (
    BothNames,
    CallEnded,
    CallStarted,
    CallView,
    CheckLostPhoneAct,
    LostPhoneReleased,
    LostPhoneStopped,
    OtherNamesAccepted,
    PhoneRemovalPlanned,
    ResumptionCodeTold,
    StopLostPhone,
)
from shared.contracts.support.people_requests import (
    CancelMyRequest,
    ListMyRequests,
    OpenRequest,
    RequestClosed,
    RequestReceived,
    RequestReminded,
    RequestView,
)
from shared.contracts.support.proposals import DescribeProposal, ProposalView, Propose
from shared.database import transaction
from shared.domain.resumption_codes import read_resumption_code
from shared.domain.support_requests import request_number
from shared.security.sealing import seal_context
from tests.support.harness.lost_phone_desk import LostPhoneDesk
from tests.support.harness.request_desk import RequestDesk
from tests.support.harness.support import BROWSER, NETWORK, SupportHarness
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="package")


@pytest_asyncio.fixture(loop_scope="package")
async def desk(harness: SupportHarness) -> LostPhoneDesk:
    return await LostPhoneDesk.of(harness)


async def test_g_26_a_lost_phone_from_the_call_to_the_account(
    desk: LostPhoneDesk, harness: SupportHarness
) -> None:
    assert (await desk.page()).state == "asked"
    view = await desk.planned()
    assert view.state == "planned"
    ((_, subject, planned),) = await harness.published(PhoneRemovalPlanned)
    assert (subject, planned.due_at) == (desk.account, harness.now + timedelta(hours=24))
    assert ((await desk.page()).state, (await desk.page()).due_at) == ("planned", planned.due_at)
    harness.advance(hours=23.9)
    await desk.run_due()
    assert await harness.events(CredentialsRemovalOrdered) == []
    harness.advance(hours=0.1)
    await desk.run_due()
    ((_, subject, _),) = await harness.published(CredentialsRemovalOrdered)
    assert subject == desk.account
    assert len(await harness.events(LostPhoneReleased)) == 1
    assert (await desk.page()).state == "released"
    code = await desk.second_call()
    assert read_resumption_code(code) == code
    ((_, subject, told),) = await harness.published(ResumptionCodeTold)
    assert (subject, told.expires_at) == (desk.account, harness.now + timedelta(days=7))
    assert told.code.recipient == "registration"
    assert (await desk.page()).state == "code_told"
    resumed = AccountResumed(
        request_id="r", resumed_at=harness.now, enrol_before=harness.now + timedelta(days=1)
    )
    await harness.handle_event(resumed, desk.account)
    assert (await desk.page()).state == "done"
    (closed,) = await harness.events(RequestClosed)
    assert (closed.number, closed.state) == (desk.number, "done")


async def test_ot_15_the_agent_is_given_their_own_word_only(
    desk: LostPhoneDesk, harness: SupportHarness
) -> None:
    assert (await desk.page()).words is None
    call = await desk.call()
    words = await desk.words()
    assert desk.opened(call, "word") == {"agent": words["agent"]}
    assert first_sound(words["agent"]["fr"]) != first_sound(words["person"]["fr"])
    # Another agent who opens the page sees that somebody calls, and no word.
    theirs = await desk.look(desk.second)
    assert (theirs.state, theirs.word, theirs.call_id) == ("calling", None, "")
    rows = await harness.fetch("select * from calls")
    text = " ".join(str(value) for value in rows[0].values()).casefold()
    assert words["person"]["fr"] not in text
    assert words["person"]["en"] not in text
    for event in await harness.events(CallStarted):
        assert words["person"]["fr"] not in str(event)


async def test_ot_15_a_right_word_in_the_other_language_with_a_slip(
    desk: LostPhoneDesk, harness: SupportHarness
) -> None:
    call = await desk.call()
    word = (await desk.words())["person"]["en"]
    view = await harness.ask(desk.word(call.call_id, word.upper()[:-1]))
    assert (view.state, view.matched) == ("matched", True)


async def test_ot_15_three_wrong_words_end_a_call_and_two_such_calls_the_request(
    desk: LostPhoneDesk, harness: SupportHarness
) -> None:
    for calls in (1, 2):
        call = await desk.call()
        own = desk.opened(call, "word")["agent"]["fr"]
        assert await desk.refused(desk.word(call.call_id, " ")) == ("invalid_fields", {})
        assert await desk.refused(desk.word(call.call_id, own)) == ("wrong_word", {"tries_left": 2})
        assert await desk.refused(desk.word(call.call_id, "xyz")) == (
            "wrong_word",
            {"tries_left": 1},
        )
        over = ("call_over", {"outcome": "wrong_words"})
        assert await desk.refused(desk.word(call.call_id, "xyz")) == over
        # A fourth word is refused, the right one too.
        assert await desk.refused(desk.word(call.call_id, own)) == over
        assert (await desk.page()).words is None
        ended = await harness.events(CallEnded)
        assert [(one.outcome, one.failed) for one in ended] == [("wrong_words", True)] * calls
    (stopped,) = await harness.events(LostPhoneStopped)
    assert stopped.by == "calls"
    assert await desk.refused(desk.start()) == ("call_refused", {"why": "state"})
    assert (await desk.page()).state == "stopped"
    (closed,) = await harness.events(RequestClosed)
    assert (closed.state, closed.reason) == ("cancelled", "act_stopped")


async def test_ot_15_a_call_is_over_after_thirty_minutes(
    desk: LostPhoneDesk, harness: SupportHarness
) -> None:
    call = await desk.call()
    word = (await desk.words())["person"]["fr"]
    harness.advance(minutes=30)
    assert (await desk.page()).words is None
    over = ("call_over", {"outcome": "time_over"})
    assert await desk.refused(desk.word(call.call_id, word)) == over
    assert await desk.end_overdue() == 1
    assert await desk.end_overdue() == 0
    (ended,) = await harness.events(CallEnded)
    assert (ended.outcome, ended.failed) == ("time_over", True)


async def test_ot_15_a_call_during_which_everything_is_stopped_did_not_fail(
    desk: LostPhoneDesk, harness: SupportHarness
) -> None:
    call = await desk.call()
    await harness.ask(StopLostPhone(number=desk.number, account_id=desk.account))
    (ended,) = await harness.events(CallEnded)
    assert (ended.outcome, ended.failed) == ("stopped", False)
    over = ("call_over", {"outcome": "stopped"})
    assert await desk.refused(desk.word(call.call_id, "xyz")) == over


async def test_ot_15_nothing_is_proposed_without_matching_words_in_the_same_call(
    desk: LostPhoneDesk, harness: SupportHarness
) -> None:
    call = await desk.call()
    assert await desk.refused(desk.propose(call.call_id)) == ("call_over", {"outcome": ""})
    word = (await desk.words())["person"]["fr"]
    await harness.ask(desk.word(call.call_id, word))
    harness.advance(minutes=31)
    assert await desk.refused(desk.propose(call.call_id)) == (
        "call_over",
        {"outcome": "matched"},
    )
    assert (await desk.page()).state == "asked"


async def test_ot_15_a_proposal_needs_a_code_and_another_agent(
    desk: LostPhoneDesk, harness: SupportHarness
) -> None:
    call = await desk.matched()
    proposal = desk.propose(call.call_id)
    stale = harness.coded(proposal, harness.now - timedelta(hours=1))
    assert (await desk.refused(stale))[0] == "code_needed"
    view = await harness.ask(proposal)
    assert view.state == "proposed"
    alone = await desk.refused(desk.approve(view.proposal_id, desk.first))
    assert alone[0] == "own_act"
    assert (await desk.page()).state == "proposed"


async def test_se_09_reason_and_note_are_checked_before_a_code_is_used_up(
    desk: LostPhoneDesk, harness: SupportHarness
) -> None:
    await desk.matched()

    def check(
        act: str = "remove_lost_phone", reason: str = "requested_by_person", note: str = ""
    ) -> CheckLostPhoneAct:
        kind = CheckLostPhoneAct
        sealed = harness.seal(kind, "note", note)
        agent_id = desk.first.id
        return kind(agent_id=agent_id, act=act, number=desk.number, reason=reason, note=sealed)

    assert await harness.outcome(check()) == "done"
    assert await harness.outcome(check("accept_other_names")) == "done"
    assert await desk.refused(check("anonymise")) == ("unknown_choice", {"field": "act"})
    assert await desk.refused(check(reason="x")) == ("unknown_choice", {"field": "reason"})
    assert (await desk.refused(check(note="x" * 600)))[0] == "invalid_fields"
    assert (await desk.page()).state != "proposed"
    assert harness.owners is not None
    harness.owners.add(desk.account, address=desk.first.address)
    assert (await desk.refused(check()))[0] == "own_account"


async def test_az_01_nobody_helps_their_own_account_back(
    desk: LostPhoneDesk, harness: SupportHarness
) -> None:
    """An agent with an applicant's account takes the request and plays both sides of the call."""
    call = await desk.matched()
    assert harness.owners is not None
    harness.owners.add(desk.account, address=desk.first.address)
    assert (await desk.refused(desk.propose(call.call_id)))[0] == "own_account"
    assert (await desk.page()).state != "proposed"


async def test_ot_15_a_number_given_with_the_request_or_too_new_is_not_called(
    desk: LostPhoneDesk,
) -> None:
    desk.file.since += timedelta(days=336)
    line = desk.opened(await desk.look(), "line")
    assert (line["number"], line["why_not"]) == ("01 23 45 42 17", "too_new")
    assert await desk.refused(desk.start()) == ("call_refused", {"why": "too_new"})
    for missing in ("telephone", "found_at"):
        typed = desk.start("switchboard", **{missing: ""})
        assert (await desk.refused(typed))[0] == "invalid_fields"
    assert (await desk.refused(desk.start("switchboard", dialled=False)))[0] == "invalid_fields"
    view = await desk.call("switchboard")
    assert view.state == "calling"


async def test_ot_15_the_second_agent_reads_which_published_number_was_called(
    desk: LostPhoneDesk, harness: SupportHarness
) -> None:
    """Otherwise nobody could tell a switchboard from the number that the caller gave."""
    call = await desk.matched("switchboard")
    proposed = await harness.ask(desk.propose(call.call_id))
    ask = DescribeProposal(agent_id=desk.second.id, proposal_id=proposed.proposal_id)
    sealed = (await harness.ask(ask)).details
    assert harness.desk is not None
    text = harness.desk.open(sealed, seal_context(ProposalView, "details"))
    details = json.loads(text)
    assert (details["line"], details["telephone"]) == ("switchboard", "0140203040")
    assert details["found_at"] == "annuaire des entreprises"


async def test_ot_15_the_number_of_the_file_is_for_who_may_dial_it_now(
    desk: LostPhoneDesk,
) -> None:
    assert desk.opened(await desk.look(), "line")["number"] == "01 23 45 42 17"
    assert (await desk.look(desk.second)).line is None, "somebody else took the request"
    await desk.planned()
    assert (await desk.look()).line is None, "nobody calls now"


@pytest.mark.parametrize("late", [False, True])
async def test_ot_15_a_stop_and_what_it_stops_wait_for_each_other(
    desk: LostPhoneDesk, harness: SupportHarness, late: bool
) -> None:
    """Each takes the request before its act: in another order one of the two would fail."""
    call = await desk.matched()
    proposed = await harness.ask(desk.propose(call.call_id))
    going_on: Awaitable[object] = harness.ask(desk.approve(proposed.proposal_id))
    if late:
        await going_on
        harness.advance(days=1)
        going_on = desk.run_due()
    waiting = """
    select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
    """

    async with transaction(harness.pool) as tx:
        assert await request_store.lock(tx, desk.number) is not None
        other = asyncio.ensure_future(going_on)

        async def is_waiting() -> bool:
            assert not other.done()
            return bool(await harness.fetch(waiting))

        await eventually(is_waiting)
        # Refused at once where the other one has it.
        await tx.execute(
            "select from proposals where id = $1 for update nowait", proposed.proposal_id
        )
    await other
    assert (await desk.look()).state == ("released" if late else "planned")


async def test_ot_15_another_request_gives_no_further_call_today(
    desk: LostPhoneDesk, harness: SupportHarness
) -> None:
    """An agent who guesses words would open one request after the other."""
    for _ in range(2):
        call = await desk.call()
        await harness.ask(desk.end(call.call_id, "no_answer"))
    people = RequestDesk(harness)
    desk.number = await people.lost_phone(desk.account, request_number("lost_phone", b"another"))
    await people.take(desk.first, desk.number)
    view = await desk.look()
    assert (view.may_call, view.calls_left) == ("calls_today", 0)
    assert await desk.refused(desk.start()) == ("call_refused", {"why": "calls_today"})
    harness.advance(days=1)
    assert (await desk.call()).state == "calling"


async def test_ot_15_no_switchboard_of_an_establishment_that_an_agent_just_corrected(
    desk: LostPhoneDesk, harness: SupportHarness
) -> None:
    """One agent corrects alone: their own establishment would have a published number too."""
    assert harness.owners is not None
    harness.owners.add(desk.account)
    details = harness.seal(Propose, "details", json.dumps({"company_name": "Labo de Luc"}))
    correction = Propose(
        agent_id=desk.first.id,
        act="correct_information",
        reason="typing_error",
        account_id=desk.account,
        details=details,
    )
    assert (await harness.ask(correction)).state == "done"
    harness.advance(days=29)
    assert await desk.refused(desk.start("switchboard")) == ("call_refused", {"why": "corrected"})
    call = await desk.call()
    await harness.ask(desk.end(call.call_id, "no_answer"))
    harness.advance(days=1)
    assert (await desk.call("switchboard")).state == "calling"


async def test_ot_15_a_number_that_a_caller_gives_is_listed_and_not_called(
    desk: LostPhoneDesk, harness: SupportHarness
) -> None:
    """« Mon nouveau numéro » in a call, and declared today: the request says it, no call goes to
    it, and the mail with the number of the request goes to the address of the account."""
    text = "Rappelez-moi à mon nouveau numéro, le 06 12 34 56 78."
    kind = OpenRequest
    called = kind(
        agent_id=desk.first.id,
        kind="lost_phone",
        channel="call",
        account_id=desk.account,
        text=harness.seal(kind, "text", text),
        address=harness.seal(kind, "address", "mechant@ailleurs.example"),
    )
    desk.number = (await harness.ask(called)).number
    ((subject, received),) = [
        (subject, event)
        for subject, event in await harness.subject_events(RequestReceived)
        if event.number == desk.number
    ]
    assert (subject, received.address) == (desk.account, None), "the address of the directory"
    people = RequestDesk(harness)
    await people.take(desk.first, desk.number)
    shown = await people.show(desk.first, desk.number)
    assert people.details(shown)["text"] == text
    desk.file.number, desk.file.since = "06 12 34 56 78", harness.now
    line = desk.opened(await desk.look(), "line")
    assert (line["number"], line["why_not"]) == ("06 12 34 56 78", "too_new")
    assert await desk.refused(desk.start()) == ("call_refused", {"why": "too_new"})


async def test_ot_15_a_stolen_mobile_is_not_called(harness: SupportHarness) -> None:
    desk = await LostPhoneDesk.of(harness, stolen=True)
    desk.file.mobile = True
    assert desk.opened(await desk.look(), "line")["why_not"] == "stolen"
    assert await desk.refused(desk.start()) == ("call_refused", {"why": "stolen"})
    assert (await desk.call("switchboard")).state == "calling"


async def test_ot_15_without_profile_only_the_switchboard_can_be_called(
    desk: LostPhoneDesk,
) -> None:
    desk.file.away = True
    assert (await desk.look()).line is None
    assert (await desk.refused(desk.start()))[0] == "unavailable"
    assert (await desk.call("switchboard")).state == "calling"


async def test_ot_15_who_asked_for_nothing_stops_everything(
    desk: LostPhoneDesk, harness: SupportHarness
) -> None:
    call = await desk.call()
    view = await harness.ask(desk.end(call.call_id, "not_requested"))
    assert view.state == "stopped"
    (stopped,) = await harness.events(LostPhoneStopped)
    assert (stopped.by, stopped.block) == ("agent", False)
    assert (await desk.page()).state == "stopped"


async def test_two_calls_a_day_and_an_unanswered_one_is_no_failure(
    desk: LostPhoneDesk, harness: SupportHarness
) -> None:
    for _ in range(2):
        call = await desk.call()
        assert await desk.refused(desk.start()) == ("call_refused", {"why": "state"})
        await harness.ask(desk.end(call.call_id, "no_answer"))
    assert await desk.refused(desk.start()) == ("call_refused", {"why": "calls_today"})
    assert [one.failed for one in await harness.events(CallEnded)] == [False, False]
    harness.advance(days=1)
    assert (await desk.call()).calls_left == 1


async def test_a_call_is_of_the_agent_who_took_the_request(
    desk: LostPhoneDesk, harness: SupportHarness
) -> None:
    call = await desk.call()
    word = desk.word(call.call_id, "girafe")
    other = type(word)(**{**_fields(word), "agent_id": desk.second.id})
    assert (await desk.refused(other))[0] == "not_found"
    await harness.ask(desk.end(call.call_id, "no_answer"))
    start = desk.start()
    assert await desk.refused(type(start)(**{**_fields(start), "agent_id": desk.second.id})) == (
        "call_refused",
        {"why": "not_yours"},
    )


@pytest.mark.parametrize("ended", ["sign_in", "freeze"])
@pytest.mark.parametrize("before", ["asked", "calling", "matched", "planned"])
async def test_ot_15_a_full_sign_in_or_a_block_stops_it_in_every_state(
    desk: LostPhoneDesk, harness: SupportHarness, before: str, ended: str
) -> None:
    """Up to a minute before the date."""
    if before != "asked":
        await {"calling": desk.call, "matched": desk.matched, "planned": desk.planned}[before]()
    events = {"sign_in": _signed_in, "freeze": _blocked}
    earlier = harness.now - timedelta(minutes=1)
    await harness.handle_event(events[ended](earlier), desk.account)
    assert (await desk.page()).state == before
    if before == "planned":
        harness.advance(minutes=24 * 60 - 1)
    await harness.handle_event(events[ended](harness.now), desk.account)
    harness.advance(minutes=2)
    await desk.run_due()
    assert await harness.events(CredentialsRemovalOrdered) == []
    (stopped,) = await harness.events(LostPhoneStopped)
    assert stopped.by == ended
    page = await desk.page()
    assert (page.state, page.words) == ("stopped", None)
    # Nothing can be done with the request any more.
    assert (await desk.refused(desk.start()))[0] == "call_refused"


async def test_ot_15_a_block_because_of_the_loss_stops_nothing(
    desk: LostPhoneDesk, harness: SupportHarness
) -> None:
    frozen = AccountFrozen(by="lost_phone", desk_only=False, frozen_at=harness.now)
    await harness.handle_event(frozen, desk.account)
    assert (await desk.page()).state == "asked"


def _signed_in(at: datetime) -> SessionOpened:
    return SessionOpened(
        session_id="s", device=BROWSER, network=NETWORK, new_device=False, failures=0, opened_at=at
    )


def _blocked(at: datetime) -> AccountFrozen:
    return AccountFrozen(by="holder", desk_only=False, frozen_at=at)


@pytest.mark.parametrize("block", [False, True])
async def test_ot_19_the_link_of_the_mail_stops_it_once(
    desk: LostPhoneDesk, harness: SupportHarness, block: bool
) -> None:
    """Both addresses of an account get that link."""
    await desk.planned()
    stop = await desk.stop_by_link(block=block)
    assert (await harness.ask(stop)).state == "stopped"
    assert (await harness.ask(stop)).state == "stopped"
    (stopped,) = await harness.events(LostPhoneStopped)
    assert (stopped.by, stopped.block) == ("link", block)
    assert [one.by for one in await harness.events(ActStopped)] == ["link"]
    harness.advance(days=2)
    await desk.run_due()
    assert await harness.events(CredentialsRemovalOrdered) == []


async def test_ot_19_the_link_of_either_address_stops_it_a_minute_before_the_date(
    desk: LostPhoneDesk, harness: SupportHarness
) -> None:
    """« Tout arrêter »: nothing is removed, and both agents are mailed (T4)."""
    await desk.planned()
    stop = await desk.stop_by_link()
    harness.advance(minutes=24 * 60 - 1)
    await desk.run_due()
    assert (await harness.ask(stop)).state == "stopped"
    told = await harness.subject_events(ActStopAnnounced)
    assert {subject for subject, _ in told} == {desk.first.id, desk.second.id}
    assert {event.by for _, event in told} == {"link"}
    harness.advance(minutes=2)
    await desk.run_due()
    assert await harness.events(CredentialsRemovalOrdered, LostPhoneReleased) == []


async def test_ot_15_a_cancelled_request_stops_its_act(
    desk: LostPhoneDesk, harness: SupportHarness
) -> None:
    await desk.planned()
    await harness.ask(CancelMyRequest(number=desk.number, account_id=desk.account))
    assert len(await harness.events(LostPhoneStopped)) == 1
    harness.advance(days=2)
    await desk.run_due()
    assert await harness.events(CredentialsRemovalOrdered) == []


async def test_it_is_too_late_to_stop_once_the_phone_is_gone(
    desk: LostPhoneDesk, harness: SupportHarness
) -> None:
    await desk.planned()
    stop = await desk.stop_by_link()
    harness.advance(days=1)
    await desk.run_due()
    assert (await desk.refused(stop))[0] == "too_late"


async def test_g_26_after_the_removal_the_request_is_the_way_back_and_stays_open(
    desk: LostPhoneDesk, harness: SupportHarness
) -> None:
    """Whoever cancels or closes it would leave an account without credentials and without a way."""
    people = RequestDesk(harness)
    assert (await people.mine(desk.account, desk.number)).can_cancel
    await desk.released()
    cancel = CancelMyRequest(number=desk.number, account_id=desk.account)
    by_sender = CancelMyRequest(number=desk.number, by_sender=True)
    for message in (cancel, by_sender):
        assert await desk.refused(message) == ("too_late", {})
    mine = await people.mine(desk.account, desk.number)
    listed = await harness.ask(ListMyRequests(account_id=desk.account))
    assert (mine.can_cancel, listed.requests[0].can_cancel) == (False, False)
    shown = await people.show(desk.first, desk.number)
    assert not {"finish", "refuse"} & set(shown.actions)
    for close in ("not_verified", "done_as_asked"):
        closing = people.answer(desk.first, desk.number, shown.version, close=close)
        assert await desk.refused(closing) == ("wrong_state", {"state": "in_progress"})
    # With a code on its way too.
    await desk.second_call()
    assert await desk.refused(cancel) == ("too_late", {})
    assert await harness.events(RequestClosed) == []
    assert (await desk.page()).state == "code_told"


async def test_g_26_a_second_call_that_finds_nobody_leaves_the_request_to_the_next(
    desk: LostPhoneDesk, harness: SupportHarness
) -> None:
    await desk.released()
    for outcome in ("no_answer", "not_requested", "doubt"):
        call = await desk.call()
        await harness.ask(desk.end(call.call_id, outcome))
        assert (await desk.page()).state == "released"
        harness.advance(days=1)
    assert (await desk.look()).may_call == ""


async def test_g_26_a_question_without_a_reply_leaves_the_request_to_an_agent(
    desk: LostPhoneDesk, harness: SupportHarness
) -> None:
    await desk.released()
    people = RequestDesk(harness)
    version = (await people.show(desk.first, desk.number)).version
    await harness.ask(people.answer(desk.first, desk.number, version, asks=True))
    harness.advance(seconds=REMINDER_AFTER.total_seconds())
    assert [await people.clock() for _ in range(2)] == [1, 0]
    # Nobody is told that it closes: it does not.
    assert await harness.events(RequestReminded) == []
    assert (await people.show(desk.first, desk.number)).row.state == "in_progress"
    assert (await desk.look()).may_call == ""


async def test_g_26_a_lost_phone_that_is_open_is_not_closed_with_another(
    desk: LostPhoneDesk, harness: SupportHarness
) -> None:
    await desk.released()
    people = RequestDesk(harness)
    other = request_number("lost_phone", b"another")
    await people.lost_phone(desk.account, other)
    version = (await people.take(desk.first, other)).version
    await harness.ask(people.answer(desk.first, other, version, close="not_verified"))
    (closed,) = await harness.events(RequestClosed)
    assert closed.number == other
    assert (await desk.look()).may_call == ""


async def test_g_26_once_every_code_is_used_up_another_request_is_the_way_back(
    desk: LostPhoneDesk, harness: SupportHarness
) -> None:
    await desk.released()
    people = RequestDesk(harness)
    for _ in range(3):
        await desk.second_call()
        harness.advance(days=7)
    version = (await people.show(desk.first, desk.number)).version
    await harness.ask(people.answer(desk.first, desk.number, version, close="not_possible"))
    desk.number = request_number("lost_phone", b"another")
    await people.lost_phone(desk.account, desk.number)
    await people.take(desk.first, desk.number)
    assert (await desk.released()).state == "released"
    assert await desk.second_call()


async def test_g_26_an_act_on_its_way_is_stopped_not_closed(
    desk: LostPhoneDesk, harness: SupportHarness
) -> None:
    """A closed request would have no second call."""
    await desk.planned()
    people = RequestDesk(harness)
    shown = await people.show(desk.first, desk.number)
    closing = people.answer(desk.first, desk.number, shown.version, close="done_as_asked")
    assert await desk.refused(closing) == ("wrong_state", {"state": "planned"})


async def test_g_26_the_second_call_goes_to_the_same_number_with_new_words(
    desk: LostPhoneDesk, harness: SupportHarness
) -> None:
    first = await desk.call()
    words = await desk.words()
    view = await harness.ask(desk.word(first.call_id, words["person"]["fr"]))
    proposed = await harness.ask(desk.propose(view.call_id))
    await harness.ask(desk.approve(proposed.proposal_id))
    harness.advance(days=1)
    await desk.run_due()
    other = ("call_refused", {"why": "other_line"})
    assert (await desk.look()).first_line == "file"
    assert await desk.refused(desk.start("switchboard")) == other
    by_hand = desk.start("switchboard", telephone=desk.file.number)
    assert await desk.refused(by_hand) == other, "the number of the file, as a published one"
    second = await desk.call()
    assert (second.purpose, second.state) == ("code", "released")
    assert await desk.words() != words
    assert await desk.refused(desk.show_code(second.call_id)) == ("call_over", {"outcome": ""})


async def test_g_26_three_codes_at_most(desk: LostPhoneDesk, harness: SupportHarness) -> None:
    await desk.released()
    codes = set()
    for _ in range(3):
        codes.add(await desk.second_call())
        harness.advance(days=1)
    assert len(codes) == 3
    assert await desk.refused(desk.start()) == ("call_refused", {"why": "codes"})


async def test_g_26_the_code_is_in_no_table_and_no_other_reply(
    desk: LostPhoneDesk, harness: SupportHarness
) -> None:
    await desk.released()
    code = await desk.second_call()
    for table in ("calls", "lost_phones"):
        for row in await harness.fetch(f"select * from {table}"):
            assert code not in str(dict(row))
    assert code not in json.dumps(str(await desk.look()))


def names_of(harness: SupportHarness, view: RequestView | ProposalView) -> tuple[str, str]:
    """The last names side by side, as the desk opens them."""
    assert harness.desk is not None
    assert view.names is not None
    text = harness.desk.open(view.names, seal_context(type(view), "names"))
    names = msgspec.json.decode(text, type=BothNames)
    return names.last_name, names.given_last_name


async def test_g_26_other_names_are_accepted_by_two_agents(
    desk: LostPhoneDesk, harness: SupportHarness
) -> None:
    await desk.released()
    await desk.second_call()
    assert await desk.refused(desk.accept_names()) == ("call_refused", {"why": "state"})
    await harness.handle_event(ResumptionHeld(request_id="r", held_at=harness.now), desk.account)
    assert (await desk.page()).state == "to_check"
    assert (await desk.look()).proposal_id == "", "the names are not proposed yet"
    owners, requests = harness.owners, RequestDesk(harness)
    assert owners is not None
    assert (await requests.show(desk.first, desk.number)).names is None, "registration knows none"
    owners.add(desk.account, given_first_name="Marie", given_last_name="Martin")
    shown = await requests.show(desk.first, desk.number)
    assert names_of(harness, shown) == ("Durand", "Martin")
    auditor = await harness.joined("d@ansm.example", "auditor")
    assert (await requests.show(auditor, desk.number)).names is None
    view = await harness.ask(desk.accept_names())
    assert isinstance(view, CallView)
    asked = DescribeProposal(agent_id=desk.second.id, proposal_id=view.proposal_id)
    assert names_of(harness, await harness.ask(asked)) == ("Durand", "Martin")
    assert (await desk.refused(desk.approve(view.proposal_id, desk.first)))[0] == "own_act"
    await harness.ask(desk.approve(view.proposal_id))
    ((_, subject, _),) = await harness.published(OtherNamesAccepted)
    assert subject == desk.account


async def test_the_page_of_a_request_needs_its_holder_or_its_link(
    desk: LostPhoneDesk, harness: SupportHarness
) -> None:
    own = desk.follow()
    foreign = type(own)(number=own.number, account_id=desk.first.id)
    assert (await desk.refused(foreign))[0] == "not_found"
    view = await harness.ask(await desk.first_link())
    assert (view.number, view.state) == (desk.number, "asked")


def _fields(message: object) -> dict[str, object]:
    return {name: getattr(message, name) for name in message.__struct_fields__}  # type: ignore[attr-defined]
