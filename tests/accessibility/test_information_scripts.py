"""What our scripts add to the complementary information, in Chromium, under the content policy."""

import pytest
from playwright.async_api import Page, expect

from services.gateway.portal.country_hints import country_context
from tests.support.pages.axe_rules import AXE_SOURCE, LEVELS, violations
from tests.support.pages.page_site import Site

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

ESTABLISHMENT = "/informations/etablissement"
SIRET = "73282932000074"
FOUND = {
    "state": "found",
    "text": "Numéro exact : PHARMACIE DES LILAS. Vérifiez le nom et l'adresse.",
    "company_name": "PHARMACIE DES LILAS",
    "address": "12 RUE DE L'EGALITE",
    "address_extra": "",
    "postal_code": "93260",
    "city": "LES LILAS",
    "hospital_pharmacy": True,
}
FOCUSED = "document.activeElement.id"


async def _open(site: Site, page: Page, name: str = "information") -> None:
    await page.goto(f"{site.url}/{name}.fr.html")
    await page.locator("input[name=dialog][value='1']").wait_for(state="attached")


def _answer(state: str, text: str) -> dict[str, object]:
    return {**dict.fromkeys(FOUND, ""), "state": state, "text": text}


async def test_si_04_in_02_the_country_determines_the_fields(site: Site, page: Page) -> None:
    """G-32: SIRET in France and overseas, VAT, LEI and EORI abroad; what is hidden is not sent."""
    await _open(site, page)
    siret, vat = page.locator("#siret"), page.locator("#vat")
    await expect(siret).to_be_visible()
    await expect(vat).to_be_hidden()
    await siret.fill(SIRET[:5])
    await page.locator("#country").select_option("BE")
    await expect(vat).to_be_visible()
    await expect(siret).to_be_hidden()
    await expect(siret).to_be_disabled()
    await page.locator("#country").select_option("GP")
    await expect(siret).to_have_value(SIRET[:5])
    await expect(vat).to_be_disabled()
    await page.locator("#country").select_option("NC")
    await expect(siret).to_be_hidden()


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_t_14_p_21_the_hints_follow_the_country(
    site: Site, page: Page, language: str
) -> None:
    """As the server writes them for that country; the star too."""
    await page.goto(f"{site.url}/information.{language}.html")
    await page.locator("input[name=dialog][value='1']").wait_for(state="attached")
    star = page.locator("[data-mandatory=postal_code]")
    for country in ("BE", "GH", "IE", "KP", "RE", "XK", "FR"):
        await page.locator("#country").select_option(country)
        expected = country_context(country, language)
        for name, hint in expected.hints.items():
            await expect(page.locator(f"#{name}-indication")).to_have_text(hint)
        await expect(star).to_be_visible(visible=expected.postal_code_required)
        assert await page.locator("#postal_code").evaluate("(one) => one.required") == (
            expected.postal_code_required
        )
    assert site.complaints == []


PAIRS = (("last_name", "first_name"), ("phone", "phone_extension"), ("postal_code", "city"))


@pytest.mark.parametrize(("width", "side_by_side"), [(768, True), (1280, True), (767, False)])
async def test_p_12_short_fields_are_side_by_side_in_reading_order(
    site: Site, page: Page, width: int, side_by_side: bool
) -> None:
    await page.set_viewport_size({"width": width, "height": 900})
    for state in ("information", "information-foreign"):
        await _open(site, page, state)
        for first, second in PAIRS:
            left = await page.locator(f"#{first}").bounding_box()
            right = await page.locator(f"#{second}").bounding_box()
            assert left is not None
            assert right is not None
            assert (abs(left["y"] - right["y"]) < 1) is side_by_side, (first, second)
            assert (left["x"] + left["width"] < right["x"]) is side_by_side, (first, second)
            following = f"document.querySelector('#{first}').compareDocumentPosition("
            following += f"document.querySelector('#{second}')) & 4"
            assert await page.evaluate(following), "the order of the keyboard is that of the eye"
        assert await page.evaluate("document.documentElement.scrollWidth") <= width


