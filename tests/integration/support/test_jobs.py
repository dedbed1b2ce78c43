"""Every job of the service goes on where a row, or a whole run, cannot be handled."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from services.support import (
    act_flow,
    agent_store,
    call_clock,
    due_acts,
    journal_jobs,
    journal_store,
    phone_replacement_clock,
    phone_replacement_flow,
    proposal_store,
    request_clock,
)
from services.support.act_context import ActContext
from services.support.handlers import agent_invitations
from services.support.jobs import BATCH, handle_each
from services.support.journal_entries import entry_of_event
from services.support.lost_phones import LostPhone
from services.support.request_states import LAPSE_AFTER, REMINDER_AFTER
from services.support.service import build
from shared.contracts.registration.events import AccountFrozen
from shared.contracts.support import acts
from shared.contracts.support.agents import AgentInvited
from shared.contracts.support.lost_phones import CallEnded, PhoneReplacementPlanned
from shared.contracts.support.people_requests import RequestClosed, RequestDelayed, RequestReminded
from shared.contracts.support.proposals import Propose
from shared.database import Connection, transaction
from shared.domain.support_requests import request_number
from shared.outbox import apply
from shared.runtime.service import Runtime
from tests.contract.samples import sample
from tests.support.harness.lost_phone_desk import LostPhoneDesk
from tests.support.harness.request_desk import RequestDesk, new_account
from tests.support.harness.support import SupportHarness
from tests.support.logs import written_log

pytestmark = pytest.mark.asyncio(loop_scope="package")

Prepare = Callable[[SupportHarness, pytest.MonkeyPatch], Awaitable[tuple[str, str]]]
Run = Callable[[SupportHarness], Awaitable[object]]
Outcome = Callable[[SupportHarness], Awaitable[list[str]]]


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job with two rows that are due, of which the one that it comes to first cannot be handled:
    (that one, the other one), what runs, and the rows that were handled."""

    prepare: Prepare
    run: Run
    handled: Outcome


async def spoil(harness: SupportHarness, sql: str, *values: Any) -> None:
    async with transaction(harness.pool) as tx:
        await tx.execute(sql, *values)


# Acts.


async def _proposed(harness: SupportHarness) -> tuple[str, str]:
    first = await harness.joined("luc.agent@ansm.example")
    found = []
    for position in range(2):
        harness.advance(minutes=1)
        details = json.dumps({"new_address": f"marie{position}@labo.fr"})
        view = await harness.ask(
            harness.coded(
                Propose(
                    agent_id=first.id,
                    act="change_address",
                    account_id=new_account(),
                    reason="requested_by_person",
                    details=harness.seal(Propose, "details", details),
                    note=harness.seal(Propose, "note", ""),
                )
            )
        )
        found.append(view.proposal_id)
    return found[0], found[1]


async def due_to_expire(harness: SupportHarness, _: pytest.MonkeyPatch) -> tuple[str, str]:
    bad, good = await _proposed(harness)
    await spoil(harness, "update proposals set details = '{\"a\": 1}' where id = $1", bad)
    harness.advance(days=10)
    return bad, good


async def due_to_happen(harness: SupportHarness, _: pytest.MonkeyPatch) -> tuple[str, str]:
    bad, good = await _proposed(harness)
    second = await harness.joined("zoe.agent@ansm.example")
    for proposal_id in (bad, good):
        async with transaction(harness.pool) as tx:
            context = ActContext(tx=tx, deps=harness.deps, now=harness.now)
            proposal = await proposal_store.lock(tx, proposal_id)
            assert proposal is not None
            await act_flow.approve(context, second, proposal)
    await spoil(harness, "update proposals set details = '{\"a\": 1}' where id = $1", bad)
    harness.advance(days=4)
    return bad, good


async def run_acts(harness: SupportHarness) -> None:
    await due_acts.run_due(harness.pool, harness.deps)


async def ended_acts(harness: SupportHarness) -> list[str]:
    events = await harness.events(acts.ActDone, acts.ActExpired)
    return [event.proposal_id for event in events]


# Requests.


async def _two_requests(harness: SupportHarness) -> tuple[str, str]:
    desk = RequestDesk(harness)
    found = [await desk.message(key=key) for key in ("first", "second")]
    return min(found), max(found)


async def _spoil_request(harness: SupportHarness, number: str) -> None:
    await spoil(harness, "update requests set details = '{}' where number = $1", number)


async def promise_missed(harness: SupportHarness, _: pytest.MonkeyPatch) -> tuple[str, str]:
    bad, good = await _two_requests(harness)
    await _spoil_request(harness, bad)
    harness.advance(days=20)
    return bad, good


