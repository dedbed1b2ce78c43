"""Input to the complementary information that no page offers."""

import asyncpg
import msgspec
import pytest

from shared.contracts.registration.requests import DescribeTerms
from shared.contracts.registration.views import TermsView
from tests.integration.gateway.test_information import HERE, SAVE, arrived, value
from tests.support.actors.account_holder import PHARMACY
from tests.support.actors.http_browser import HttpResponse
from tests.support.intercept import Send, intercept
from tests.support.servers.portal import Portal

pytestmark = pytest.mark.asyncio(loop_scope="package")


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("position", "president"),
        ("establishment_type", "x"),
        ("country", "ZZ"),
        ("action", "delete"),
        ("role", "agent"),
    ],
)
async def test_si_15_az_03_input_that_no_page_offers_is_refused(
    portal: Portal, address: str, name: str, given: str
) -> None:
    """400, and nothing is stored."""
    person, page = await arrived(portal, address)
    answer = await person.browser.post(page, HERE, {**SAVE, "city": "Lyon", name: given})
    assert answer.status == 400
    fields = {**page.form(HERE), **SAVE}
    twice = await person.browser.send_form(HERE, [*fields.items(), ("city", "a"), ("city", "b")])
    assert twice.status == 400
    assert value(await person.browser.get(HERE), "city") == ""


async def test_in_03_input_is_shown_as_text(portal: Portal, address: str) -> None:
    person, page = await arrived(portal, address)
    evil = '"><script>alert(1)</script>{{7*7}}'
    saved = await person.browser.post(page, HERE, {**SAVE, "company_name": evil})
    assert value(saved, "company_name") == evil
    assert "<script>alert" not in saved.html


async def test_in_09_input_that_cannot_be_stored_is_refused(portal: Portal, address: str) -> None:
    person, page = await arrived(portal, address)
    refused = await person.browser.post(page, HERE, {**SAVE, "city": "Ly\u0000on", "address": "a"})
    assert refused.refused
    assert "Le brouillon n'est pas enregistré" in refused.text
    assert "qui n'est pas accepté" in refused.text
    assert value(refused, "address") == "a"
    assert value(await person.browser.get(HERE), "address") == ""


async def test_b_07_a_siret_is_validated_while_typing(portal: Portal, address: str) -> None:
    """SI-01, SI-03, AU-17: in the visitor's language, for those who are signed in, and counted."""
    person, page = await arrived(portal, address)
    csrf = page.form(HERE)["csrf"]

    async def ask(siret: str, token: str = csrf) -> HttpResponse:
        headers = {"X-Impex-Csrf": token, "Content-Type": "application/json"}
        return await person.browser.send(
            "POST", f"{HERE}/etablissement", json={"siret": siret}, headers=headers
        )

    right, wrong = await ask("732 829 320 00074"), await ask("00000000000000")
    assert '"state": "off"' in right.html
    assert "Num\\u00e9ro exact." in right.html
    assert '"state": "invalid"' in wrong.html
    assert "est inexact" in wrong.html
    assert (await ask("1", "x" * 43)).status == 403
    stranger = portal.browser()
    page = await stranger.get("/connexion")
    headers = {"X-Impex-Csrf": page.form("/connexion")["csrf"], "Content-Type": "application/json"}
    answer = await stranger.send(
        "POST", f"{HERE}/etablissement", json={"siret": "1"}, headers=headers
    )
    assert (answer.status, answer.location) == (303, "/connexion?suite=informations")


async def test_g_13_the_accepted_version_is_the_one_that_the_page_showed(
    portal: Portal, address: str
) -> None:
    """RE-13: it is in the page's signed mark; a forged one saves nothing."""
    person, page = await arrived(portal, address)
    _, theirs = await arrived(portal, f"o{address}")
    for mark in ("", "t1.x", value(theirs, "mark")):
        sent = await person.browser.post(page, HERE, {**SAVE, "city": "Lyon", "mark": mark})
        assert sent.status == 400
    assert value(await person.browser.get(HERE), "city") == ""
    await person.browser.post(page, HERE, {**SAVE, **PHARMACY})
    terms = await person.browser.get("/conditions")
    connection = await asyncpg.connect(portal.system.database.admin_url)
    try:
        version = await connection.fetchval(
            "select terms_version from profile.profiles where account_id = $1",
            await person.account_id(),
        )
    finally:
        await connection.close()
    assert version
    assert f"version {version}" in terms.text


async def test_g_13_changed_terms_must_be_accepted_again(
    portal: Portal, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Saved as a draft, or when the session ended: nobody accepts terms that were not shown."""
    person, page = await arrived(portal, address)
    version = ""

    async def terms(_: DescribeTerms, send: Send) -> TermsView:
        return msgspec.structs.replace(await send(), version=version)

    intercept(monkeypatch, DescribeTerms, terms)
    for version, saved in (("2030.1", True), ("2030.2", False)):
        page = await person.browser.get(HERE)
        if not saved:
            portal.clock.advance(minutes=31)
        await person.browser.post(page, HERE, {**SAVE, **PHARMACY})
        if not saved:
            await person.sign_in()
        assert (await person.browser.get(HERE)).soup.select_one("#terms[checked]")
        version += ".1"
        changed = await person.browser.get(f"{HERE}?valider=1")
        assert not changed.soup.select_one("#terms[checked], #validation")
        assert "Les CGU ont changé le" in changed.text
        assert value(changed, "company_name") == PHARMACY["company_name"]
    none = await person.browser.post(changed, HERE, {"action": "validate"})
    assert "Cochez la case" in none.text


async def test_au_13_a_confirmation_before_anything_was_saved_leads_to_the_form(
    portal: Portal, address: str
) -> None:
    """G-34: steps out of order, and invalid versions."""
    person, page = await arrived(portal, address)
    given = {name: page.form(HERE)[name] for name in ("csrf", "key")}
    for version, status in (("1", 303), ("x", 400), ("", 400), ("9" * 30, 400), ("²", 400)):
        answer = await person.browser.send_form(f"{HERE}/validation", {**given, "version": version})
        assert answer.status == status, version
    assert (await person.browser.get(f"{HERE}?valider=1")).soup.select("#validation") == []
    await person.browser.post(page, HERE, {**SAVE, "city": "Lyon"})
    not_ready = await person.browser.send_form(f"{HERE}/validation", {**given, "version": "1"})
    assert not_ready.location == f"{HERE}?verifier=1"
    not_ready = await person.browser.get(not_ready.location)
    assert "Saisissez la raison sociale" in not_ready.text
