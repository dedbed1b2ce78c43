"""Change of address, data export, corrections and departures (B-11, B-14, G-36), by a browser."""

import asyncio
import json
import re
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from shared.contracts.base import Sealed
from shared.contracts.gateway import CorrectionRequested, DepartureReported
from shared.contracts.registration.events import AddressChangeRequested
from shared.i18n.dates import format_day
from shared.security.seal_keys import SealRing
from shared.security.sealing import Opener, seal_context
from tests.support import eventually
from tests.support.actors.account_holder import AccountHolder, new_address
from tests.support.actors.http_browser import HttpResponse
from tests.support.mail.sent_mails import PublishedEvent
from tests.support.servers.portal import Portal
from tests.support.servers.system import keys

pytestmark = pytest.mark.asyncio(loop_scope="package")

FORM, PROOF = "/compte/adresse", "/compte/adresse/validation"
NUMBER = re.compile(r"(?:COR|DEP)-[A-Z2-7]{5}-[A-Z2-7]{5}")


async def settled(portal: Portal, address: str) -> AccountHolder:
    person = AccountHolder(portal, address)
    await person.settle()
    return person


async def request_change(person: AccountHolder, new: str, **given: str) -> HttpResponse:
    """« Recevoir le code », with the right password and code unless given others."""
    assert person.phone is not None
    person.portal.clock.advance(seconds=30)
    page = await person.browser.get(FORM)
    values = {"address": new, "password": person.password, "code": person.phone.code(), **given}
    return await person.browser.post(page, FORM, values)


async def mailed(person: AccountHolder, number: int = 1) -> str:
    """The code that went to the new address."""
    kind = AddressChangeRequested
    event = await person.portal.sent_mails.event(kind.__name__, await person.account_id(), number)
    sealed = msgspec.convert(event.data["code"], Sealed)
    return person.portal.sent_mails.opener.open(sealed, seal_context(kind, "code"))


def for_desk(portal: Portal, kind: Any, field: str, data: dict[str, Any]) -> str:
    """What was sealed for support."""
    ring = SealRing.parse(keys()["IMPEX_SEAL_KEYS_SUPPORT"])
    sealed = msgspec.convert(data[field], Sealed)
    return Opener("support", ring).open(sealed, seal_context(kind, field))


async def test_b_14_the_verified_address_signs_in_and_other_sessions_end_first(
    portal: Portal, address: str
) -> None:
    person, new = await settled(portal, address), new_address()
    other = portal.browser()
    await person.sign_in(other)
    page = await request_change(person, new)
    assert (page.path, new in page.text) == (PROOF, True)
    pending = await person.browser.get(FORM)
    assert "Un code a été envoyé à" in pending.text
    code, token = await mailed(person), person.browser.cookies["impex-session"]
    bad = await person.browser.post(page, PROOF, {"code": f"{(int(code) + 1) % 10**6:06}"})
    assert bad.refused
    assert "Encore 4 essais" in bad.text
    done = await person.browser.post(bad, PROOF, {"code": code})
    assert done.path == "/compte"
    assert new in done.text
    assert person.browser.cookies["impex-session"] != token
    assert (await other.get("/accueil")).path == "/connexion"
    await portal.sent_mails.event("AddressChanged", await person.account_id())
    closed = await portal.sent_mails.event("SessionClosed", await person.account_id())
    assert closed.data["reason"] == "address_changed"
    assert (await person.browser.get("/compte")).path == "/compte"
    assert (await person.give_password(browser=portal.browser())).refused
    person.address = new
    assert (await person.sign_in(portal.browser())).path == "/accueil"


