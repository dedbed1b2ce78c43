"""Requests of people: received with number, day and mail; taken, answered, closed, reopened."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
import pytest_asyncio

from services.support import request_clock
from services.support.agents import Agent
from services.support.handlers import my_requests
from services.support.request_moves import LINK_TIME, Change, move
from services.support.request_states import LAPSE_AFTER, REMINDER_AFTER, REOPEN_FOR, Action
from services.support.request_store import lock
from shared.contracts.base import Sealed
from shared.contracts.gateway import MessageWritten
from shared.contracts.support.people_requests import (
    CancelMyRequest,
    DescribeMyRequest,
    DescribeRequest,
    FollowUpLinkRequested,
    ListMyRequests,
    ListReadyAnswers,
    ListRequests,
    OpenRequest,
    ReadyAnswerChanged,
    ReleaseRequest,
    ReplyToDesk,
    RequestAnswered,
    RequestClosed,
    RequestDelayed,
    RequestMoved,
    RequestReceived,
    RequestReminded,
    RequestReplied,
    SaveReadyAnswer,
    SendFollowUpLink,
    TakeRequest,
)
from shared.database import transaction
from shared.domain.support_requests import NUMBER, request_number
from shared.errors import Reject
from shared.messaging.handlers import Refused
from tests.support.harness.request_desk import ADDRESS, TEXT, RequestDesk, new_account
from tests.support.harness.support import NETWORK, SupportHarness

pytestmark = pytest.mark.asyncio(loop_scope="package")


@pytest_asyncio.fixture(loop_scope="package")
async def desk(harness: SupportHarness) -> RequestDesk:
    return RequestDesk(harness)


@pytest_asyncio.fixture(loop_scope="package")
async def agent(harness: SupportHarness) -> Agent:
    return await harness.joined("luc.agent@ansm.example")


@pytest_asyncio.fixture(loop_scope="package")
async def other(harness: SupportHarness) -> Agent:
    return await harness.joined("zoe.agent@ansm.example")


async def refusal(harness: SupportHarness, message: object) -> tuple[str, dict[str, object]]:
    refused = await harness.refusal(message)  # type: ignore[arg-type]
    return refused.slug, {**refused.params}


# Reception.


async def test_v_02_a_request_arrives_with_its_number_its_day_and_a_mail(
    desk: RequestDesk, harness: SupportHarness, agent: Agent
) -> None:
    account = new_account()
    number = await desk.correction(account, answer_by="2026-01-22")
    ((_, subject, event),) = await harness.published(RequestReceived)
    assert subject == account
    assert (event.number, event.kind, event.channel) == (number, "correction", "portal")
    assert (event.answer_by, event.address, event.language) == ("2026-01-22", None, "")
    view = await desk.show(agent, number)
    assert (view.row.state, view.row.about, view.row.answer_by) == (
        "received",
        "establishment",
        "2026-01-22",
    )
    assert desk.details(view) == {"text": TEXT}


async def test_v_01_a_lost_phone_of_before_gets_a_number_and_the_day_of_its_setting(
    desk: RequestDesk, harness: SupportHarness, agent: Agent
) -> None:
    # Thursday 15 January: the next working day is Friday.
    number = await desk.lost_phone(new_account(), stolen=True)
    assert NUMBER.fullmatch(number)
    assert number.startswith("TEL-")
    (event,) = await harness.events(RequestReceived)
    assert event.answer_by == "2026-01-16"
    assert (await desk.show(agent, number)).row.stolen


async def test_v_01_a_lost_phone_keeps_the_number_that_the_page_shows(desk: RequestDesk) -> None:
    shown = request_number("lost_phone", b"link")
    assert await desk.lost_phone(new_account(), shown) == shown


async def test_a_departure_that_waited_in_the_queue_is_read_and_answered_to_its_reporter(
    desk: RequestDesk, harness: SupportHarness, agent: Agent
) -> None:
    number = await desk.departure()
    ((_, subject, event),) = await harness.published(RequestReceived)
    assert subject is None
    assert (desk.opened(event, "address"), event.language) == (ADDRESS, "fr")
    assert event.answer_by == "2026-01-20"
    details = desk.details(await desk.show(agent, number))
    assert details["address"] == "parti@labo.example"


@pytest.mark.parametrize("signed_in", [True, False])
async def test_a_dead_mailbox_is_answered_where_mails_arrive(
    desk: RequestDesk, harness: SupportHarness, signed_in: bool
) -> None:
    await desk.mailbox(new_account() if signed_in else None)
    (event,) = await harness.events(RequestReceived)
    assert event.kind == "mailbox"
    assert (event.address is None) == signed_in
    assert event.language == ("" if signed_in else "en")


async def test_mq_05_an_event_that_comes_twice_makes_one_request(
    desk: RequestDesk, harness: SupportHarness
) -> None:
    account = new_account()
    for _ in range(2):
        await desk.correction(account)
    assert await harness.count("requests") == 1
    assert len(await harness.events(RequestReceived)) == 1


@pytest.mark.parametrize(
    ("number", "details"),
    [
        ("MSG-1", '{"text": "a", "address": "a@b.fr"}'),
        ("MSG-AAAAA-AAAAA", "[]"),
        ("MSG-AAAAA-AAAAA", '{"text": 3}'),
        ("MSG-AAAAA-AAAAA", "not json"),
        ("MSG-AAAAA-AAAAA", '{"text": "nobody to answer to"}'),
    ],
)
async def test_what_is_no_request_is_a_dead_letter(
    harness: SupportHarness, number: str, details: str
) -> None:
    event = MessageWritten(
        request_id=number,
        details=harness.sealer.seal(details, f"{MessageWritten.TYPE}/details"),
        network=NETWORK,
        language="fr",
        answer_by="",
        written_at=harness.now,
    )
    with pytest.raises(Reject):
        await harness.handle_event(event)
    assert await harness.count("requests") == 0


async def test_hostile_text_is_quoted_without_what_deceives_the_eye(
    desk: RequestDesk, agent: Agent
) -> None:
    hostile = "<script>alert(1)</script> \x1b[2J\u202egnp.exe http://evil.example\x00"
    number = await desk.message(hostile)
    shown = desk.details(await desk.show(agent, number))["text"]
    assert shown == "<script>alert(1)</script> [2Jgnp.exe http://evil.example"


async def test_b_04_nothing_that_was_written_is_readable_in_the_tables(
    desk: RequestDesk, harness: SupportHarness, agent: Agent
) -> None:
    number = await desk.message("un secret de fabrique")
    version = (await desk.take(agent, number)).version
    await harness.ask(desk.answer(agent, number, version, "une réponse réservée"))
    stored = ""
    for table in ("requests", "request_entries", "request_links", "outbox", "replies"):
        rows = await harness.fetch(f"SELECT to_jsonb(t)::text AS row FROM {table} AS t")
        stored += " ".join(row["row"] for row in rows)
    for secret in ("fabrique", "réservée", ADDRESS, "Léa", await desk.token()):
        assert secret not in stored, secret
    assert number in stored


# Working on it.


async def test_a_request_is_taken_answered_replied_to_and_closed(
    desk: RequestDesk, harness: SupportHarness, agent: Agent
) -> None:
    account = new_account()
    number = await desk.correction(account)
    version = (await desk.take(agent, number)).version
    asked = await harness.ask(desk.answer(agent, number, version, "Quel numéro ?", asks=True))
    assert asked.state == "waiting"
    replied = await harness.ask(desk.reply(account, number, "Le 12."))
    assert replied.state == "in_progress"
    done = await harness.ask(
        desk.answer(agent, number, asked.version + 1, "C'est fait.", close="done_as_asked")
    )
    assert done.state == "done"
    answered, closed = [*await harness.events(RequestAnswered, RequestClosed)]
    assert (answered.asks, desk.opened(answered, "text")) == (True, "Quel numéro ?")
    assert (closed.reason, desk.opened(closed, "text")) == ("done_as_asked", "C'est fait.")
    assert closed.reply_until == "2026-02-14"
    mine = await desk.mine(account, number)
    assert desk.texts(mine) == [
        ("person", TEXT),
        ("desk", "Quel numéro ?"),
        ("person", "Le 12."),
        ("desk", "C'est fait."),
    ]
    thread = (await desk.show(agent, number)).thread
    assert [one.action for one in thread] == ["receive", "take", "ask", "reply", "finish"]
    assert thread[1].agent_name == "Zoé Martin"


async def test_two_agents_on_one_request_the_second_sees_what_the_first_did(
    desk: RequestDesk, harness: SupportHarness, agent: Agent, other: Agent
) -> None:
    number = await desk.correction(new_account())
    seen = (await desk.show(other, number)).version
    taken = await desk.take(agent, number, seen)
    for message in (
        TakeRequest(agent_id=other.id, number=number, version=seen),
        desk.answer(other, number, seen),
    ):
        slug, params = await refusal(harness, message)
        assert slug == "stale"
        assert (params["act"], params["version"]) == ("take", taken.version)
        assert params["by"] == "Zoé Martin"
    assert await harness.outcome(desk.answer(other, number, taken.version)) == "not_yours"
    sent = await asyncio.gather(
        *(harness.outcome(desk.answer(agent, number, taken.version, f"{n}")) for n in range(4))
    )
    assert sorted(sent) == ["done", "stale", "stale", "stale"]
    assert len(await harness.events(RequestAnswered)) == 1


async def test_another_agent_who_has_it_open_is_named_for_ten_minutes(
    desk: RequestDesk, harness: SupportHarness, agent: Agent, other: Agent
) -> None:
    number = await desk.correction(new_account())
    first = harness.now
    assert (await desk.show(agent, number)).here == ()
    harness.advance(minutes=4)
    (here,) = (await desk.show(other, number)).here
    assert (here.name, here.since) == ("Zoé Martin", first)
    harness.advance(minutes=11)
    assert (await desk.show(other, number)).here == ()


async def test_a_request_is_given_back_by_its_own_agent(
    desk: RequestDesk, harness: SupportHarness, agent: Agent, other: Agent
) -> None:
    number = await desk.correction(new_account())
    version = (await desk.take(agent, number)).version
    theirs = ReleaseRequest(agent_id=other.id, number=number, version=version)
    assert await harness.outcome(theirs) == "not_yours"
    own = ReleaseRequest(agent_id=agent.id, number=number, version=version)
    assert (await harness.ask(own)).state == "received"
    assert (await desk.show(agent, number)).row.agent_id == ""


@pytest.mark.parametrize(
    ("text", "more", "field", "code"),
    [
        ("", {}, "text", "missing"),
        ("Voyez https://autre.example", {}, "text", "foreign_link"),
        ("x\x07", {}, "text", "forbidden_characters"),
        ("Voilà.", {"close": "by_person"}, "close", "unknown"),
    ],
)
async def test_an_answer_that_cannot_be_sent_is_explained(
    desk: RequestDesk,
    harness: SupportHarness,
    agent: Agent,
    text: str,
    more: dict[str, str],
    field: str,
    code: str,
) -> None:
    number = await desk.correction(new_account())
    version = (await desk.take(agent, number)).version
    refused = await harness.refusal(desk.answer(agent, number, version, text, **more))
    assert [(one.field, one.code) for one in refused.errors] == [(field, code)]
    assert (await desk.show(agent, number)).version == version


async def test_two_requests_of_one_account_are_linked_and_closed_at_once(
    desk: RequestDesk, harness: SupportHarness, agent: Agent
) -> None:
    account = new_account()
    first, second = [await desk.correction(account, key=key) for key in ("one", "two")]
    await desk.correction(new_account(), key="three")
    view = await desk.show(agent, first)
    assert (view.linked, view.row.linked) == ((second,), 1)
    version = (await desk.take(agent, first)).version
    await harness.ask(desk.answer(agent, first, version, "", close="nothing_to_change"))
    closed = await harness.events(RequestClosed)
    assert {one.number for one in closed} == {first, second}
    assert {one.reason for one in closed} == {"nothing_to_change"}
    assert (await harness.ask(ListRequests(agent_id=agent.id))).total == 1


async def test_an_agent_opens_a_request_from_a_call_or_a_mail(
    desk: RequestDesk, harness: SupportHarness, agent: Agent
) -> None:
    account, kind = new_account(), OpenRequest
    text = harness.seal(kind, "text", "Demande un changement de nom.")
    called = await harness.ask(
        kind(agent_id=agent.id, kind="correction", channel="call", text=text, account_id=account)
    )
    assert (await desk.mine(account, called.number)).state == "received"
    by_mail = kind(
        agent_id=agent.id,
        kind="message",
        channel="mail",
        text=text,
        address=harness.seal(kind, "address", "E-mail : zoe@labo.example"),
        language="en",
    )
    await harness.ask(by_mail)
    event = (await harness.events(RequestReceived))[-1]
    assert (event.channel, event.language) == ("mail", "en")
    assert desk.opened(event, "address") == "zoe@labo.example"
    bad = kind(agent_id=agent.id, kind="", channel="portal", text=harness.seal(kind, "text", ""))
    errors = (await harness.refusal(bad)).errors
    assert [(one.field, one.code) for one in errors] == [
        ("text", "missing_text"),
        ("kind", "missing"),
        ("channel", "missing"),
        ("address", "missing_address"),
    ]


async def test_an_act_moves_the_request_that_it_is_about(
    desk: RequestDesk, harness: SupportHarness, agent: Agent
) -> None:
    account = new_account()
    number = await desk.lost_phone(account)
    await desk.take(agent, number)
    planned = harness.now + timedelta(days=1)

    async def step(action: Action, **more: object) -> None:
        async with transaction(harness.pool) as tx:
            one = await lock(tx, number)
            assert one is not None
            change = Change(tx=tx, deps=harness.deps, now=harness.now)
            await move(change, one, action, **more)  # type: ignore[arg-type]

    await step(Action.PROPOSE, agent_id=agent.id)
    await step(Action.APPROVE, author="clock", planned_at=planned)
    mine = await desk.mine(account, number)
    assert (mine.state, mine.planned_on, mine.can_cancel) == ("planned", "2026-01-16", True)
    await step(Action.FINISH, author="clock", reason="done_as_asked")
    assert [one.state for one in await harness.events(RequestMoved)] == ["in_approval", "planned"]
    assert (await desk.mine(account, number)).state == "done"


# The queue.


async def test_the_queue_is_sorted_by_what_is_late_then_promised_then_old(
    desk: RequestDesk, harness: SupportHarness, agent: Agent
) -> None:
    late = await desk.correction(new_account(), key="a", answer_by="2026-01-12")
    soon = await desk.correction(new_account(), key="b", answer_by="2026-01-16")
    asked = await desk.correction(new_account(), key="c", answer_by="2026-01-14")
    version = (await desk.take(agent, asked)).version
    await harness.ask(desk.answer(agent, asked, version, asks=True))
    view = await harness.ask(ListRequests(agent_id=agent.id))
    assert [row.number for row in view.rows] == [late, soon, asked]
    assert [row.late_days for row in view.rows] == [3, 0, 0]
    assert (view.total, view.open_count, view.late_count) == (3, 3, 1)

    async def numbers(**wanted: object) -> list[str]:
        page = await harness.ask(ListRequests(agent_id=agent.id, **wanted))  # type: ignore[arg-type]
        return [row.number for row in page.rows]

    assert await numbers(whose="mine") == [asked]
    assert await numbers(whose="to_take") == [late, soon]
    assert await numbers(late=True) == [late]
    assert await numbers(state="waiting") == [asked]
    assert await numbers(kind="message") == []
    assert await numbers(sort="-number") == sorted((late, soon, asked), reverse=True)
    assert await numbers(sort="; drop table requests") == [late, soon, asked]
    assert await numbers(page=2) == []


@pytest.mark.parametrize(
    ("role", "reads", "takes"),
    [("agent", True, True), ("supervisor", True, True), ("auditor", True, False),
     ("operator", False, False)],
)  # fmt: skip
async def test_az_04_roles_read_and_take_as_in_the_matrix(
    desk: RequestDesk, harness: SupportHarness, role: str, reads: bool, takes: bool
) -> None:
    someone = await harness.joined(f"{role}@ansm.example", role)
    number = await desk.correction(new_account())
    listed = await harness.outcome(ListRequests(agent_id=someone.id))
    assert listed == ("done" if reads else "forbidden")
    message = TakeRequest(agent_id=someone.id, number=number, version=1)
    assert await harness.outcome(message) == ("done" if takes else "forbidden")
    if reads and not takes:
        assert (await desk.show(someone, number)).actions == ()


async def test_az_02_a_number_that_does_not_exist_is_not_found(
    harness: SupportHarness, agent: Agent
) -> None:
    for number in ("COR-AAAAA-AAAAA", "", "x" * 5000):
        asked = DescribeRequest(agent_id=agent.id, number=number)
        assert await harness.outcome(asked) == "not_found"


# The person.


async def test_az_02_a_request_is_found_by_its_own_account_only(
    desk: RequestDesk, harness: SupportHarness
) -> None:
    account, stranger = new_account(), new_account()
    number = await desk.correction(account)
    for message in (
        DescribeMyRequest(number=number, account_id=stranger),
        DescribeMyRequest(number=number),
        desk.reply(stranger, number),
        desk.cancel(stranger, number),
        CancelMyRequest(number="COR-AAAAA-AAAAA", by_sender=True),
    ):
        assert await harness.outcome(message) == "not_found"
    assert (await harness.ask(ListMyRequests(account_id=stranger))).requests == ()
    (listed,) = (await harness.ask(ListMyRequests(account_id=account))).requests
    assert (listed.number, listed.thread) == (number, ())


async def test_a_mailed_link_shows_replies_and_cancels_until_it_expires(
    desk: RequestDesk, harness: SupportHarness
) -> None:
    number = await desk.message()
    token = await desk.token()
    view = await harness.ask(desk.by_link(DescribeMyRequest, token))
    assert (view.number, desk.texts(view)) == (number, [("person", TEXT)])
    reply = desk.by_link(ReplyToDesk, token, text=harness.seal(ReplyToDesk, "text", "Encore."))
    assert len((await harness.ask(reply)).thread) == 2
    assert await harness.outcome(desk.by_link(DescribeMyRequest, "x" * 43)) == "link_gone"
    assert await harness.outcome(desk.by_link(DescribeMyRequest, "x")) == "link_malformed"
    foreign = DescribeMyRequest(link_token=Sealed(recipient="support", key_id="t1", box="AAAA"))
    assert await harness.outcome(foreign) == "link_malformed"
    assert (await harness.ask(desk.by_link(CancelMyRequest, token))).state == "cancelled"
    harness.advance(seconds=LINK_TIME.total_seconds())
    assert await harness.outcome(desk.by_link(DescribeMyRequest, token)) == "link_expired"


async def test_v_01_the_browser_that_sent_a_request_cancels_it_once(
    desk: RequestDesk, harness: SupportHarness
) -> None:
    number = await desk.lost_phone(new_account())
    message = CancelMyRequest(number=number, by_sender=True)
    for _ in range(2):
        assert (await harness.ask(message)).state == "cancelled"
    (closed,) = await harness.events(RequestClosed)
    assert (closed.reason, closed.reply_until) == ("by_person", "")


async def test_a_reply_within_thirty_days_reopens_what_was_closed(
    desk: RequestDesk, harness: SupportHarness, agent: Agent
) -> None:
    account = new_account()
    number = await desk.correction(account)
    version = (await desk.take(agent, number)).version
    await harness.ask(desk.answer(agent, number, version, "", close="not_possible"))
    assert await harness.outcome(desk.cancel(account, number)) == "request_closed"
    harness.advance(days=29)
    reopened = await harness.ask(desk.reply(account, number, "Si."))
    # Five working days from Friday 13 February.
    assert (reopened.state, reopened.answer_by) == ("received", "2026-02-20")
    assert [one.reopened for one in await harness.events(RequestReplied)] == [True]
    assert (await desk.show(agent, number)).row.agent_id == ""
    version = (await desk.take(agent, number)).version
    await harness.ask(desk.answer(agent, number, version, "", close="not_possible"))
    harness.advance(seconds=REOPEN_FOR.total_seconds())
    assert await harness.outcome(desk.reply(account, number)) == "request_closed"


async def test_nobody_learns_from_the_follow_up_page_whether_a_number_exists(
    desk: RequestDesk, harness: SupportHarness
) -> None:
    number = await desk.message()

    def asked(typed: str) -> SendFollowUpLink:
        return SendFollowUpLink(number=typed, network=NETWORK)

    known = [await harness.ask(asked(number.lower().replace("-", " "))) for _ in range(5)]
    unknown = [await harness.ask(asked("MSG-AAAAA-AAAAA")) for _ in range(5)]
    assert known == unknown
    links = await harness.events(FollowUpLinkRequested)
    assert [desk.opened(one, "address") for one in links] == [ADDRESS] * 5
    for typed in (number, "MSG-AAAAA-AAAAA"):
        slug, params = await refusal(harness, asked(typed))
        assert (slug, params) == ("too_many_requests", {"limit": "day"})
    for typed, code in (("", "missing"), ("COR-1", "format")):
        (error,) = (await harness.refusal(asked(typed))).errors
        assert (error.field, error.code) == ("number", code)


async def test_links_are_limited_per_network_off_the_loopback_address(
    harness: SupportHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    public = replace(harness.deps.settings, base_url="https://portail.example.fr")
    monkeypatch.setattr(harness, "deps", replace(harness.deps, settings=public))
    monkeypatch.setattr(my_requests, "PER_NETWORK", replace(my_requests.PER_NETWORK, limit=3))
    for number in range(3):
        typed = request_number("message", str(number).encode())
        await harness.ask(SendFollowUpLink(number=typed, network=NETWORK))
    last = SendFollowUpLink(number=request_number("message", b"last"), network=NETWORK)
    assert (await harness.refusal(last)).params == {"limit": "network"}
    elsewhere = SendFollowUpLink(number=last.number, network="198.51.100.0/24")
    assert await harness.outcome(elsewhere) == "done"


# Time.


async def test_a_missed_promise_is_announced_once_and_the_row_stays_late(
    desk: RequestDesk, harness: SupportHarness, agent: Agent
) -> None:
    account = new_account()
    number = await desk.correction(account, answer_by="2026-01-16")
    harness.now = harness.now.replace(day=16, hour=22, minute=30)  # 23:30 in Paris
    assert await desk.clock() == 0
    harness.advance(hours=1)
    assert [await desk.clock() for _ in range(2)] == [1, 0]
    (delayed,) = await harness.events(RequestDelayed)
    assert (delayed.number, delayed.answer_by) == (number, "2026-01-23")
    harness.advance(days=9)
    assert await desk.clock() == 0
    row = (await desk.show(agent, number)).row
    assert (row.answer_by, row.late_days) == ("2026-01-16", 6)
    mine = await desk.mine(account, number)
    assert (mine.answer_by, mine.delayed) == ("2026-01-23", True)


async def test_a_question_is_recalled_after_15_days_and_closed_after_30(
    desk: RequestDesk, harness: SupportHarness, agent: Agent
) -> None:
    account = new_account()
    number = await desk.correction(account)
    version = (await desk.take(agent, number)).version
    await harness.ask(desk.answer(agent, number, version, asks=True))
    harness.advance(seconds=REMINDER_AFTER.total_seconds() - 1)
    assert await desk.clock() == 0
    harness.advance(seconds=1)
    assert [await desk.clock() for _ in range(2)] == [1, 0]
    (reminded,) = await harness.events(RequestReminded)
    assert reminded.closes_on == "2026-02-14"
    harness.advance(seconds=(LAPSE_AFTER - REMINDER_AFTER).total_seconds())
    assert await desk.clock() == 1
    (closed,) = await harness.events(RequestClosed)
    assert (closed.state, closed.reason, closed.agent_id) == ("lapsed", "no_reply", "")
    assert await harness.events(RequestDelayed) == []
    assert (await harness.ask(desk.reply(account, number))).state == "received"


async def test_two_processes_announce_a_missed_promise_once(
    desk: RequestDesk, harness: SupportHarness
) -> None:
    for key in range(5):
        await desk.correction(new_account(), key=str(key), answer_by="2026-01-14")
    await asyncio.gather(desk.clock(), desk.clock())
    assert len(await harness.events(RequestDelayed)) == 5


async def test_gd_02_requests_are_deleted_some_time_after_their_end(
    desk: RequestDesk, harness: SupportHarness
) -> None:
    account = new_account()
    ended, kept = [await desk.correction(account, key=key) for key in ("a", "b")]
    await harness.ask(desk.cancel(account, ended))
    harness.advance(days=729)
    await request_clock.purge(harness.pool, harness.deps)
    assert await harness.count("requests") == 2
    harness.advance(days=2)
    await request_clock.purge(harness.pool, harness.deps)
    rows = await harness.fetch("SELECT number FROM requests")
    assert [row["number"] for row in rows] == [kept]
    assert await harness.count("request_entries") == 1
    assert await harness.count("request_links") == 0


# Ready-made answers.


async def test_ready_made_answers_are_read_by_agents_and_edited_by_supervisors(
    harness: SupportHarness, agent: Agent
) -> None:
    supervisor = await harness.joined("chef@ansm.example", "supervisor")
    listed = await harness.ask(ListReadyAnswers(agent_id=agent.id))
    found = {one.name: one for one in listed.answers}
    assert set(found) == {"call", "more", "no_mail", "refused"}

    def save(by: Agent, text: str, version: int) -> SaveReadyAnswer:
        old = found["more"]
        return SaveReadyAnswer(
            agent_id=by.id,
            name="more",
            title_fr=old.title_fr,
            title_en=old.title_en,
            text_fr=text,
            text_en=old.text_en,
            version=version,
        )

    version = found["more"].version
    assert await harness.outcome(save(agent, "Il nous faut : {liste}.", version)) == "forbidden"
    refused = await harness.refusal(save(supervisor, "Voyez www.autre.fr", version))
    assert [(one.field, one.code) for one in refused.errors] == [("text_fr", "foreign_link")]
    saved = await harness.ask(save(supervisor, "Il nous faut : {liste}.", version))
    assert (saved.text_fr, saved.version) == ("Il nous faut : {liste}.", version + 1)
    assert await harness.outcome(save(supervisor, "Autre.", version)) == "stale"
    (changed,) = await harness.events(ReadyAnswerChanged)
    assert (changed.name, changed.agent_id) == ("more", supervisor.id)


async def test_a_thread_cannot_be_rewritten_by_the_service(
    desk: RequestDesk, harness: SupportHarness
) -> None:
    await desk.correction(new_account())
    for statement in ("UPDATE request_entries SET reason = 'x'", "DELETE FROM request_entries"):
        with pytest.raises(Exception, match="permission denied"):
            await harness.fetch(statement)


async def test_a_reply_that_is_empty_or_too_long_changes_nothing(
    desk: RequestDesk, harness: SupportHarness
) -> None:
    account = new_account()
    number = await desk.correction(account)
    for text, code in (
        (" ", "missing"),
        ("x" * 1001, "too_long"),
        ("\x00", "forbidden_characters"),
    ):
        with pytest.raises(Refused) as refused:
            await harness.ask(desk.reply(account, number, text))
        assert [one.code for one in refused.value.refusal.errors] == [code], text
    assert await harness.events(RequestReplied) == []
