"""What our scripts add for signed-in users: the session's end, copies, printing."""

import asyncio
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.support.pages.axe_rules import AXE_SOURCE, LEVELS, violations
from tests.support.pages.page_site import Site
from tests.support.pages.sign_in_states import CODES, KEY

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

STATE, PROLONG = "/session/etat", "/session/prolonger"
WORD = "/inscription/mot-courant"
IDLE = 1800
WARNING = 120


async def _open(site: Site, page: Page, name: str = "account_phone") -> None:
    await page.clock.install()
    await page.goto(f"{site.url}/{name}.fr.html")
    await page.locator("html[data-fr-js]").wait_for(state="attached")


async def _warned(site: Site, page: Page, **state: Any) -> None:
    site.answers[STATE] = {"left": WARNING, "extend": True, **state}
    await _open(site, page)
    await page.clock.fast_forward((IDLE - WARNING) * 1000)
    await expect(page.locator("#fin")).to_be_visible()


async def test_se_04_two_minutes_before_the_end_the_session_can_be_extended(
    site: Site, page: Page
) -> None:
    """No dialog before; one press extends; the focus returns to where it was."""
    await _open(site, page)
    await page.locator("#code").fill("123 4")
    await page.clock.fast_forward((IDLE - WARNING - 5) * 1000)
    await expect(page.locator("#fin")).to_be_hidden()
    assert site.asked == []
    site.answers[STATE] = {"left": WARNING, "extend": True}
    site.answers[PROLONG] = {"left": IDLE, "extend": True}
    await page.clock.fast_forward(5_000)
    dialog = page.get_by_role("alertdialog", name="Votre session va se fermer")
    await expect(dialog).to_contain_text("Sans activité, votre session se fermera dans 2 min.")
    extend = page.get_by_role("button", name="Prolonger ma session")
    await expect(extend).to_be_focused()
    await extend.press("Enter")
    await expect(dialog).to_be_hidden()
    await expect(page.locator("#fin-annonce")).to_have_text("Votre session est prolongée.")
    await expect(page.locator("#code")).to_be_focused()
    await expect(page.locator("#code")).to_have_value("123 4")
    assert site.asked == [(STATE, {}), (PROLONG, {"go": "1"})]
    await page.clock.fast_forward((IDLE - WARNING) * 1000)
    await expect(dialog).to_be_visible()
    assert site.complaints == []


async def test_se_04_an_extension_in_another_tab_suppresses_the_warning(
    site: Site, page: Page
) -> None:
    """The server knows; this page keeps waiting."""
    await _open(site, page)
    site.answers[STATE] = {"left": 1500, "extend": True}
    async with page.expect_response(f"**{STATE}"):
        await page.clock.fast_forward((IDLE - WARNING) * 1000)
    await page.clock.fast_forward(WARNING * 1000)
    await expect(page.locator("#fin")).to_be_hidden()


async def test_se_04_the_end_is_announced_once_without_a_redirect(site: Site, page: Page) -> None:
    """The input stays on the page; a link leads to the sign-in."""
    await _warned(site, page)
    await page.keyboard.press("Escape")
    await expect(page.locator("#fin")).to_be_hidden()
    await page.locator("#code").fill("123 4")
    await page.clock.fast_forward((WARNING - 1) * 1000)
    await expect(page.locator("#fin")).to_be_hidden()
    site.answers[STATE] = {"left": 0, "extend": False}
    await page.clock.fast_forward(2_000)
    ended = page.get_by_role("alertdialog", name="Session fermée par sécurité")
    await expect(ended.get_by_role("link", name="Se connecter")).to_have_attribute(
        "href", "/connexion"
    )
    await expect(page.get_by_role("button", name="Prolonger ma session")).to_be_hidden()
    assert page.url.endswith("/account_phone.fr.html")
    await expect(page.locator("#code")).to_have_value("123 4")