async def _waiting(harness: SupportHarness, length: timedelta) -> tuple[str, str]:
    desk, agent = RequestDesk(harness), await harness.joined("luc.agent@ansm.example")
    bad, good = await _two_requests(harness)
    for number in (bad, good):
        taken = await desk.take(agent, number)
        await harness.ask(desk.answer(agent, number, taken.version, asks=True))
    await _spoil_request(harness, bad)
    harness.advance(seconds=length.total_seconds() + 1)
    return bad, good


async def reply_due(harness: SupportHarness, _: pytest.MonkeyPatch) -> tuple[str, str]:
    return await _waiting(harness, REMINDER_AFTER)


async def no_reply(harness: SupportHarness, _: pytest.MonkeyPatch) -> tuple[str, str]:
    return await _waiting(harness, LAPSE_AFTER)


async def run_requests(harness: SupportHarness) -> None:
    await request_clock.advance(harness.pool, harness.deps)


def mailed(kind: type[Any]) -> Outcome:
    async def numbers(harness: SupportHarness) -> list[str]:
        return [event.number for event in await harness.events(kind)]

    return numbers


# Calls.


async def calls_over(harness: SupportHarness, _: pytest.MonkeyPatch) -> tuple[str, str]:
    numbers = []
    for _position in range(2):
        desk = await _lost_phone(harness)
        await desk.call()
        numbers.append(desk.number)
        harness.advance(minutes=1)
    await spoil(harness, "update calls set words = '{}' where number = $1", numbers[0])
    harness.advance(hours=1)
    return numbers[0], numbers[1]


async def _lost_phone(harness: SupportHarness) -> LostPhoneDesk:
    if await harness.count("agents") == 0:
        return await LostPhoneDesk.of(harness)
    async with transaction(harness.pool) as tx:
        (first, second) = [
            await agent_store.find_by_address(tx, f"{name}.agent@ansm.example")
            for name in ("luc", "zoe")
        ]
    assert first is not None
    assert second is not None
    made = LostPhoneDesk(harness, first, second, harness.deps.requests)
    made.number = await RequestDesk(harness).lost_phone(made.account)
    await RequestDesk(harness).take(first, made.number)
    return made


async def run_calls(harness: SupportHarness) -> None:
    await call_clock.end_overdue(harness.pool, harness.deps)


async def half_waited(harness: SupportHarness, patch: pytest.MonkeyPatch) -> tuple[str, str]:
    settings = replace(harness.deps.settings, lost_phone_alone=True)
    harness.deps = replace(harness.deps, settings=settings)
    accounts = [new_account() for _ in range(2)]
    numbers = [request_number("lost_phone", account.encode()) for account in accounts]
    for account, number in zip(accounts, numbers, strict=True):
        await RequestDesk(harness).lost_phone(account, number, alone=True)
    harness.advance(hours=37)
    bad, good = sorted(numbers)
    remind = phone_replacement_flow.remind

    async def remind_of(context: ActContext, case: LostPhone) -> None:
        if case.number == bad:
            raise ValueError("nobody is reminded of this one")
        await remind(context, case)

    patch.setattr(phone_replacement_flow, "remind", remind_of)
    return bad, good


async def run_replacements(harness: SupportHarness) -> None:
    await phone_replacement_clock.advance(harness.pool, harness.deps)


async def reminded(harness: SupportHarness) -> list[str]:
    return [one.number for one in await harness.events(PhoneReplacementPlanned) if one.again]


# Invitations and the journal.


async def invited(harness: SupportHarness, patch: pytest.MonkeyPatch) -> tuple[str, str]:
    bad = await harness.add("a@ansm.example")
    harness.advance(minutes=1)
    good = await harness.add("b@ansm.example")
    store_link = agent_store.replace_link

    async def replace_link(tx: Connection, agent_id: str, *values: Any, **more: Any) -> None:
        if agent_id == bad.id:
            raise ValueError("this agent gets no link")
        await store_link(tx, agent_id, *values, **more)

    patch.setattr(agent_store, "replace_link", replace_link)
    return bad.id, good.id


async def run_invitations(harness: SupportHarness) -> None:
    await agent_invitations.send_due(harness.pool, harness.deps)


async def invited_agents(harness: SupportHarness) -> list[str]:
    return [str(subject) for _, subject, _ in await harness.published(AgentInvited)]


ERASED: list[str] = []


async def anonymised(_: SupportHarness, patch: pytest.MonkeyPatch) -> tuple[str, str]:
    accounts = [new_account() for _ in range(2)]
    ERASED.clear()

    async def read(_tx: Connection, _since: object, tried: list[str], _limit: int) -> list[str]:
        return [account for account in accounts if account not in tried]

    async def erase(tx: Connection, account_id: str) -> int:
        if account_id == accounts[0]:
            await tx.execute("select 1 / 0")
        ERASED.append(account_id)
        return 1

    patch.setattr(journal_store, "read_anonymised", read)
    patch.setattr(journal_store, "erase", erase)
    return accounts[0], accounts[1]


