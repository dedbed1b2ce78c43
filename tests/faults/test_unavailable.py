"""Outages of the broker, the mail server and the database are shown, and no input is lost.

Of the broker and of the database there is one outage each, for everybody who is at the portal: it
takes seconds to start one again.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable

import pytest

from tests.support import eventually
from tests.support.actors.http_browser import HttpResponse
from tests.support.actors.retrying_account_holder import RetryingAccountHolder
from tests.support.actors.retrying_registrant import (
    RetryingRegistrant,
    code_in,
    form_of,
    messages_to,
)
from tests.support.servers.fault_rig import FaultRig
from tests.support.servers.portal import PASSWORD

pytestmark = [
    pytest.mark.faults,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="package"),
]

UNAVAILABLE = "Ce service ne répond pas"
INPUT_STAYS = "votre saisie est encore sur cette page, sauf le mot de passe"
READABLE = ("/aide", "/aide/nouveau-telephone", "/conditions", "/connexion", "/telephone-perdu")

Fields = dict[str, str]
#: People at the portal. They stop before the outage, during it, and before they count their mails.
Scenario = Callable[[FaultRig], AsyncIterator[None]]


async def _message(rig: FaultRig, person: RetryingRegistrant, number: int = 1) -> str:
    """The code of the latest message to a person, once there are `number` of messages."""
    found = await eventually(
        lambda: len(mails := messages_to(rig.smtp, person.address)) >= number and mails,
        60,
        why=f"message {number} to {person.address}",
    )
    assert not isinstance(found, bool)
    return code_in(found[-1])


async def _at_the_terms(rig: FaultRig) -> tuple[RetryingRegistrant, HttpResponse]:
    person = rig.registrant()
    await person.ask()
    page = await person.open("/inscription/validation")
    code = await _message(rig, person)
    form = page.form("/inscription/validation") | {"code": code}
    await person.press("/inscription/validation", form)
    return person, await person.open("/inscription/conditions")


def _typed(page: HttpResponse, address: str) -> None:
    """A 503 that returns the input, without the password."""
    assert page.status == 503
    assert INPUT_STAYS in page.text
    returned = page.form("/inscription")
    assert (returned["first_name"], returned["last_name"]) == ("Pierre", "Durand")
    assert (returned["address"], returned["password"]) == (address, "")
    assert PASSWORD not in page.html


async def _signing_in(
    rig: FaultRig,
) -> tuple[RetryingAccountHolder, Fields, RetryingAccountHolder, Fields]:
    """One person at the password, and one at the code."""
    first, second = rig.account_holder(), rig.account_holder()
    await asyncio.gather(first.settle(), second.settle())
    first.another_browser()
    second.another_browser()
    password = await first.fields("/connexion", address=first.address, password=PASSWORD)
    page = await second.give_password()
    return first, password, second, page.form("/connexion/code") | {"code": second.shown.code(1)}


async def _refused(one: RetryingAccountHolder, action: str, given: Fields) -> HttpResponse:
    """Pressed during an outage: 503, with a text and when to try again."""
    answer = await one.browser.send_form(action, given, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status == 503, answer.text
    assert UNAVAILABLE in answer.text
    assert answer.headers["Retry-After"] == "30"
    assert PASSWORD not in answer.html
    return answer


async def _signs_in(rig: FaultRig) -> AsyncIterator[None]:
    """The address is returned, nothing is counted, the same press works afterwards; help stays
    available.
    """
    first, password, second, code = await _signing_in(rig)
    yield

    form, _ = await asyncio.gather(
        _refused(first, "/connexion", password),
        _refused(second, "/connexion/code", code),
    )
    returned = form.form("/connexion")
    assert (returned["address"], returned["password"]) == (first.address, "")
    assert returned["key"] == password["key"]
    for path in READABLE:
        assert (await first.browser.get(path)).status == 200, path
    yield

    if code["code"] not in {second.shown.code(steps) for steps in (0, 1)}:
        code |= {"code": second.shown.code(1)}  # a busy machine took its time
    taken, home = await asyncio.gather(
        first.press("/connexion", returned | {"password": PASSWORD}),
        second.press("/connexion/code", code),
    )
    assert taken.location == "/connexion/code"
    # A service that has just restarted may be too slow to report whether the information is
    # validated: the home page then shows what is left to do.
    assert home.location in ("/informations", "/accueil")
    page = await first.open("/connexion/code")
    await first.press("/connexion/code", page.form(page.path) | {"code": first.shown.code(1)})
    assert (await first.open("/accueil")).path == "/accueil"
    yield

    for one in (first, second):
        assert set(one.subjects().values()) == {1}, one.subjects()


async def _accepts_terms(rig: FaultRig) -> AsyncIterator[None]:
    """Read when pressed, processed once the broker is back; the mail is sent then."""
    person, terms = await _at_the_terms(rig)
    registrant = rig.registrant()
    form = await registrant.open("/inscription")
    fields = terms.form("/inscription/conditions") | {"accept": "1"}
    yield

    answers = await asyncio.gather(
        person.browser.post(terms, "/inscription/conditions", fields),
        registrant.browser.post(form, "/inscription", form_of(registrant.address)),
    )
    assert answers[0].status == 503
    assert UNAVAILABLE in answers[0].text
    assert answers[0].headers["Retry-After"] == "30"
    _typed(answers[1], registrant.address)
    assert (await person.browser.get("/aide")).status == 200
    yield

    again = answers[1].form("/inscription")
    assert again["key"] == form.form("/inscription")["key"]
    # The same forms, sent again, are processed once.
    await asyncio.gather(
        person.accept(fields),
        registrant.press("/inscription", again | {"password": PASSWORD}),
    )
    await eventually(lambda: len(messages_to(rig.smtp, person.address)) == 2, 60)
    await _message(rig, registrant)
    yield

    assert len(messages_to(rig.smtp, person.address)) == 2
    assert len(messages_to(rig.smtp, registrant.address)) == 1


async def _requests_an_account(rig: FaultRig) -> AsyncIterator[None]:
    """503 with the input, without passwords."""
    waiting, registrant = rig.registrant(), rig.registrant()
    await waiting.ask()
    await registrant.open("/conditions")
    form = await registrant.open("/inscription")
    yield

    page = await registrant.browser.post(form, "/inscription", form_of(registrant.address))
    _typed(page, registrant.address)
    bound = await waiting.browser.get("/inscription/validation")
    assert (bound.status, bound.headers["Retry-After"]) == (503, "30")
    assert UNAVAILABLE in bound.text
    for path in ("/aide", "/mentions-legales", "/conditions", "/connexion"):
        assert (await registrant.browser.get(path)).status == 200, path
    yield

    await registrant.press("/inscription", page.form("/inscription") | {"password": PASSWORD})
    await _message(rig, registrant)
    await _message(rig, waiting)
    await waiting.finish(messages_to(rig.smtp, waiting.address)[0])
    yield

    assert len(messages_to(rig.smtp, registrant.address)) == 1


@pytest.mark.parametrize(
    ("target", "scenarios"),
    [
        pytest.param("broker", (_signs_in, _accepts_terms), id="broker"),
        pytest.param("database", (_signs_in, _requests_an_account), id="database"),
    ],
)
async def test_b_08_mq_06_g_40_forms_and_signing_in_work_after_an_outage(
    ready_rig: FaultRig, target: str, scenarios: tuple[Scenario, ...]
) -> None:
    """What is pressed during an outage is refused with its input, and processed once after it."""
    rig = ready_rig
    running = [scenario(rig) for scenario in scenarios]

    async def next_step(scenario: AsyncIterator[None]) -> None:
        await anext(scenario)

    async def go_on() -> None:
        async with asyncio.TaskGroup() as together:
            for scenario in running:
                together.create_task(next_step(scenario))

    server = rig.servers.rabbit if target == "broker" else rig.servers.postgres
    await go_on()
    server.kill()
    try:
        await go_on()
    finally:
        server.start()
    await rig.back(target)
    await go_on()
    await rig.queues_empty()
    for one in running:
        assert await anext(one, "at its end") == "at its end"


async def test_em_11_an_outage_of_the_mail_server_is_shown_and_the_message_is_sent_later(
    ready_rig: FaultRig,
) -> None:
    """B-01: « mise en attente » on the page, then « remis » without another press."""
    rig = ready_rig
    await rig.smtp.stop()
    try:
        person = rig.registrant()
        await person.ask()

        async def state() -> str:
            answer = await person.open("/inscription/validation/etat")
            return str(json.loads(answer.body)["state"])

        async def deferred() -> bool:
            return await state() == "deferred"

        await eventually(deferred, 60, every=0.1, why="the page shows that the message waits")
        page = await person.open("/inscription/validation")
        alert = page.soup.find(id="message")
        assert alert is not None
        assert alert["data-state"] == "deferred"
        assert "nouvel essai" in alert.get_text()
    finally:
        await rig.smtp.start()

    async def accepted() -> bool:
        return await state() == "accepted"

    await eventually(accepted, 60, every=0.1, why="the message was taken")
    assert len(messages_to(rig.smtp, person.address)) == 1
    await person.finish(messages_to(rig.smtp, person.address)[0])


async def test_g_24_the_lock_of_codes_survives_a_restart(ready_rig: FaultRig) -> None:
    """AU-02, AU-03: after five wrong codes a killed service has lost none of them."""
    rig = ready_rig
    one = rig.account_holder()
    await one.settle()
    one.another_browser()
    page = await one.give_password()
    for _ in range(5):
        locked = time.monotonic()
        page = await one.browser.post(page, "/connexion/code", {"code": one.shown.wrong()})
    assert (page.status, page.headers["Retry-After"]) == (429, "90"), page.text
    await rig.kill("mfa")
    await rig.supervisor.ready()
    page = await one.browser.post(page, "/connexion/code", {"code": one.shown.code(1)})
    assert page.status == 429, page.text
    # Neither shortened nor restarted by the kill, however long the restart took.
    assert 90 - (time.monotonic() - locked) - 1 <= int(page.headers["Retry-After"]) <= 90
    assert "Trop de codes refusés" in page.text