async def test_se_04_a_final_end_is_announced_as_such(site: Site, page: Page) -> None:
    """No button promises what the server would refuse."""
    await _warned(site, page, extend=False)
    await expect(page.locator("#fin")).to_contain_text("atteint sa durée maximale")
    await expect(page.get_by_role("button", name="Prolonger ma session")).to_be_hidden()


async def test_se_04_a_failed_extension_is_reported(site: Site, page: Page) -> None:
    """The server is unavailable: the dialog stays, reports it, and allows another try."""
    await _warned(site, page)
    await page.get_by_role("button", name="Prolonger ma session").click()
    await expect(page.locator("#fin-echec")).to_contain_text("n'a pas pu être prolongée")
    site.answers[PROLONG] = {"left": IDLE, "extend": True}
    await page.get_by_role("button", name="Prolonger ma session").click()
    await expect(page.locator("#fin")).to_be_hidden()


async def test_ax_09_the_dialog_holds_the_focus_and_passes_the_rules(
    site: Site, page: Page
) -> None:
    """Named, described, closed by Escape, tabbed within; no countdown in it."""
    await _warned(site, page)
    for _ in range(4):
        await page.keyboard.press("Tab")
        outside = "!document.activeElement.closest('#fin') && document.activeElement.tagName"
        assert await page.evaluate(outside) in (False, "BODY")
    text = await page.locator("#fin-texte").text_content()
    await page.clock.fast_forward(30_000)
    assert await page.locator("#fin-texte").text_content() == text
    await page.evaluate(AXE_SOURCE)
    await page.clock.resume()
    assert await violations(page, {"runOnly": LEVELS}) == []


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("name", ["home", "code"])
async def test_se_06_signing_out_is_visible_without_scripts_at_every_width(
    site: Site, browser: Browser, name: str, width: int
) -> None:
    """In no menu, reached by the keyboard, and one alone."""
    context = await browser.new_context(
        java_script_enabled=False, viewport={"width": width, "height": 640}
    )
    page = await context.new_page()
    await page.goto(f"{site.url}/{name}.fr.html")
    button = page.get_by_role("button", name="Se déconnecter")
    await expect(button).to_have_count(1)
    await expect(button).to_be_in_viewport()
    await button.focus()
    await expect(button).to_be_focused()
    await context.close()


async def test_se_12_signed_in_pages_keep_nothing_in_the_browser(site: Site, page: Page) -> None:
    """Neither the time of the end nor a code."""
    await _warned(site, page)
    assert await page.evaluate("Object.keys(localStorage)") in ([], ["scheme"])
    assert await page.evaluate("sessionStorage.length") == 0


async def test_ot_17_copying_the_key_and_the_codes_is_announced(
    site: Site, browser: Browser
) -> None:
    """The key without its spaces; the codes one per line."""
    context = await browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = await context.new_page()
    copied = "navigator.clipboard.readText()"
    await page.goto(f"{site.url}/enrol.fr.html")
    await page.get_by_text("Pas d'image ?", exact=True).click()
    await page.get_by_role("button", name="Copier la clé").click()
    await expect(page.get_by_role("status").filter(has_text="Clé copiée.")).to_be_visible()
    assert await page.evaluate(copied) == KEY
    await page.goto(f"{site.url}/codes.fr.html")
    await page.get_by_role("button", name="Copier").click()
    await expect(page.get_by_role("status").filter(has_text="Codes copiés.")).to_be_visible()
    assert (await page.evaluate(copied)).split("\n") == CODES
    await context.close()


async def test_ot_17_where_copying_is_not_allowed_the_key_is_selected(
    site: Site, page: Page
) -> None:
    """The page explains which keys to press."""
    await page.goto(f"{site.url}/enrol.fr.html")
    await page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(); }")
    await page.get_by_text("Pas d'image ?", exact=True).click()
    await page.get_by_role("button", name="Copier la clé").click()
    await expect(page.locator("#copie-annonce")).to_contain_text("La clé est sélectionnée")
    selected = await page.evaluate("window.getSelection().toString()")
    assert "".join(selected.split()) == KEY


