"""From the form to the account in a browser without scripts (AX-12)."""

import asyncio

import pytest

from tests.support.actors.http_browser import HttpBrowser, HttpResponse
from tests.support.servers.portal import PASSWORD, Portal

pytestmark = pytest.mark.asyncio(loop_scope="package")


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_g_10_to_g_14_an_account_by_code(portal: Portal, address: str, language: str) -> None:
    browser = portal.browser(language)
    page = await portal.asked(browser, address)
    assert (page.status, page.path) == (200, "/inscription/validation")
    mail = await portal.sent_mails.to(address)
    page = await browser.post(page, "/inscription/validation", {"code": mail.code})
    assert page.path == "/inscription/adresse-validee"
    if language == "fr":
        assert "votre demande de création de compte a été vérifiée" in page.text
    page = await browser.get("/inscription/conditions")
    page = await browser.post(page, "/inscription/conditions", {"accept": "1"})
    assert page.path == "/inscription/creation"
    expected = {"fr": "Votre compte existe", "en": "Your account has been created"}
    assert expected[language] in page.text


async def test_g_11_an_account_by_link(portal: Portal, browser: HttpBrowser, address: str) -> None:
    await portal.asked(browser, address)
    mail = await portal.sent_mails.to(address)
    page = await browser.get(f"/inscription/lien?jeton={mail.token}")
    assert page.status == 200
    page = await browser.post(page, "/inscription/lien")
    assert page.path == "/inscription/adresse-validee"


async def test_b_02_the_link_on_another_device_asks_for_the_password(
    portal: Portal, address: str
) -> None:
    first, second = portal.browser(), portal.browser()
    await portal.asked(first, address)
    mail = await portal.sent_mails.to(address)
    page = await second.get(f"/inscription/lien?jeton={mail.token}")
    assert page.soup.find("input", {"name": "password"})
    refused = await second.post(page, "/inscription/lien", {"password": "Wr0ng-pass"})
    assert refused.refused
    assert "Encore 4 essai" in refused.text
    assert "Wr0ng-pass" not in refused.html
    page = await second.post(refused, "/inscription/lien", {"password": PASSWORD})
    assert page.path == "/inscription/adresse-validee"
    # Both devices are at the same step now.
    assert (await first.get("/inscription/validation")).path == "/inscription/conditions"


async def test_re_04_robots_that_open_or_post_the_link_change_nothing(
    portal: Portal, browser: HttpBrowser, address: str
) -> None:
    await portal.asked(browser, address)
    mail = await portal.sent_mails.to(address)
    path = f"/inscription/lien?jeton={mail.token}"
    robot = portal.browser()
    for method in ("HEAD", *["GET"] * 10):
        assert (await robot.send(method, path)).status == 200
    page = await robot.get(path)
    # A robot that runs scripts, keeps cookies and presses the button has no password.
    pressed = await robot.post(page, "/inscription/lien")
    assert pressed.refused
    bare = portal.browser()
    posted = await bare.send_form("/inscription/lien", page.form("/inscription/lien"))
    assert posted.status == 403
    assert (await browser.get("/inscription")).path == "/inscription/validation"
    page = await browser.get(path)
    page = await browser.post(page, "/inscription/lien")
    assert page.path == "/inscription/adresse-validee"


async def test_a_truncated_link_is_refused_with_its_reason(
    portal: Portal, browser: HttpBrowser
) -> None:
    for query in ("", "?jeton=abc", "?jeton=" + "a" * 42, "?jeton=a&jeton=b"):
        page = await browser.get(f"/inscription/lien{query}")
        assert page.status == 400
        assert "Ce lien est incomplet" in page.text


@pytest.mark.parametrize("link", ["{0}.", "{0}).", "<{0}>", "{0}&jeton={0}", "{0}{0}"])
async def test_p_24_a_link_with_signs_around_it_verifies_the_address(
    portal: Portal, browser: HttpBrowser, address: str, link: str
) -> None:
    await portal.asked(browser, address)
    mail = await portal.sent_mails.to(address)
    page = await browser.get(f"/inscription/lien?jeton={link.format(mail.token)}")
    page = await browser.post(page, "/inscription/lien")
    assert page.path == "/inscription/adresse-validee"


