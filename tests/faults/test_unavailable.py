"""Outages of the broker, the mail server and the database are shown, and no input is lost."""

import asyncio
import json

import pytest

from tests.support import eventually
from tests.support.actors.http_browser import HttpResponse
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


async def test_mq_06_terms_accepted_while_the_broker_is_unavailable(ready_rig: FaultRig) -> None:
    """Read when pressed, processed once the broker is back; the mail is sent then."""
    rig = ready_rig
    person, terms = await _at_the_terms(rig)
    registrant = rig.registrant()
    form = await registrant.open("/inscription")
    rig.servers.rabbit.kill()
    fields = terms.form("/inscription/conditions") | {"accept": "1"}
    answers = await asyncio.gather(
        person.browser.post(terms, "/inscription/conditions", fields),
        registrant.browser.post(form, "/inscription", form_of(registrant.address)),
    )
    assert answers[0].status == 503
    assert UNAVAILABLE in answers[0].text
    assert answers[0].headers["Retry-After"] == "30"
    _typed(answers[1], registrant.address)
    assert (await person.browser.get("/aide")).status == 200

    rig.servers.rabbit.start()
    await rig.back("broker")
    again = answers[1].form("/inscription")
    assert again["key"] == form.form("/inscription")["key"]
    # The same forms, sent again, are processed once.
    await asyncio.gather(
        person.press("/inscription/conditions", fields),
        registrant.press("/inscription", again | {"password": PASSWORD}),
    )
    page = await person.open("/inscription/creation")
    assert "Votre compte existe" in page.text
    await eventually(lambda: len(messages_to(rig.smtp, person.address)) == 2, 60)
    await _message(rig, registrant)
    await rig.queues_empty()
    assert len(messages_to(rig.smtp, person.address)) == 2
    assert len(messages_to(rig.smtp, registrant.address)) == 1


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


async def test_a_database_outage_returns_the_form_which_can_be_sent_again(
    ready_rig: FaultRig,
) -> None:
    """503 with the input, without passwords."""
    rig = ready_rig
    waiting, registrant = rig.registrant(), rig.registrant()
    await waiting.ask()
    await registrant.open("/conditions")
    form = await registrant.open("/inscription")
    rig.servers.postgres.kill()
    try:
        page = await registrant.browser.post(form, "/inscription", form_of(registrant.address))
        _typed(page, registrant.address)
        bound = await waiting.browser.get("/inscription/validation")
        assert (bound.status, bound.headers["Retry-After"]) == (503, "30")
        assert UNAVAILABLE in bound.text
        for path in ("/aide", "/mentions-legales", "/conditions", "/connexion"):
            assert (await registrant.browser.get(path)).status == 200, path
    finally:
        rig.servers.postgres.start()
    await rig.back("database")
    await registrant.press("/inscription", page.form("/inscription") | {"password": PASSWORD})
    await _message(rig, registrant)
    await _message(rig, waiting)
    await waiting.finish(messages_to(rig.smtp, waiting.address)[0])
    await rig.queues_empty()
    assert len(messages_to(rig.smtp, registrant.address)) == 1