async def test_b_13_p_26_the_codes_are_printed_alone(site: Site, page: Page) -> None:
    """The service, the codes and what they need; nothing of the page around them."""
    await page.goto(f"{site.url}/codes.fr.html")
    await page.emulate_media(media="print")
    for hidden in ("header", "footer", "h1", "main form", "[download]", "#essai", "[data-print]"):
        await expect(page.locator(hidden).first).to_be_hidden()
    await expect(page.locator("#codes li")).to_have_count(10)
    await expect(page.locator("#codes")).to_be_visible()
    for line in await page.locator(".impex-printed .impex-paper").all():
        await expect(line).to_be_visible()
    await expect(page.locator("#codes-titre")).to_have_text(
        "Codes de secours IMPEXWEB, 23 novembre 2026"
    )


async def test_g_02_the_guide_is_printed_with_every_picture_and_nothing_around_it(
    site: Site, page: Page
) -> None:
    """Dark text even from a dark theme; pictures that were not scrolled to; addresses of links."""
    await page.emulate_media(color_scheme="dark")
    await page.goto(f"{site.url}/help_creation.fr.html")
    await page.locator("html[data-fr-theme=dark]").wait_for(state="attached")
    await page.evaluate("""() => { window.print = () => { window.printed =
      [...document.querySelectorAll("main img")].map((one) => one.naturalWidth); }; }""")
    await page.get_by_role("button", name="Imprimer cette page").click()
    printed = await (await page.wait_for_function("() => window.printed")).json_value()
    assert printed
    assert all(printed)
    await page.emulate_media(media="print")
    for hidden in ("header", "footer", "#essai", "#imprimer", "nav", "figcaption a"):
        await expect(page.locator(hidden).first).to_be_hidden()
    await expect(page.locator(".impex-paper").first).to_have_text(
        " (https://portail.exemple.fr/connexion)"
    )
    colour = await page.locator("main p").first.evaluate("(one) => getComputedStyle(one).color")
    assert colour == "rgb(22, 22, 22)"
    assert site.complaints == []


async def test_ax_12_b_13_the_codes_are_downloaded_without_scripts(
    site: Site, browser: Browser
) -> None:
    """A plain link holds the file; no request to the server."""
    context = await browser.new_context(java_script_enabled=False, accept_downloads=True)
    page = await context.new_page()
    await page.goto(f"{site.url}/codes.fr.html")
    await expect(page.get_by_role("button", name="Copier")).to_be_hidden()
    async with page.expect_download() as started:
        await page.get_by_role("link", name="Télécharger").click()
    download = await started.value
    assert download.suggested_filename == "impexweb-codes-de-secours.txt"
    content = await asyncio.to_thread((await download.path()).read_bytes)
    text = content.decode("utf-8")
    assert [line for line in text.split("\r\n") if line in CODES] == CODES
    await context.close()


@pytest.mark.parametrize("name", ["reset", "account_password"])
async def test_g_06_t_13_a_new_password_is_checked_while_typing(
    site: Site, page: Page, name: str
) -> None:
    """Where the page does not know the person, it leaves the rule of the name to the server."""
    site.answers[WORD] = {"word": None, "source": None}
    await page.goto(f"{site.url}/{name}.fr.html")
    button = page.locator("#continuer[aria-disabled=true]")
    await button.wait_for()
    await page.locator("#password").fill("Durand!7qZ")
    whose = page.locator("[data-rule=identity] [data-state]")
    if name == "reset":
        await expect(page.locator("#suite")).to_have_text(
            "Les règles vérifiables ici sont respectées ; votre nom sera vérifié à l'envoi."
        )
        await expect(whose).to_have_text("")
    else:
        await expect(page.locator("#mot-refuse")).to_contain_text(
            "«\u00a0Durand\u00a0»\u00a0: une partie de votre"
        )
        await expect(whose).to_have_text("Pas encore respectée.")
    assert site.complaints == []


