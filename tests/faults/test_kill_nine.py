"""`kill -9` of each part while twenty people request an account: nothing is lost or done twice."""

import asyncio
from collections import Counter

import pytest

from tests.support import eventually
from tests.support.actors.retrying_registrant import RetryingRegistrant, asked, code_in, messages_to
from tests.support.servers.fault_rig import FaultRig

pytestmark = [
    pytest.mark.faults,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="package"),
]

PEOPLE = 20
#: This many requests at once: when the first are answered, others have not started.
AT_ONCE = 8
#: What the mailer does not need for a message or its result.
OTHERS = ("registration", "gateway")


async def _ask(people: list[RetryingRegistrant]) -> None:
    """All request an account, `AT_ONCE` of them at a time."""
    places = asyncio.Semaphore(AT_ONCE)

    async def ask(person: RetryingRegistrant) -> None:
        async with places:
            await person.ask()

    await asyncio.gather(*map(ask, people))


async def _kill_midway(rig: FaultRig, people: list[RetryingRegistrant], target: str) -> set[str]:
    """Kill it once some have their answer and others are waiting for theirs.

    Returns the addresses of messages that the mail server received without answering.
    """
    unanswered: set[str] = set()
    if target == "mailer":
        # The worst moment: messages transmitted, the mail server's answer not received.
        rig.smtp.silent_after_data = True
        before = len(rig.smtp.messages)
        await eventually(lambda: len(rig.smtp.messages) >= before + 2, 60)
        unanswered = {one.recipients[0] for one in rig.smtp.messages[before:]}
    else:
        await eventually(lambda: asked(people) >= 3, 60, every=0.005)
        assert asked(people) < PEOPLE
    await rig.kill(target)
    rig.smtp.silent_after_data = False
    return unanswered


@pytest.mark.parametrize("target", ["registration", "mailer", "gateway", "broker", "database"])
async def test_b_08_mq_06_twenty_accounts_survive_a_kill(ready_rig: FaultRig, target: str) -> None:
    """B-08, RE-12: one request, one message each; a second one only after an uncertain attempt."""
    rig = ready_rig
    people = [rig.registrant() for _ in range(PEOPLE)]
    addresses = [person.address for person in people]
    asking = asyncio.create_task(_ask(people))
    unanswered = await _kill_midway(rig, people, target)
    await asking
    await rig.supervisor.ready()

    # None lost: each has one request, and the mail server accepted its message.
    found = await rig.rows(
        "select address, mail_event_id from registration.requests where address = any($1)",
        addresses,
    )
    assert Counter(row["address"] for row in found) == Counter(addresses)

    async def seen_off() -> bool:
        query = "select mail_state from registration.requests where address = any($1)"
        return {row["mail_state"] for row in await rig.rows(query, addresses)} == {"accepted"}

    await eventually(seen_off, 60, every=0.1, why="every message was accepted")
    await rig.queues_empty()

    # None twice, except after an uncertain attempt: then with the same Message-ID and code.
    mails = await rig.rows(
        "select address, cause, state, doubts from mailer.deliveries where address = any($1)",
        addresses,
    )
    assert {row["cause"] for row in mails} == {row["mail_event_id"] for row in found}
    for mail in mails:
        received = messages_to(rig.smtp, mail["address"])
        assert mail["state"] == "accepted"
        # After an uncertain attempt the server may have the message. A second one holds the mail.
        assert 1 <= len(received) <= 1 + mail["doubts"] <= 2, mail
        if mail["address"] in unanswered:
            assert len(received) == 1 + mail["doubts"] == 2, mail
        if target in OTHERS:
            assert mail["doubts"] == 0, mail
        assert len({one.message["Message-ID"] for one in received}) == 1
        assert len({code_in(one) for one in received}) == 1

    one = people[-1]
    await one.finish(messages_to(rig.smtp, one.address)[-1])
    await eventually(lambda: "Finalisation" in _last_subject(rig, one), 60, why="mail 2")
    created = await rig.rows(
        "select count(*) as n from registration.accounts where address = $1", one.address
    )
    assert created[0]["n"] == 1


def _last_subject(rig: FaultRig, person: RetryingRegistrant) -> str:
    return str(messages_to(rig.smtp, person.address)[-1].message["Subject"])