async def test_si_15_other_requires_a_text(site: Site, page: Page) -> None:
    await _open(site, page)
    for name in ("position", "establishment_type"):
        which = page.locator(f"#{name}_other")
        await expect(which).to_be_hidden()
        await page.locator(f"#{name}").select_option("other")
        await expect(which).to_be_visible()
        await page.locator(f"#{name}").select_option(index=1)
        await expect(which).to_be_disabled()


async def test_b_07_si_08_the_directory_fills_in_empty_fields(site: Site, page: Page) -> None:
    """Asked once, after a pause; announced politely; input stays and can be edited."""
    site.answers[ESTABLISHMENT] = FOUND
    await _open(site, page)
    await page.locator("#city").fill("Paris")
    await page.locator("#siret").press_sequentially("732 829 320 00074")
    state = page.locator("#siret-etat")
    await expect(state).to_contain_text("PHARMACIE DES LILAS. Vérifiez le nom et l'adresse.")
    await expect(state).to_contain_text("vous pouvez les corriger")
    await expect(state).to_have_attribute("role", "status")
    await expect(page.locator("#company_name")).to_have_value("PHARMACIE DES LILAS")
    await expect(page.locator("#postal_code")).to_have_value("93260")
    await expect(page.locator("#city")).to_have_value("Paris")
    await expect(page.locator("#establishment_type")).to_have_value("hospital_pharmacy")
    await page.locator("#company_name").fill("Pharmacie")
    await page.locator("#siret").blur()
    assert site.asked == [(ESTABLISHMENT, {"siret": SIRET})]
    await expect(page.locator("#company_name")).to_have_value("Pharmacie")


async def test_t_04_a_pasted_siret_is_looked_up_as_the_server_reads_it(
    site: Site, page: Page
) -> None:
    site.answers[ESTABLISHMENT] = FOUND
    await _open(site, page)
    await page.locator("#siret").fill("SIRET : 732\u2002829/320\u200b\u201300074")
    await expect(page.locator("#siret-etat")).to_contain_text("PHARMACIE DES LILAS")
    assert site.asked == [(ESTABLISHMENT, {"siret": SIRET})]


async def test_si_06_a_closed_establishment_requires_a_reason(site: Site, page: Page) -> None:
    """An unavailable directory blocks nothing; a wrong check digit is reported when the field is
    left.
    """
    await _open(site, page)
    siret, state, reason = (page.locator(one) for one in ("#siret", "#siret-etat", "#ferme"))
    await expect(reason).to_be_hidden()
    closed = "D'après le répertoire Sirene, cet établissement est fermé depuis le 31 mai 2024."
    site.answers[ESTABLISHMENT] = _answer("closed", closed)
    await siret.fill(SIRET)
    await expect(state).to_have_text(closed)
    await expect(reason).to_be_visible()
    site.answers[ESTABLISHMENT] = _answer(
        "deferred", ("Ce n° de Siret sera vérifié plus tard. Vous pouvez continuer.")
    )
    await siret.fill("73282932000082")
    await expect(state).to_contain_text(
        "Ce n° de Siret sera vérifié plus tard. Vous pouvez continuer."
    )
    await expect(reason).to_be_hidden()
    site.answers[ESTABLISHMENT] = _answer("invalid", "Saisissez 14 chiffres (il y en a 13).")
    await siret.fill(SIRET[:13])
    await siret.blur()
    await expect(state).to_have_text("Saisissez 14 chiffres (il y en a 13).")
    del site.answers[ESTABLISHMENT]
    await siret.fill(SIRET)
    await siret.blur()
    await expect(state).to_have_text("")
    assert site.complaints == []


NEXT = {**FOUND, "text": "Numéro exact : AUTRE.", "company_name": "AUTRE", "address": "3 QUAI B",
        "postal_code": "69009", "city": "LYON", "hospital_pharmacy": False}  # fmt: skip
OTHER = "73282932000082"