async def test_p_27_a_used_link_leads_on(
    portal: Portal, browser: HttpBrowser, address: str
) -> None:
    """The browser that has the request continues; another one signs in first."""
    await portal.proved(browser, address)
    mail = await portal.sent_mails.to(address)
    path = f"/inscription/lien?jeton={mail.token}"
    page = await portal.browser().get(path)
    assert page.h1 == "Adresse déjà vérifiée"
    assert buttons(page) == [("Se connecter", "/connexion")]
    page = await browser.get(path)
    assert page.h1 == "Adresse déjà vérifiée"
    assert buttons(page) == [("Continuer", "/inscription/conditions")]


@pytest.mark.parametrize("state", ["cut", "replaced", "nowhere"])
async def test_p_06_a_failing_link_leads_to_the_request_or_to_the_sign_in(
    portal: Portal, browser: HttpBrowser, address: str, state: str
) -> None:
    """« Saisir le code » only where there is a request; « Se connecter » and why elsewhere."""
    await portal.asked(browser, address)
    token = (await portal.sent_mails.to(address)).token
    if state == "replaced":
        page = await browser.get("/inscription/adresse")
        given = {"address": f"x{address}", "password": PASSWORD}
        await browser.post(page, "/inscription/adresse", given)
    query = {"cut": f"?jeton={token[:-3]}", "replaced": f"?jeton={token}", "nowhere": ""}[state]
    own = await browser.get(f"/inscription/lien{query}")
    assert ("Saisir le code", "/inscription/validation") in buttons(own)
    other = await portal.browser().get(f"/inscription/lien{query}")
    assert buttons(other) == [("Se connecter", "/connexion")]
    assert "connectez-vous avec l'adresse et le mot de passe de votre demande" in other.text


@pytest.mark.parametrize(
    "step", ["validation", "adresse", "adresse-validee", "conditions", "creation"]
)
async def test_p_06_a_step_without_a_request_leads_to_the_sign_in_with_the_reason(
    portal: Portal, step: str
) -> None:
    page = await portal.browser().get(f"/inscription/{step}")
    assert page.path == "/connexion"
    assert "Ce navigateur n'a pas de demande en cours." in page.text


def buttons(page: HttpResponse) -> list[tuple[str, str]]:
    """Links that look like buttons, in the page's main part, by their words."""
    found = page.soup.select("main a.fr-btn")
    return [(one.get_text(strip=True), str(one["href"])) for one in found]


async def test_g_11_another_message_voids_the_former(
    portal: Portal, browser: HttpBrowser, address: str
) -> None:
    page = await portal.asked(browser, address)
    await portal.sent_mails.to(address)
    soon = await browser.post(page, "/inscription/validation/renvoi")
    assert soon.status == 429
    assert int(soon.headers["Retry-After"]) <= 60
    assert "Vous pourrez en demander un autre dans" in soon.text


async def test_p_07_a_code_tried_too_often_is_asked_for_no_more(
    portal: Portal, browser: HttpBrowser, address: str
) -> None:
    """The next page, and each later look, has another message as its only main action."""
    page = await portal.asked(browser, address)
    right = (await portal.sent_mails.to(address)).code
    wrong = f"{(int(right) + 1) % 1_000_000:06}"
    for left in (4, 3, 2, 1, 0):
        assert page.soup.select("#code"), left
        page = await browser.post(page, "/inscription/validation", {"code": wrong})
    for shown in (page, await browser.get("/inscription/validation")):
        (main,) = shown.soup.select("main .fr-btn:not(.fr-btn--secondary)")
        assert main.get_text(strip=True) == "Envoyer un autre message"
        assert not shown.soup.select("#code")
        assert "Trop d'essais : ce code n'est plus valable." in shown.text
        assert "Un message est envoyé" not in shown.text


async def test_p_11_the_sign_in_after_the_creation_needs_the_password_only(
    portal: Portal, address: str
) -> None:
    """The address is filled in where the account was created, also after a wrong password."""
    browser = portal.browser()
    await portal.proved(browser, address)
    page = await browser.get("/inscription/conditions")
    await browser.post(page, "/inscription/conditions", {"accept": "1"})
    page = await browser.get("/connexion")
    assert "Votre compte est créé." in page.text
    assert page.form("/connexion")["address"] == address
    page = await browser.post(page, "/connexion", {"password": "Wr0ng-pass"})
    assert page.form("/connexion")["address"] == address
    page = await browser.post(page, "/connexion", {"password": PASSWORD})
    assert page.path == "/connexion/telephone"
    other = await portal.browser().get("/connexion")
    assert other.form("/connexion")["address"] == ""
    assert "Votre compte est créé." not in other.text


