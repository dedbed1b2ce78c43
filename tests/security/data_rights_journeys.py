"""Journeys about personal data: change of address, data export, messages to support."""

import json
from datetime import timedelta

from tests.security.journeys import Journey, settled
from tests.security.recording_browser import RecordingPortal
from tests.support.actors.account_holder import new_address


async def moved(portal: RecordingPortal) -> None:
    """A change of address, with a wrong code, cancelled once, and a data export."""
    person = await settled(portal)
    assert person.phone is not None
    form, proof = "/compte/adresse", "/compte/adresse/validation"
    for gives_up in (True, False):
        new = new_address()
        portal.clock.advance(seconds=30)
        page = await person.browser.get(form)
        given = {"address": new, "password": person.password, "code": person.phone.code()}
        page = await person.browser.post(page, form, given)
        assert page.path == proof, page.text
        code = await portal.mailed_code(new)
        wrong = f"{(int(code) + 1) % 1_000_000:06}"
        page = await person.browser.post(page, proof, {"code": wrong})
        if gives_up:
            page = await person.browser.post(page, "/compte/adresse/abandon")
        else:
            page = await person.browser.post(page, proof, {"code": code})
        assert page.path == "/compte", page.text
    await person.browser.get("/compte/mes-donnees")
    answer = await person.browser.send("GET", "/compte/mes-donnees.json")
    assert json.loads(answer.body)["complete"], answer.html[:300]


async def contacted_support(portal: RecordingPortal) -> None:
    """A correction, a departure, and a colleague's, each with a text of its own."""
    person = await settled(portal)
    page = await person.browser.get("/compte/correction")
    given = {"about": "person", "text": "Rue des Mimosas-Jaunes, non Lilas"}
    await person.browser.post(page, "/compte/correction", given)
    page = await person.browser.get("/compte/depart")
    day = (portal.clock() + timedelta(days=9)).date()
    given = {"date": f"{day}", "remark": "Mme Fougerolles-Aubépine reprend", "confirm": "1"}
    await person.browser.post(page, "/compte/depart", given)
    browser = portal.browser()
    page = await browser.get("/signaler-un-depart")
    given = {
        "address": "zulma.partie@officine-coquelicot.fr",
        "establishment": "Officine du Grand Coquelicot",
        "remark": "Partie sans ses dossiers d'Estrémadure",
        "reporter_name": "Balthazar Qernevez",
        "reporter_address": "balthazar@officine-coquelicot.fr",
    }
    await browser.post(page, "/signaler-un-depart", given)
    await portal.sent_mails.event("DepartureReported", await person.account_id())


async def wrote(portal: RecordingPortal) -> None:
    """A message and a dead mailbox, without an account and signed in, each with errors first."""
    person, stranger = await settled(portal), portal.browser()
    for browser in (stranger, person.browser):
        page = await browser.get("/aide/ecrire")
        page = await browser.post(page, "/aide/ecrire", {"text": ""})
        assert page.refused, page.text
        given = {"text": "Le colis de la Saint-Gobain-Épinette est resté au port"}
        if browser is stranger:
            given |= {"name": "Aglaé Zirnheld", "address": "aglae@droguerie-zirnheld.fr"}
        page = await browser.post(page, "/aide/ecrire", given)
        assert "MSG-" in page.text, page.text
    page = await stranger.get("/aide/messagerie")
    given = {
        "account_address": "ancienne@droguerie-zirnheld.fr",
        "name": "Aglaé Zirnheld",
        "address": "nouvelle@droguerie-zirnheld.fr",
        "text": "Boîte fermée par l'hébergeur Octodure-Nuages",
    }
    page = await stranger.post(page, "/aide/messagerie", given)
    assert "BOI-" in page.text, page.text


async def followed(portal: RecordingPortal) -> None:
    """A request seen in the account, with a reply to the desk, then cancelled."""
    person = await settled(portal)
    page = await person.browser.get("/compte/correction")
    given = {"about": "establishment", "text": "La cour des Bergamotes n'existe plus"}
    page = await person.browser.post(page, "/compte/correction", given)
    received = await portal.sent_mails.event("RequestReceived", await person.account_id())
    number = received.data["number"]
    assert number in (await person.browser.get("/compte/demandes")).text
    one = f"/compte/demandes/demande?numero={number}"
    page = await person.browser.get(one)
    reply = {"text": "Voyez plutôt l'impasse des Grenadilles"}
    page = await person.browser.post(page, "/compte/demandes/demande", reply)
    sure = await person.browser.get(f"/compte/demandes/demande/annulation?numero={number}")
    page = await person.browser.post(sure, "/compte/demandes/demande/annulation")
    assert "annulée" in page.text, page.text


async def second_address(portal: RecordingPortal) -> None:
    """A recovery address, with a wrong code first, and its removal."""
    person = await settled(portal)
    assert person.phone is not None
    form, proof = "/compte/adresse-de-secours", "/compte/adresse-de-secours/validation"
    new = new_address()
    portal.clock.advance(seconds=30)
    page = await person.browser.get(form)
    page = await person.browser.post(page, form, {"address": new, "code": person.phone.code()})
    assert page.path == proof, page.text
    code = await portal.mailed_code(new)
    page = await person.browser.post(page, proof, {"code": f"{(int(code) + 1) % 1_000_000:06}"})
    page = await person.browser.post(page, proof, {"code": code})
    assert new in (await person.browser.get(form)).text
    portal.clock.advance(seconds=30)
    page = await person.browser.get(f"{form}/retrait")
    await person.browser.post(page, f"{form}/retrait", {"code": person.phone.code()})
    assert new not in (await person.browser.get(form)).text


RIGHTS: tuple[Journey, ...] = (moved, contacted_support, wrote, followed, second_address)
