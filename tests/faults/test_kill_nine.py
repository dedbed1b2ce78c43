"""`kill -9` of each part while twenty people ask for an account: nothing lost, nothing twice."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from tests.support import eventually
from tests.support.actors.retrying_registrant import RetryingRegistrant, asked, code_in, messages_to
from tests.support.servers.fault_rig import FaultRig

pytestmark = [
    pytest.mark.faults,
    pytest.mark.timeout(180),
    pytest.mark.asyncio(loop_scope="package"),
]

PEOPLE = 20


async def _killed_among(rig: FaultRig, people: list[RetryingRegistrant], victim: str) -> None:
    """Kill it once some have their answer and others are waiting for theirs."""
    if victim == "mailer":
        # The worst moment: messages given, the mail server's answer not heard.
        rig.smtp.silent_after_data = True
        before = len(rig.smtp.messages)
        await eventually(lambda: len(rig.smtp.messages) >= before + 2, 60)
    else:
        await eventually(lambda: asked(people) >= 3, 60, every=0.005)
        assert asked(people) < PEOPLE
    await rig.kill(victim)
    rig.smtp.silent_after_data = False


@pytest.mark.parametrize("victim", ["registration", "mailer", "gateway", "broker", "database"])
async def test_b_08_mq_06_twenty_accounts_survive_a_kill(ready_rig: FaultRig, victim: str) -> None:
    """B-08, RE-12: one request, one message each; a second one only where a doubt is on record."""
    rig = ready_rig
    people = [rig.registrant() for _ in range(PEOPLE)]
    addresses = [person.address for person in people]
    asking = [asyncio.create_task(person.ask()) for person in people]
    await _killed_among(rig, people, victim)
    await asyncio.gather(*asking)
    await rig.supervisor.ready()

    # None lost: each has one request, and its message was taken by the mail server.
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

    # None twice, but where the mailer says that it was in doubt: the same Message-ID and code.
    mails = await rig.rows(
        "select address, cause, state, doubts from mailer.deliveries where address = any($1)",
        addresses,
    )
    assert {row["cause"] for row in mails} == {row["mail_event_id"] for row in found}
    for mail in mails:
        received = messages_to(rig.smtp, mail["address"])
        assert mail["state"] == "accepted"
        assert len(received) == 1 + mail["doubts"], mail
        assert len({one.message["Message-ID"] for one in received}) == 1
        assert len({code_in(one) for one in received}) == 1
    doubts = sum(mail["doubts"] for mail in mails)
    assert doubts >= 2 if victim == "mailer" else doubts <= 4

    one = people[-1]
    await one.finish(messages_to(rig.smtp, one.address)[-1])
    await eventually(lambda: "Finalisation" in _last_subject(rig, one), 30, why="mail 2")
    created = await rig.rows(
        "select count(*) as n from registration.accounts where address = $1", one.address
    )
    assert created[0]["n"] == 1


def _last_subject(rig: FaultRig, person: RetryingRegistrant) -> str:
    return str(messages_to(rig.smtp, person.address)[-1].message["Subject"])
