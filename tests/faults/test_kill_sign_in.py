"""`kill -9` while people sign in and change their credentials: each continues at the same step.

All press at the same moment, each at another step; without an answer they press the same button of
the same page again, with the same code.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

import pytest

from tests.support import eventually
from tests.support.actors.retrying_account_holder import RetryingAccountHolder
from tests.support.servers.fault_rig import FaultRig
from tests.support.servers.portal import PASSWORD

pytestmark = [
    pytest.mark.faults,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="package"),
]

NEW_PASSWORD = "Zug&Wolke47"
PHONE, NEW_PHONE = "/compte/telephone", "/compte/telephone/nouveau"
#: Seconds from the presses to the kill; None: the service is paused before they press.
MOMENTS = (None, 0.02, 0.1)

Fields = dict[str, str]


@dataclass(frozen=True)
class Step:
    """One step: how to reach it with its form filled in, and what is expected afterwards.

    `leads` is the next page, `phones` and `sessions` are what the account then has. `proves` is the
    password of those who must authenticate again.
    """

    action: str
    prepare: Callable[[RetryingAccountHolder], Awaitable[Fields]]
    leads: str
    phones: int
    sessions: int
    proves: str = ""


async def _password(one: RetryingAccountHolder) -> Fields:
    await one.join()
    return await one.fields("/connexion", address=one.address, password=PASSWORD)


async def _enrolment(one: RetryingAccountHolder) -> Fields:
    await one.join()
    await one.give_password()
    return await one.scan()


async def _code(one: RetryingAccountHolder) -> Fields:
    await one.settle()
    one.another_browser()
    page = await one.give_password()
    return page.form("/connexion/code") | {"code": one.shown.code(1)}


async def _recovery(one: RetryingAccountHolder) -> Fields:
    await one.settle()
    one.another_browser()
    await one.give_password()
    return await one.fields("/connexion/code-de-secours", recovery_code=one.recovery[0])


async def _change(one: RetryingAccountHolder) -> Fields:
    await one.settle()
    given = {"current_password": PASSWORD, "password": NEW_PASSWORD}
    return await one.fields("/compte/mot-de-passe", **given)


async def _replacement(one: RetryingAccountHolder) -> Fields:
    await one.settle()
    return await one.fields(PHONE, password=PASSWORD, code=one.shown.code(1))


async def _new_phone(one: RetryingAccountHolder) -> Fields:
    await one.press(PHONE, await _replacement(one))
    return await one.scan(NEW_PHONE)


async def _reset(one: RetryingAccountHolder) -> Fields:
    await one.settle()
    page = await one.open("/mot-de-passe-oublie")
    await one.browser.post(page, "/mot-de-passe-oublie", {"address": one.address})
    token = await one.link("/mot-de-passe")
    page = await one.browser.from_elsewhere(f"/mot-de-passe?jeton={token}")
    return page.form("/mot-de-passe") | {"password": NEW_PASSWORD}


STEPS = (
    Step("/connexion", _password, "/connexion/telephone", 0, 0),
    Step("/connexion/telephone", _enrolment, "/connexion/codes-de-secours", 1, 1),
    Step("/connexion/code", _code, "/informations", 1, 2),
    Step("/connexion/code-de-secours", _recovery, "/connexion/telephone", 1, 1),
    Step("/compte/mot-de-passe", _change, "/compte", 1, 1, proves=NEW_PASSWORD),
    Step(PHONE, _replacement, NEW_PHONE, 1, 1),
    Step(NEW_PHONE, _new_phone, "/compte", 1, 1, proves=PASSWORD),
    Step("/mot-de-passe", _reset, "/connexion", 1, 0),
)
HAS = """
select (select count(*) from mfa.authenticators where account_id = accounts.id) as phones,
    (select count(*) from gateway.sessions where account_id = accounts.id and level = 'full')
        as sessions
