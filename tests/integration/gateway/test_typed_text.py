"""Input posted after the session's end is saved through the sign-in, for its holder (SE-04)."""

import json

import asyncpg
import pytest

from shared.domain.typed_text import max_typed_length
from tests.integration.gateway.test_failures import no_database
from tests.support import eventually
from tests.support.actors.account_holder import AccountHolder, new_address
from tests.support.actors.http_browser import HttpResponse
from tests.support.servers.portal import Portal

pytestmark = pytest.mark.asyncio(loop_scope="package")

HERE = "/informations"
TYPED = {"action": "save", "company_name": "Pharmacie des Glycines", "phone": "3615", "terms": "1"}


async def arrived(portal: Portal) -> tuple[AccountHolder, HttpResponse]:
    """A new user at the form."""
    person = AccountHolder(portal, new_address())
    _, page = await person.arrive()
    return person, page


async def rows(portal: Portal) -> str:
    """All saved input, as in a dump of the table."""
    connection = await asyncpg.connect(portal.system.database.admin_url)
    try:
        found = await connection.fetch("select * from gateway.saved_forms")
        return json.dumps([dict(row) for row in found], default=str)
    finally:
        await connection.close()


async def test_se_04_input_survives_an_expired_session(portal: Portal) -> None:
    """Posted after the end: back on this page after both factors, shown and not yet stored."""
    person, page = await arrived(portal)
    portal.clock.advance(minutes=31)
    closed = await person.browser.post(page, HERE, TYPED)
    assert closed.path == "/connexion"
    assert "Connectez-vous pour revenir à cette page, saisie comprise." in closed.text
    assert closed.form("/connexion")["next"] == "informations"
    stored = await rows(portal)
    assert "Glycines" not in stored, "sealed (B-04)"
    given = {"address": person.address, "password": person.password}
    page = await person.give_code(await person.browser.post(closed, "/connexion", given))
    assert page.path == HERE
    assert "ce n'est pas encore enregistré" in page.text
    assert page.form(HERE)["company_name"] == "Pharmacie des Glycines"
    assert page.form(HERE)["phone"] == "3615"
    assert page.soup.select_one("#terms[checked]")
    again = await person.browser.get(HERE)
    assert again.form(HERE)["company_name"] == "Pharmacie des Glycines", "until it is saved"
    await person.browser.post(again, HERE, {**TYPED, "company_name": "Autre"})
    assert (await person.browser.get(HERE)).form(HERE)["company_name"] == "Autre"
    assert await person.account_id() not in await rows(portal)


@pytest.mark.parametrize("filler", ["x", "\u0315\u0316"])
async def test_wf_11_s_03_oversized_input_is_saved_cut(portal: Portal, filler: str) -> None:
    """After sign-in the form shows as much of it as the field reads, to be put right."""
    person, page = await arrived(portal)
    portal.clock.advance(minutes=31)
    typed = {**TYPED, "address": (filler * 5_000)[:9_000]}
    closed = await person.browser.post(page, HERE, typed)
    assert (closed.status, closed.path) == (200, "/connexion")
    page = await person.sign_in(person.browser)
    shown = page.form(HERE)["address"]
    assert typed["address"].startswith(shown)
    assert len(shown) == max_typed_length("address")
    saved = await person.browser.post(page, HERE, {**TYPED, "address": shown})
    assert saved.refused
    assert saved.form(HERE)["company_name"] == TYPED["company_name"]


async def test_se_04_a_sign_out_in_another_tab_loses_nothing(portal: Portal) -> None:
    person, page = await arrived(portal)
    await person.browser.post(await person.browser.get("/accueil"), "/deconnexion")
    closed = await person.browser.post(page, HERE, TYPED)
    assert closed.path == "/connexion"
    assert "saisie comprise" in closed.text
    page = await person.sign_in()
    assert page.form(HERE)["company_name"] == "Pharmacie des Glycines"


async def test_se_04_saved_input_is_shown_to_its_holder_only(portal: Portal) -> None:
    """Another person signs in with the same browser: before it is sent, and after."""
    mine, page = await arrived(portal)
    theirs, _ = await arrived(portal)
    browser = mine.browser
    await browser.post(await browser.get("/accueil"), "/deconnexion")
    await browser.post(page, HERE, TYPED)
    assert "Glycines" not in (await theirs.sign_in(browser)).html
    assert "Glycines" not in (await browser.get(HERE)).html
    sent = await browser.post(page, HERE, {**TYPED, "company_name": "Pharmacie des Mimosas"})
    assert sent.path == HERE
    assert "dans la session d'un autre compte" in sent.text
    assert "Mimosas" not in sent.html
    assert "Mimosas" not in (await browser.get(HERE)).html
    await browser.post(await browser.get("/accueil"), "/deconnexion")
    shown = await mine.sign_in(browser)
    assert shown.form(HERE)["company_name"] == "Pharmacie des Mimosas", "the last, for its holder"


async def test_se_04_p_05_a_form_from_before_another_sign_in_is_still_valid(
    portal: Portal,
) -> None:
    """The same person in the same browser, another session."""
    person, page = await arrived(portal)
    await person.browser.post(await person.browser.get("/accueil"), "/deconnexion")
    await person.sign_in()
    saved = await person.browser.post(page, HERE, TYPED)
    assert saved.refused, "saved, the telephone being wrong"
    assert (await person.browser.get(HERE)).form(HERE)["phone"] == "3615"


async def test_se_01_an_invented_or_old_mark_keeps_nothing(portal: Portal) -> None:
    person, page = await arrived(portal)
    account = await person.account_id()
    stranger = portal.browser()
    for mark in ("", "x", f"t1.{account}", "t1." + "A" * 200):
        sent = await stranger.send_form(HERE, {**page.form(HERE), **TYPED, "mark": mark})
        assert sent.location == "/connexion?suite=informations"
    portal.clock.advance(hours=25)
    await stranger.send_form(HERE, {**page.form(HERE), **TYPED})
    assert account not in await rows(portal)


async def test_b_08_a_database_outage_returns_the_form(portal: Portal) -> None:
    person, page = await arrived(portal)
    async with no_database(portal):
        answer = await person.browser.post(page, HERE, TYPED)
        assert answer.status == 503
        assert answer.form(HERE)["company_name"] == "Pharmacie des Glycines"
        assert person.address not in answer.html

    async def back() -> bool:
        return (await person.browser.send("GET", HERE)).status == 200

    await eventually(back, 60)
    again = await person.browser.post(answer, HERE, TYPED)
    assert again.form(HERE)["company_name"] == "Pharmacie des Glycines"