async def run_journal_purge(harness: SupportHarness) -> None:
    await journal_jobs.purge(harness.pool, harness.deps.journal, harness.now)


async def erased(_: SupportHarness) -> list[str]:
    return list(dict.fromkeys(ERASED))


JOBS = {
    "acts": Job(prepare=due_to_happen, run=run_acts, handled=ended_acts),
    "acts that expire": Job(prepare=due_to_expire, run=run_acts, handled=ended_acts),
    "requests": Job(prepare=promise_missed, run=run_requests, handled=mailed(RequestDelayed)),
    "requests to remind of": Job(
        prepare=reply_due, run=run_requests, handled=mailed(RequestReminded)
    ),
    "requests without a reply": Job(
        prepare=no_reply, run=run_requests, handled=mailed(RequestClosed)
    ),
    "calls": Job(prepare=calls_over, run=run_calls, handled=mailed(CallEnded)),
    "lost phones without an agent": Job(
        prepare=half_waited, run=run_replacements, handled=reminded
    ),
    "invitations": Job(prepare=invited, run=run_invitations, handled=invited_agents),
    "journal_purge": Job(prepare=anonymised, run=run_journal_purge, handled=erased),
}
#: Jobs of one statement each: no row of theirs is handled by itself.
WHOLE = {"purge", "journal_links", "journal_anchors", "journal_verification"}


@pytest.mark.parametrize("name", JOBS)
async def test_a_row_that_fails_stops_neither_the_others_nor_the_job(
    harness: SupportHarness, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    job = JOBS[name]
    _bad, good = await job.prepare(harness, monkeypatch)
    with written_log() as written:
        await job.run(harness)
        await job.run(harness)
    assert await job.handled(harness) == [good]
    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    failures = [line for line in lines if line["action"] == "row_failed"]
    assert len(failures) == 2, "each run tries it once and says so"
    assert {line["level"] for line in failures} == {"error"}


async def test_the_table_has_every_job(harness: SupportHarness) -> None:
    runtime = Runtime(pool=harness.pool, clock=harness.clock)
    async with build(runtime, harness.deps.settings):
        names = {name for name, _ in runtime.background_tasks}
    assert names <= set(JOBS) | WHOLE
    assert names > WHOLE


async def test_more_rows_than_one_batch_that_fail_stop_nobody(harness: SupportHarness) -> None:
    rows = [str(number) for number in range(BATCH + 5)]
    handled: list[str] = []

    async def read_due(_tx: Connection, tried: Any) -> list[str]:
        return [row for row in rows if row not in tried][:BATCH]

    async def handle(_tx: Connection, key: str) -> bool:
        if int(key) < BATCH:
            raise ValueError(key)
        handled.append(key)
        return True

    assert await handle_each(harness.pool, "rows", read_due, handle) == 5
    assert handled == rows[BATCH:]


@pytest.mark.parametrize("name", sorted(WHOLE | {"acts", "calls", "invitations", "requests"}))
async def test_a_run_that_fails_does_not_end_the_service(
    harness: SupportHarness, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever fails in a job of the service as it is built, its task goes on."""
    runtime = Runtime(pool=harness.pool, clock=harness.clock)
    async with build(runtime, harness.deps.settings):
        (work,) = [work for each, work in runtime.background_tasks if each == name]

        def broken() -> Any:
            raise ValueError("nothing works")

        monkeypatch.setattr(type(harness.pool), "acquire", broken)
        with written_log() as written:
            task = asyncio.create_task(work())
            done, _ = await asyncio.wait([task], timeout=0.2)
        task.cancel()
    assert not done
    (line,) = [json.loads(line) for line in written.getvalue().splitlines()][:1]
    assert (line["action"], line["job"], line["level"]) == ("job_failed", name, "error")


@pytest.mark.parametrize("at", ["-infinity", "4713-01-01 BC", "infinity"])
async def test_lg_05_no_entry_of_the_journal_has_a_date_that_cannot_be_read(
    harness: SupportHarness, at: str
) -> None:
    """One such entry would end every read of the entries around it."""
    written = entry_of_event(
        sample(AccountFrozen), id=str(uuid4()), subject=new_account(), at=harness.now,  # type: ignore[arg-type]
        now=harness.now, keys=harness.deps.journal.keys, salt=b"s" * 16,
    )  # fmt: skip
    async with transaction(harness.pool) as tx:
        await apply(tx, journal_store.insert_entry(*written))
    copy = (
        "insert into journal_entries (id, account_id, type, section, at, heard_at, expires, public,"
        " key_id, mac) select gen_random_uuid(), account_id, type, section, $1::text::timestamptz,"
        " heard_at, expires, public, key_id, mac from journal_entries limit 1"
    )
    with pytest.raises(asyncpg.CheckViolationError):
        await spoil(harness, copy, at)