async def test_ax_05_the_wait_for_another_code_is_never_announced(site: Site, page: Page) -> None:
    """The button is enabled at its end."""
    await _open(site, page, "address")
    again = page.locator("#renvoi")
    await expect(again).to_have_attribute("aria-disabled", "true")
    await page.clock.fast_forward(43_000)
    await expect(page.locator("#renvoi-attente")).to_be_hidden()
    assert await again.get_attribute("aria-disabled") is None


async def test_p_10_on_a_phone_adding_the_key_comes_before_the_picture(
    site: Site, browser: Browser
) -> None:
    """By the pointing device, without scripts too; a computer shows the picture at once."""
    phone = {"viewport": {"width": 375, "height": 812}, "is_mobile": True, "has_touch": True}
    for options, first in ((phone, True), ({}, False)):
        context = await browser.new_context(java_script_enabled=False, **options)
        page = await context.new_page()
        await page.goto(f"{site.url}/enrol.fr.html")
        add = page.get_by_role("link", name="Ajouter à mon application d'authentification")
        await expect(add).to_have_count(1)
        await expect(page.get_by_role("img", name="Code QR")).to_have_count(0 if first else 1)
        assert ("fr-btn" in (await add.get_attribute("class") or "")) == first
        if first:
            await page.get_by_text("Enrôler un autre appareil").click()
            await expect(page.get_by_role("img", name="Code QR")).to_be_visible()
        await context.close()


@pytest.mark.parametrize(
    ("state", "main"),
    [("creation-done", "Se connecter"), ("information-dialog", "Confirmer la validation")],
)
async def test_p_11_a_dialog_begins_at_its_main_button(
    site: Site, page: Page, state: str, main: str
) -> None:
    """Not at « Fermer », the first of the dialog."""
    await page.goto(f"{site.url}/{state}.fr.html")
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_be_visible()
    focused = dialog.get_by_role("link", name=main).or_(dialog.get_by_role("button", name=main))
    await expect(focused).to_be_focused()


async def test_p_11_the_only_field_has_the_focus_where_it_is_in_sight(
    site: Site, page: Page
) -> None:
    """Nothing is scrolled for it, and after a refusal the alert comes first."""
    await page.goto(f"{site.url}/code.fr.html")
    await expect(page.locator("#code")).to_be_focused()
    await page.goto(f"{site.url}/code-wrong.fr.html")
    await expect(page.locator("#alerte")).to_be_focused()
    await page.set_viewport_size({"width": 320, "height": 300})
    await page.goto(f"{site.url}/code.fr.html")
    await expect(page.locator("html[data-fr-js]")).to_be_attached()
    assert await page.evaluate("[scrollY, document.activeElement.tagName]") == [0, "BODY"]


async def test_p_09_p_10_on_a_phone_the_main_button_is_near(site: Site, browser: Browser) -> None:
    """How far down each page of the way ends its main button, in windows of 812 px: what one reads
    and fills in comes before, everything else after it.
    """
    phone = {"viewport": {"width": 375, "height": 812}, "is_mobile": True, "has_touch": True}
    context = await browser.new_context(java_script_enabled=False, **phone)
    page = await context.new_page()
    far = {}
    for name, windows in {
        "welcome": 1,
        "register": 2,
        "validation": 1.25,
        "validation-bounced": 1,
        "verified": 1,
        "sign_in-created": 1,
        "enrol": 1.25,
        "codes": 1.5,
    }.items():
        await page.goto(f"{site.url}/{name}.fr.html")
        button = page.locator("main .fr-btn:not(.fr-btn--secondary, .fr-btn--tertiary)").last
        box = await button.bounding_box()
        assert box is not None
        if box["y"] + box["height"] > windows * 812:
            far[name] = box
    assert far == {}
    await context.close()