async def test_a_corrected_address_gets_the_message(
    portal: Portal, browser: HttpBrowser, address: str
) -> None:
    await portal.asked(browser, f"x{address}")
    page = await browser.get("/inscription/adresse")
    page = await browser.post(
        page, "/inscription/adresse", {"address": address, "password": PASSWORD}
    )
    assert page.path == "/inscription/validation"
    assert f"Adresse corrigée : nous envoyons un message à {address}." in page.text
    mail = await portal.sent_mails.to(address)
    page = await browser.post(page, "/inscription/validation", {"code": mail.code})
    assert page.path == "/inscription/adresse-validee"


async def test_signing_in_on_another_device_continues_the_request(
    portal: Portal, address: str
) -> None:
    await portal.asked(portal.browser(), address)
    second = portal.browser()
    page = await second.get("/connexion")
    page = await second.post(page, "/connexion", {"address": address, "password": PASSWORD})
    assert page.path == "/inscription/validation"
    assert "Ce que vous avez fait est gardé." in page.text
    assert "vérifier votre adresse" in page.text
    again = await second.get("/inscription/validation")
    assert "Ce que vous avez fait est gardé." not in again.text


async def test_the_welcome_page_offers_to_continue(
    portal: Portal, browser: HttpBrowser, address: str
) -> None:
    await portal.asked(browser, address)
    page = await browser.get("/")
    assert page.soup.find("a", href="/inscription/validation")


async def test_re_14_cancelling_deletes_everything(
    portal: Portal, browser: HttpBrowser, address: str
) -> None:
    await portal.asked(browser, address)
    mail = await portal.sent_mails.to(address)
    bound = browser.cookies["impex-presession"]
    page = await browser.get("/inscription/annuler")
    page = await browser.post(page, "/inscription/annuler")
    assert "La création du compte est annulée et votre saisie est effacée." in page.text
    assert browser.cookies.get("impex-presession") != bound
    assert (await browser.get("/inscription/validation")).path == "/connexion"
    link = await browser.get(f"/inscription/lien?jeton={mail.token}")
    assert link.soup.find("form", action="/inscription/lien") is None


async def test_cancelling_after_the_creation_shows_that_the_account_exists(
    portal: Portal, browser: HttpBrowser, address: str
) -> None:
    await portal.proved(browser, address)
    page = await browser.get("/inscription/conditions")
    stale = await browser.get("/inscription/annuler")
    await browser.post(page, "/inscription/conditions", {"accept": "1"})
    page = await browser.post(stale, "/inscription/annuler")
    assert page.path == "/inscription/creation"
    assert "Votre compte existe déjà" in page.text


async def test_re_12_a_double_click_asks_once(
    portal: Portal, browser: HttpBrowser, address: str
) -> None:
    page = await browser.get("/inscription")
    values = {
        "first_name": "Pierre",
        "last_name": "Durand",
        "address": address,
        "password": PASSWORD,
    }
    twice = await asyncio.gather(
        *(browser.post(page, "/inscription", values, follow=False) for _ in range(2))
    )
    assert [one.status for one in twice] == [303, 303]
    # A later request was processed, so nothing of the first is still pending.
    await portal.asked(portal.browser(), f"after-{address}")
    await portal.sent_mails.to(f"after-{address}")
    assert len([one for one in portal.sent_mails.all if one.address == address]) == 1


async def test_g_04_back_to_the_form_after_the_account_exists(
    portal: Portal, browser: HttpBrowser, address: str
) -> None:
    await portal.proved(browser, address)
    page = await browser.get("/inscription/conditions")
    await browser.post(page, "/inscription/conditions", {"accept": "1"})
    assert (await browser.get("/inscription")).status == 200
    assert (await browser.get("/inscription/conditions")).path == "/inscription/creation"
    page = await browser.get("/connexion")
    page = await browser.post(page, "/connexion", {"address": address, "password": PASSWORD})
    assert (page.status, page.path) == (200, "/connexion/telephone")
