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


RIGHTS: tuple[Journey, ...] = (moved, contacted_support)