async def test_b_14_a_code_is_consumed_only_by_a_valid_form(portal: Portal, address: str) -> None:
    person = await settled(portal, address)
    assert person.phone is not None
    for new, more, field in (
        ("pas une adresse", {}, "address"),
        (address, {}, "address"),
        (new_address(), {"password": "Wr0ng-pass"}, "password"),
        (f"{person.password[:4]}.x@pharmacie.example.fr", {}, "password"),
    ):
        page = await request_change(person, new, **more)
        assert page.refused, new
        assert page.soup.select_one(f"#{field}-messages .fr-message--error"), (new, page.text)
        assert page.form(FORM)["address"] == new
    typo = await request_change(person, "marie@gmial.com")
    assert "Vouliez-vous écrire marie@gmail.com ?" in typo.text
    code = person.phone.code()
    # T-05: the password is kept; a code is valid once, and is typed again.
    values = {"password": "", "code": code, "address": "marie@gmial.com"}
    confirmed = typo.form(FORM) | {"address_choice": "keep"}
    assert (await person.browser.post(typo, FORM, confirmed | values)).path == PROOF
    # Not after another half minute: the code would be near the end of its window.
    page = await person.browser.get(FORM)
    again = {"address": new_address(), "password": person.password, "code": code}
    refused = await person.browser.post(page, FORM, again)
    assert refused.refused
    assert "Ce code vient de servir" in refused.text


async def test_b_03_an_address_that_has_an_account_sees_the_same_pages(
    portal: Portal, address: str
) -> None:
    holder, person = await settled(portal, address), await settled(portal, new_address())
    page, other = (
        await request_change(person, holder.address),
        await request_change(person, new_address()),
    )
    assert page.path == other.path == PROOF
    notified = await portal.sent_mails.event("KnownAddressRequested", await holder.account_id())
    assert notified.data["address"] == holder.address
    bare = [re.sub(r"\S+@\S+|\d\d:\d\d", "", one.text) for one in (page, other)]
    assert bare[0] == bare[1]


async def test_b_14_a_change_is_cancelled_or_its_code_sent_again(
    portal: Portal, address: str
) -> None:
    person = await settled(portal, address)
    page = await request_change(person, new_address())
    soon = await person.browser.post(page, f"{PROOF}/renvoi", {})
    assert soon.status == 429
    portal.clock.advance(seconds=61)
    again = await person.browser.post(soon, f"{PROOF}/renvoi", {})
    assert "Un nouveau code vient de partir" in again.text
    reminder = "Un code a été envoyé à"
    assert reminder in (await person.browser.get("/compte")).text
    cancelled = await person.browser.post(again, "/compte/adresse/abandon", {})
    assert cancelled.path == "/compte"
    assert "Changement abandonné" in cancelled.text
    assert reminder not in cancelled.text
    late = await person.browser.post(again, PROOF, {"code": await mailed(person, 2)})
    assert late.path == FORM
    assert "Aucun changement d'adresse n'est en cours" in late.text
    assert (await person.browser.get(PROOF)).path == FORM


async def test_b_14_a_double_click_on_the_right_code_is_one_change(
    portal: Portal, address: str
) -> None:
    person, new = await settled(portal, address), new_address()
    page = await request_change(person, new)
    code = await mailed(person)
    answers = await asyncio.gather(
        *(person.browser.post(page, PROOF, {"code": code}) for _ in range(2))
    )
    assert {one.path for one in answers} == {"/compte"}, [one.text[:300] for one in answers]
    account_id = await person.account_id()
    changed = await portal.sent_mails.event("AddressChanged", account_id)
    assert changed.data["address"] == new
    assert portal.sent_mails.of("AddressChanged", account_id) == [changed]


