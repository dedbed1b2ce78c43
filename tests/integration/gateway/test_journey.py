"""The way from the form to the account, as a browser without scripts goes it."""

from __future__ import annotations

from tests.integration.gateway.conftest import Portal


async def test_g_10_to_g_14_an_account_by_code(portal: Portal) -> None:
    browser = portal.browser()
    page = await portal.asked(browser, "pierre@pharmacie.example.fr")
    assert (page.status, page.path) == (200, "/inscription/validation")
    assert "courriers indésirables" in page.text
    letter = await portal.letters.to("pierre@pharmacie.example.fr")
    page = await browser.post(page, "/inscription/validation", {"code": letter.code})
    assert page.path == "/inscription/adresse-validee"
    assert "votre demande de création de compte a été vérifiée" in page.text
    page = await browser.get("/inscription/conditions")
    assert "J'accepte" in page.text
    page = await browser.post(page, "/inscription/conditions", {"accept": "1"})
    assert page.path == "/inscription/creation"
    assert "Votre compte existe." in page.text