@pytest.mark.parametrize(
    ("answer", "values", "words"),
    [
        (NEXT, ["AUTRE", "3 QUAI B", "69009", "LYON", ""], "a été remplacé"),
        (_answer("unlisted", "Absent."), ["", "", "", "", ""], "a été vidé"),
        (_answer("closed", "Fermé."), ["", "", "", "", ""], "a été vidé"),
        (_answer("deferred", "Plus tard."), ["", "", "", "", ""], "a été vidé"),
    ],
)
async def test_t_02_what_was_filled_in_follows_the_number(
    site: Site, page: Page, answer: dict[str, object], values: list[str], words: str
) -> None:
    site.answers[ESTABLISHMENT] = FOUND
    await _open(site, page)
    siret, state = page.locator("#siret"), page.locator("#siret-etat")
    await page.locator("#phone").fill("01 55 87 40 90")
    await siret.fill(SIRET)
    await expect(state).to_contain_text("PHARMACIE DES LILAS")
    site.answers[ESTABLISHMENT] = answer
    await siret.press("Backspace")
    await expect(state).to_have_text("", timeout=1000)
    await siret.fill(OTHER)
    await expect(state).to_contain_text(words)
    names = ("company_name", "address", "postal_code", "city", "establishment_type")
    for name, value in zip(names, values, strict=True):
        await expect(page.locator(f"#{name}")).to_have_value(value)
    await expect(page.locator("#phone")).to_have_value("01 55 87 40 90")
    marker = await page.locator("input[name=filled_in]").input_value()
    assert marker.split()[:1] == ([OTHER] if any(values) else [])


async def test_t_02_what_somebody_typed_stays_under_another_number(site: Site, page: Page) -> None:
    site.answers[ESTABLISHMENT] = FOUND
    await _open(site, page)
    siret, state = page.locator("#siret"), page.locator("#siret-etat")
    await siret.fill(SIRET)
    await expect(state).to_contain_text("PHARMACIE DES LILAS")
    await page.locator("#city").fill("Les Lilas")
    await page.locator("#establishment_type").select_option("other")
    site.answers[ESTABLISHMENT] = NEXT
    await siret.fill(OTHER)
    await expect(state).to_contain_text("AUTRE")
    await expect(page.locator("#city")).to_have_value("Les Lilas")
    await expect(page.locator("#establishment_type")).to_have_value("other")
    await expect(page.locator("#company_name")).to_have_value("AUTRE")
    await siret.fill("")
    await siret.blur()
    await expect(page.locator("#company_name")).to_have_value("")
    await expect(state).to_contain_text("a été vidé")


async def test_p_13_the_message_of_the_server_goes_with_the_first_change(
    site: Site, page: Page
) -> None:
    """At the field and in the summary; the SIRET then has the page's message alone."""
    site.answers[ESTABLISHMENT] = FOUND
    await _open(site, page, "information-errors")
    summary, city = page.locator("#erreurs"), page.locator("#city")
    await city.press_sequentially("L")
    assert await city.get_attribute("aria-invalid") is None
    await expect(page.locator("#city-messages")).to_have_text("")
    await city.blur()
    await expect(summary.locator("a[href='#city']")).to_have_count(0)
    await page.locator("#position").select_option("other")
    await expect(page.locator("#position-messages")).to_have_text("")
    await page.locator("#siret").fill(SIRET)
    await expect(page.locator("#siret-messages")).to_have_text("")
    await expect(page.locator("#siret-etat")).to_contain_text("Numéro exact")
    await expect(page.locator("#company_name-messages")).to_have_text("")
    await expect(page.locator("#last_name-messages")).not_to_have_text("")
    await page.evaluate(AXE_SOURCE)
    assert await violations(page, {"runOnly": LEVELS}) == []