from registration.accounts where address = $1
"""
#: The steps that give a new phone's first code.
ENROLS = ("/connexion/telephone", NEW_PHONE)
#: The steps that end a half session and open a full one.
PROMOTES = ("/connexion/telephone", "/connexion/code")


def _typed_now(step: Step, one: RetryingAccountHolder, given: Fields) -> Fields:
    """The form with the phone's current code, because preparing the others may take long.

    It is the next code, except of a new phone, which may need that one at once.
    """
    if "code" not in given:
        return given
    return given | {"code": one.shown.code(0 if step.action in ENROLS else 1)}


async def _opened(rig: FaultRig, step: Step, one: RetryingAccountHolder) -> bool:
    (row,) = await rig.rows(HAS, one.address)
    return bool(row["sessions"] == step.sessions)


async def _go_through(rig: FaultRig, step: Step, one: RetryingAccountHolder, given: Fields) -> None:
    """Press until accepted; check the next page and the account."""
    answer = await one.press(step.action, given)
    if step.proves and answer.location.partition("?")[0] == "/connexion":
        # The event of the change came before the second press, and ends the sessions it finds.
        await one.sign_in(step.proves)
    else:
        assert answer.location == step.leads, (step.action, answer.location)
    page = await one.open(step.leads)
    assert page.path == step.leads, (step.action, page.path, page.text[:400])
    (row,) = await rig.rows(HAS, one.address)
    assert (row["phones"], row["sessions"]) == (step.phones, step.sessions), step.action


async def _begin_enrolment(one: RetryingAccountHolder) -> None:
    """Reload the page until it is served; its key stays the same and is the valid one."""
    given = await one.scan()
    key = one.shown.key
    again = await one.scan()
    assert one.shown.key == key
    answer = await one.press("/connexion/telephone", given | {"code": again["code"]})
    assert answer.location == "/connexion/codes-de-secours"


@pytest.mark.parametrize("target", ["mfa", "registration", "gateway"])
async def test_b_08_everybody_continues_at_the_same_step(ready_rig: FaultRig, target: str) -> None:
    """B-08: no code is asked twice; one phone, one session per press, one mail per event."""
    rig = ready_rig
    for moment in MOMENTS:
        people = [(step, rig.account_holder()) for step in STEPS]
        beginner = rig.account_holder()
        await beginner.press("/connexion", await _password(beginner))
        forms = await asyncio.gather(*(step.prepare(one) for step, one in people))
        forms = [_typed_now(*each, given) for each, given in zip(people, forms, strict=True)]
        if moment is None:
            rig.supervisor.pause(target)
        pressing = [
            asyncio.create_task(_go_through(rig, step, one, given))
            for (step, one), given in zip(people, forms, strict=True)
        ]
        pressing.append(asyncio.create_task(_begin_enrolment(beginner)))
        await asyncio.sleep(0.05 if moment is None else moment)
        await rig.kill(target)
        await asyncio.gather(*pressing)
        await rig.supervisor.ready()
        await rig.queues_empty()
        for step, one in people:
            subjects = one.subjects()
            assert set(subjects.values()) == {1}, (step.action, subjects)


async def test_b_08_a_gateway_killed_between_the_session_and_its_answer(
    ready_rig: FaultRig,
) -> None:
    """The session is stored but its answer was lost: the same press returns it, without a second
    code.
    """
    rig = ready_rig
    people = [(step, rig.account_holder()) for step in STEPS if step.action in PROMOTES]
    forms = await asyncio.gather(*(step.prepare(one) for step, one in people))
    forms = [_typed_now(*each, given) for each, given in zip(people, forms, strict=True)]
    unanswered = [
        asyncio.create_task(one.press_unanswered(step.action, given))
        for (step, one), given in zip(people, forms, strict=True)
    ]
    for step, one in people:
        opened = partial(_opened, rig, step, one)
        await eventually(opened, 60, every=0.01, why="the session is written")
    await rig.kill("gateway")
    await asyncio.gather(*unanswered)
    for (step, one), given in zip(people, forms, strict=True):
        await _go_through(rig, step, one, given)
    await rig.queues_empty()