async def test_b_11_the_data_export_as_a_page_and_as_a_file(portal: Portal, address: str) -> None:
    person, other = await settled(portal, address), await settled(portal, new_address())
    page = await person.browser.get("/compte/mes-donnees")
    assert page.h1 == "Mes données"
    for heading in ("Conditions d'utilisation acceptées", "Téléphone enrôlé", "Sessions ouvertes"):
        assert heading in page.text, heading
    labels = {one.get_text() for one in page.soup.select(".impex-held dt")}
    assert len(labels) > 25
    assert not any("_" in one or one.islower() for one in labels), labels
    # The mailer does not run in these tests: the page and the file name it as missing.
    assert page.text.count("Cette partie manque") == 1
    answer = await person.browser.send("GET", "/compte/mes-donnees.json")
    assert answer.headers["Cache-Control"] == "no-store"
    assert re.fullmatch(
        r'attachment; filename="impexweb-\d{4}-\d\d-\d\d-incomplet.json"',
        answer.headers["Content-Disposition"],
    )
    document = json.loads(answer.body)
    assert (document["complete"], document["missing"]) == (False, ["mailer"])
    account_id = await person.account_id()
    assert document["services"]["registration"]["account"][0]["account_id"] == account_id
    assert document["services"]["dossiers"] == {"dossiers": []}
    readable = await person.browser.send("GET", "/compte/mes-donnees.html")
    assert re.fullmatch(
        r'attachment; filename="impexweb-\d{4}-\d\d-\d\d-incomplet.html"',
        readable.headers["Content-Disposition"],
    )
    assert "Cette partie manque" in readable.text
    assert not readable.soup.select("link, script, img, [src], a[href^='/']"), "needs a network"
    # What the page shows, in the same words.
    assert {one.get_text() for one in readable.soup.select("dt")} >= labels
    for foreign in (
        other.address,
        await other.account_id(),
        person.browser.cookies["impex-session"],
    ):
        for shown in (answer, readable, page):
            assert foreign not in shown.html
    english = portal.browser("en")
    await person.sign_in(english)
    labels = {one.get_text() for one in (await english.get(page.path)).soup.select("dt")}
    assert {"First name", "Internal identifier"} <= labels


async def test_se_09_the_data_export_needs_a_recent_code(portal: Portal, address: str) -> None:
    person = await settled(portal, address)
    assert person.phone is not None
    portal.clock.advance(minutes=16)
    page = await person.browser.get("/compte/mes-donnees")
    assert address not in page.soup.select_one("main").get_text()  # type: ignore[union-attr]
    answer = await person.browser.send("GET", "/compte/mes-donnees.json")
    assert (answer.status, answer.location) == (303, "/compte/mes-donnees")
    answer = await person.browser.send("GET", "/compte/mes-donnees.html")
    assert (answer.status, answer.location) == (303, "/compte/mes-donnees")
    wrong = await person.browser.post(page, page.path, {"code": person.phone.wrong()})
    assert wrong.refused
    right = await person.browser.post(wrong, page.path, {"code": person.phone.code()})
    assert address in right.soup.select_one("main").get_text()  # type: ignore[union-attr]


async def test_b_11_a_correction_is_requested_once(portal: Portal, address: str) -> None:
    person = await settled(portal, address)
    path = "/compte/correction"
    page = await person.browser.get(path)
    long = await person.browser.post(page, path, {"about": "person", "text": "x" * 1001})
    assert long.refused
    assert "x" * 1001 in long.html
    none = await person.browser.post(long, path, {"about": "agency", "text": " "})
    assert {one["id"] for one in none.soup.select("[aria-invalid]")} == {"about", "text"}
    given = {"about": "establishment", "text": "Rue des Mimosas,\r\nnon <b>Lilas</b>"}
    first = await person.browser.post(none, path, given)
    second = await person.browser.post(none, path, given)
    found = [NUMBER.search(one.text) for one in (first, second)]
    assert found[0] is not None
    assert found[1] is not None
    assert found[0][0] == found[1][0]
    account_id = await person.account_id()
    event = await portal.sent_mails.event("CorrectionRequested", account_id)
    assert (event.data["request_id"], event.data["about"]) == (found[0][0], "establishment")
    text = for_desk(portal, CorrectionRequested, "text", event.data)
    assert text == "Rue des Mimosas,\nnon <b>Lilas</b>"
    for number in range(4):
        page = await person.browser.get(path)
        more = await person.browser.post(page, path, {"about": "other", "text": f"n° {number}"})
        assert more.status == 200
    page = await person.browser.get(path)
    sixth = await person.browser.post(page, path, {"about": "other", "text": "une de trop"})
    assert sixth.status == 429
    assert "une de trop" in sixth.html
    await portal.sent_mails.event("CorrectionRequested", account_id, 5)
    assert len(portal.sent_mails.of("CorrectionRequested", account_id)) == 5