async def test_p_01_values_of_the_other_version_are_taken_over(site: Site, page: Page) -> None:
    await _open(site, page, "information-two-versions")
    notes = page.locator("[data-other-version]:visible")
    await expect(page.locator("#alerte")).to_be_focused()
    await page.evaluate(AXE_SOURCE)
    assert await violations(page, {"runOnly": LEVELS}) == []
    await page.get_by_role("button", name="Reprendre cette valeur : Ville").click()
    await expect(page.locator("#city")).to_have_value("Les Lilas")
    await expect(page.locator("#city")).to_be_focused()
    await expect(page.locator("#phone")).to_have_value("01 55 87 40 90")
    await page.get_by_role("button", name="Reprendre toute la version enregistrée").click()
    await expect(notes).to_have_count(0)
    for name, value in (("phone", "01 55 87 40 91"), ("country", "BE"), ("position", "other")):
        await expect(page.locator(f"#{name}")).to_have_value(value)
    await expect(page.locator("#siret")).to_be_hidden()
    await expect(page.locator("#position_other")).to_be_visible()
    async with page.expect_request("**/informations") as sent:
        await page.locator("#last_name").press("Enter")
    assert "take=" not in ((await sent.value).post_data or "")


async def test_g_33_ax_09_changes_are_not_left_behind_unasked(site: Site, page: Page) -> None:
    """Three choices; the dialog traps the focus and returns it; no dialog without changes."""
    await _open(site, page, "information-draft")
    close = page.locator("#fermer")
    await page.locator("#city").fill("Pantin")
    await close.focus()
    await page.keyboard.press("Enter")
    dialog = page.get_by_role("alertdialog", name="Des changements ne sont pas enregistrés.")
    await expect(dialog).to_be_visible()
    await expect(dialog.get_by_role("button", name="Enregistrer et fermer")).to_be_focused()
    await expect(dialog.get_by_role("link", name="Fermer sans enregistrer")).to_have_attribute(
        "href", "/accueil"
    )
    await page.evaluate(AXE_SOURCE)
    assert await violations(page, {"runOnly": LEVELS}) == []
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    assert await page.evaluate(FOCUSED) == "fermer"
    await close.click()
    await dialog.get_by_role("button", name="Revenir").click()
    assert await page.evaluate(FOCUSED) == "fermer"
    await page.locator("#city").fill("Les Lilas CEDEX")
    async with page.expect_request("**/accueil"):
        await close.click()


async def test_g_33_a_failed_save_leaves_unsaved_changes(site: Site, page: Page) -> None:
    await _open(site, page, "information-unavailable")
    await page.locator("#fermer").click()
    await expect(page.locator("#quitter")).to_be_visible()
    async with page.expect_request("**/informations") as sent:
        await page.get_by_role("button", name="Enregistrer et fermer").click()
    assert "action=close" in ((await sent.value).post_data or "")


async def test_ax_09_g_34_the_summary_is_a_dialog_that_holds_and_returns_the_focus(
    site: Site, page: Page
) -> None:
    await _open(site, page, "information-dialog")
    dialog = page.get_by_role("dialog", name="Confirmer la validation de vos informations")
    await expect(dialog).to_be_visible()
    await expect(dialog).to_contain_text("732 829 320 00074")
    await page.evaluate(AXE_SOURCE)
    assert await violations(page, {"runOnly": LEVELS}) == []
    for _ in range(8):
        await page.keyboard.press("Tab")
        inside = "Boolean(document.activeElement.closest('#validation'))"
        assert await page.evaluate(inside)
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await expect(page.locator("#valider")).to_be_focused()
    assert page.url.endswith("/informations"), "a reload does not open it again"
    assert site.complaints == []


async def test_se_04_input_is_sent_at_the_end_of_the_session(site: Site, page: Page) -> None:
    """« Se connecter » sends the form, which the server saves for its holder."""
    await page.clock.install()
    await _open(site, page)
    await page.locator("#city").fill("Pantin")
    site.answers["/session/etat"] = {"left": 0, "extend": False}
    await page.clock.fast_forward(1_800_000)
    dialog = page.get_by_role("alertdialog", name="Session fermée par sécurité")
    await expect(dialog).to_contain_text("pour revenir à cette page, brouillon compris.")
    async with page.expect_request("**/informations") as sent:
        await dialog.get_by_role("link", name="Se connecter").click()
    request = await sent.value
    assert request.method == "POST"
    assert "city=Pantin" in (request.post_data or "")