async def test_g_36_a_holder_reports_their_departure(portal: Portal, address: str) -> None:
    person = await settled(portal, address)
    day = (portal.clock() + timedelta(days=30)).date()
    leaving = {"date": f"{day}", "remark": "Mme Fougère reprend", "confirm": "1"}
    page = await person.browser.get("/compte/depart")
    for text in ("désactive le compte", "L'historique est gardé"):
        assert text in page.text
    for given, wrong in (
        ({**leaving, "confirm": ""}, "confirm"),
        ({**leaving, "date": f"31/02/{day:%Y}"}, "date"),
        ({**leaving, "date": "1999-12-31"}, "date"),
        ({**leaving, "date": ""}, "date"),
        ({**leaving, "remark": "a\x00b"}, "remark"),
    ):
        page = await person.browser.post(page, "/compte/depart", given)
        assert page.refused
        assert [one["id"] for one in page.soup.select("[aria-invalid]")] == [wrong]
    done = await person.browser.post(page, "/compte/depart", leaving)
    number = NUMBER.search(done.text)
    assert number is not None
    assert format_day(f"{day}", "fr") in done.text
    event = await portal.sent_mails.event("DepartureReported", await person.account_id())
    assert (event.data["request_id"], event.data["by"]) == (number[0], "holder")
    details = json.loads(for_desk(portal, DepartureReported, "details", event.data))
    assert details == {"date": f"{day}", "remark": "Mme Fougère reprend"}
    held = await person.browser.send("GET", "/compte/mes-donnees.json")
    assert (
        json.loads(held.body)["services"]["gateway"]["support_requests"][0]["number"] == number[0]
    )
    assert "Fougère" not in json.dumps(json.loads(held.body)["services"]["gateway"])


async def test_g_36_a_colleague_reports_a_departure_and_learns_nothing(
    portal: Portal, address: str
) -> None:
    await settled(portal, address)
    path = "/signaler-un-depart"
    answers = []
    for colleague in (address, new_address()):
        browser = portal.browser()
        page = await browser.get(path)
        bad = await browser.post(page, path, {"address": "x", "reporter_name": "Jean Petit"})
        assert bad.refused
        wrong = {one["id"] for one in bad.soup.select("[aria-invalid]")}
        assert wrong == {"address", "establishment", "reporter_address"}
        given = {
            "address": colleague,
            "establishment": "Pharmacie des Lilas",
            "reporter_name": "Jean Petit",
            "reporter_address": "jean@pharmacie.example.fr",
        }
        answers.append(await browser.post(bad, path, given))
    texts = {NUMBER.sub("", one.text) for one in answers}
    assert len(texts) == 1
    assert all(one.status == 200 for one in answers)

    numbers = {NUMBER.search(one.text)[0] for one in answers}  # type: ignore[index]

    def reported() -> list[PublishedEvent]:
        reports = [one for one in portal.sent_mails.published if one.name == "DepartureReported"]
        mine = [one for one in reports if one.data["request_id"] in numbers]
        return mine if len(mine) >= 2 else []

    mine = await eventually(reported, why="both reports are published")
    assert {one.subject for one in mine} == {None}
    details = [json.loads(for_desk(portal, DepartureReported, "details", one.data)) for one in mine]
    assert address in {one["address"] for one in details}
    assert details[0]["reporter_name"] == "Jean Petit"
    assert "pharmacie.example.fr" not in json.dumps([one.data for one in mine])
