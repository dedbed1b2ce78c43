"""What our scripts add to the pages, in Chromium, under the portal's content policy."""

import re

import pytest
from playwright.async_api import Page, Route, expect

from tests.support import eventually
from tests.support.pages.page_site import Site

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

WORD = "/inscription/mot-courant"
NEAR = "/inscription/adresse-proche"
MAIL_LIVE, MAIL_STATE = "/inscription/validation/suivi", "/inscription/validation/etat"
MADE_LIVE, MADE_STATE = "/inscription/creation/suivi", "/inscription/creation/etat"
GOOD = "Vf7!qmZr2"


async def _register(site: Site, page: Page) -> None:
    site.answers |= {WORD: {"word": None, "source": None}, NEAR: {"suggestion": None}}
    await page.goto(f"{site.url}/register.fr.html")
    await page.locator("#continuer[aria-disabled=true]").wait_for()


async def test_g_06_each_rule_changes_state_while_typing(site: Site, page: Page) -> None:
    """The state is announced as text; one of three strengths; nothing before the first key."""
    await _register(site, page)
    await expect(page.locator("#force")).to_be_hidden()
    await page.locator("#password").fill("abc")
    short = page.locator("[data-rule=min_length]")
    await expect(short).to_contain_text("Pas encore respectée.")
    await expect(page.locator("[data-rule=max_length]")).to_contain_text("Respectée.")
    await expect(page.locator("#force")).to_have_text("Force\u00a0: Faible")
    await page.locator("#password").fill(GOOD)
    await expect(short).to_contain_text("Respectée.")
    await expect(page.locator("#force")).to_contain_text("Force")
    assert site.complaints == []


async def test_g_07_continue_opens_once_the_password_is_accepted(site: Site, page: Page) -> None:
    """The button explains why it waits and leads to the field; it is never really disabled."""
    await _register(site, page)
    button = page.get_by_role("button", name="Continuer")
    await button.click(force=True)
    await expect(page.locator("#password")).to_be_focused()
    await expect(page.locator("#suite")).to_contain_text("à respecter.")
    assert page.url.endswith("/register.fr.html")
    await page.locator("#password").fill(GOOD)
    await expect(button).to_have_attribute("aria-disabled", "false")
    await expect(page.locator("#suite")).to_contain_text("Votre compte est prêt à être créé.")


async def test_g_06_the_rule_on_common_words_is_neutral_until_the_server_answers(
    site: Site, page: Page
) -> None:
    """Neutral for a password that the server has not checked; the other rules are evaluated."""
    await _register(site, page)
    common = page.locator("[data-rule=common]")
    left = page.locator("#suite")
    unasked = "La recherche de mots courants se fera à l'envoi."
    await page.locator("#password").fill("soleil123")
    await expect(left).to_have_text(f"Encore 1 règle à respecter. {unasked}")
    await expect(common.locator("[data-state]")).to_have_text("")
    await expect(common).to_have_class(re.compile(r"fr-message--info"))
    await page.locator("#password").fill("azerty123")
    await expect(common).to_contain_text("Pas encore respectée.")
    await expect(left).to_have_text("Encore 2 règles à respecter.")
    await page.locator("#password").fill(GOOD)
    await expect(common).to_contain_text("Respectée.")
    assert site.asked == [(WORD, {"password": GOOD})]
    await page.locator("#password").fill(f"{GOOD}x")
    await expect(left).to_have_text(unasked)
    await expect(common.locator("[data-state]")).to_have_text("")


async def test_g_08_without_an_answer_the_rule_on_common_words_stays_neutral(
    site: Site, page: Page
) -> None:
    """The form can be sent all the same: the server validates it."""
    await _register(site, page)
    await page.route(f"**{WORD}", lambda route: route.abort())
    async with page.expect_event("requestfailed"):
        await page.locator("#password").fill(GOOD)
    await expect(page.locator("#suite")).to_have_text(
        "La recherche de mots courants se fera à l'envoi."
    )
    await expect(page.locator("#continuer")).to_have_attribute("aria-disabled", "false")
    await expect(page.locator("[data-rule=common] [data-state]")).to_have_text("")


async def test_g_08_the_server_checks_the_word_lists(site: Site, page: Page) -> None:
    """Only a password that meets the other rules is checked, and the word is named."""
    await _register(site, page)
    site.answers[WORD] = {"word": "soleil", "source": "french"}
    await page.locator("#password").fill("Soleil9!qz")
    await expect(page.locator("#mot-refuse")).to_contain_text(
        "«\u00a0soleil\u00a0»\u00a0: un mot courant"
    )
    await expect(page.locator("#continuer")).to_have_attribute("aria-disabled", "true")
    assert site.asked == [(WORD, {"password": "Soleil9!qz"})]


@pytest.mark.parametrize(
    ("password", "named"),
    [
        ("Xk9!ttttB", "«\u00a0tttt\u00a0»\u00a0: une répétition"),
        ("K9poiuytV", "«\u00a0poiuyt\u00a0»\u00a0: une suite de caractères"),
        ("Kv97e57Qwz", "«\u00a0test\u00a0»\u00a0: un mot interdit"),
    ],
)
async def test_t_11_t_12_what_is_refused_is_named(
    site: Site, page: Page, password: str, named: str
) -> None:
    await _register(site, page)
    await page.locator("#password").fill(password)
    await expect(page.locator("#mot-refuse")).to_contain_text(named)


@pytest.mark.parametrize(("password", "sent"), [(GOOD, True), ("azerty", False)])
async def test_t_20_a_password_filled_in_without_an_event_is_checked_at_the_press(
    site: Site, page: Page, password: str, sent: bool
) -> None:
    """As some password managers fill in fields."""
    await _register(site, page)
    await page.evaluate(
        """password => {
            document.getElementById("password").value = password;
            document.addEventListener("submit", (event) => {
                document.title = event.defaultPrevented ? "held" : "sent";
                event.preventDefault();
            });
        }""",
        password,
    )
    await page.get_by_role("button", name="Continuer").click(force=True)
    await expect(page).to_have_title("sent" if sent else "held")
    if not sent:
        await expect(page.locator("#suite")).to_contain_text("à respecter.")
        await expect(page.locator("[data-rule=min_length]")).to_contain_text("Pas encore")


async def test_t_13_what_is_too_simple_is_not_called_ready(site: Site, page: Page) -> None:
    """Only the server finds it, before the form is sent."""
    await _register(site, page)
    site.answers[WORD] = {"word": None, "source": None, "too_simple": True}
    await page.locator("#password").fill(GOOD)
    await expect(page.locator("#mot-refuse")).to_contain_text("trop facile à deviner")
    await expect(page.locator("#suite")).to_have_text("Encore 1 règle à respecter.")
    await expect(page.locator("#continuer")).to_have_attribute("aria-disabled", "true")


async def test_g_05_a_typo_gets_a_suggestion_that_corrects_it(site: Site, page: Page) -> None:
    """The suggestion fills the field only on request."""
    await _register(site, page)
    site.answers[NEAR] = {"suggestion": "pierre@gmail.com"}
    field = page.get_by_label("Adresse email")
    await field.fill("pierre@gmial.com")
    await field.blur()
    await expect(page.locator("#suggestion")).to_contain_text("pierre@gmail.com")
    await expect(field).to_have_value("pierre@gmial.com")
    await page.get_by_role("button", name="Corriger mon adresse").click()
    await expect(field).to_have_value("pierre@gmail.com")
    await expect(field).to_be_focused()


async def test_t_05_a_password_that_is_kept_need_not_be_typed_again(site: Site, page: Page) -> None:
    """One that is typed all the same is judged."""
    await page.goto(f"{site.url}/register-suggestion.fr.html")
    button = page.locator("#continuer")
    await expect(button).to_have_attribute("aria-disabled", "false")
    await expect(page.locator("#suite")).to_be_hidden()
    await expect(page.get_by_label("Mot de passe", exact=True)).to_have_accessible_description(
        re.compile("Le mot de passe saisi est gardé")
    )
    await page.locator("#password").fill("azerty")
    await expect(button).to_have_attribute("aria-disabled", "true")
    await expect(page.locator("#suite")).to_contain_text("à respecter.")


async def test_pw_07_a_password_can_be_pasted_and_shown(site: Site, page: Page) -> None:
    """No paste handler interferes; « Afficher » shows the input."""
    await _register(site, page)
    field = page.locator("#password")
    await field.focus()
    await page.keyboard.insert_text(GOOD)
    await page.locator("label[for=password-show]").click()
    await expect(field).to_have_attribute("type", "text")
    await expect(field).to_have_value(GOOD)


async def test_b_01_p_07_a_refusal_begins_the_page_again(site: Site, page: Page) -> None:
    """Another action is due: the page of the new state replaces this one."""
    refused = {"state": "refused", "action": "correct", "text": "Adresse refusée."}
    site.events[MAIL_LIVE] = [("mail", refused)]
    await page.route(
        "**/inscription/validation",
        lambda route: route.fulfill(body="<h1>Corriger</h1>", content_type="text/html"),
    )
    await page.goto(f"{site.url}/validation.fr.html")
    await expect(page.locator("h1")).to_have_text("Corriger")


async def test_b_01_without_a_stream_the_page_polls(site: Site, page: Page) -> None:
    """A proxy that buffers the stream costs only a few seconds."""
    accepted = {"state": "accepted", "action": "code", "text": "Remis à 10:42."}
    site.answers[MAIL_STATE] = {**accepted, "due": "validation"}
    await page.goto(f"{site.url}/validation.fr.html")
    await expect(page.locator("#message-etat")).to_have_text("Remis à 10:42.")
    await expect(page.locator("#code")).to_be_visible()


async def test_b_01_a_question_without_an_answer_is_asked_again(site: Site, page: Page) -> None:
    """A proxy holds it for a minute where the server behind it came back at another address."""
    site.answers[MAIL_STATE] = {"state": "accepted", "action": "code", "text": "Remis à 10:42."}
    held: list[Route] = []

    async def hold_first(route: Route) -> None:
        if held:
            await route.fallback()
        else:
            held.append(route)

    async def answered() -> bool:
        await page.clock.fast_forward(5_000)
        return await page.locator("#message-etat").inner_text() == "Remis à 10:42."

    await page.route(f"**{MAIL_STATE}", hold_first)
    await page.clock.install()
    await page.goto(f"{site.url}/validation.fr.html")
    await eventually(lambda: bool(held), 20)
    await eventually(answered, 20, every=0.3)


async def test_p_25_the_link_that_asks_again_is_for_who_has_no_scripts(
    site: Site, page: Page
) -> None:
    """« Actualiser » leads to the same page; the script that follows the state removes it."""
    again = page.locator("main").get_by_role("link", name="Actualiser")
    site.answers[MAIL_STATE] = {"state": "waiting", "action": "code", "text": ""}
    await page.goto(f"{site.url}/validation.fr.html")
    await expect(again).to_be_hidden()
    await page.route("**/validation.mjs", lambda route: route.abort())
    for name, path in (
        ("validation", "/inscription/validation"),
        ("validation-bounced", "/inscription/validation"),
        ("creation", "/inscription/creation"),
    ):
        await page.goto(f"{site.url}/{name}.fr.html")
        await expect(again).to_have_attribute("href", path)


async def test_ax_05_the_countdown_is_never_announced(site: Site, page: Page) -> None:
    """The countdown is outside every live region; the button is enabled at its end."""
    await page.clock.install()
    await page.goto(f"{site.url}/validation.fr.html")
    again = page.locator("#renvoi")
    await expect(again).to_have_attribute("aria-disabled", "true")
    live = "element => element.closest('[role=status], [role=alert], [aria-live]') === null"
    assert await page.locator("#renvoi-attente").evaluate(live)
    await page.clock.fast_forward(43_000)
    await expect(page.locator("#renvoi-attente")).to_be_hidden()
    assert await again.get_attribute("aria-disabled") is None


async def test_g_14_ax_09_the_creation_is_followed_in_a_dialog(site: Site, page: Page) -> None:
    """Named, focused, closed by Escape; it ends with a button, not with a redirect."""
    site.answers[MADE_STATE] = {"state": "creating", "text": "", "due": "terms", "next": None}
    await page.goto(f"{site.url}/creation.fr.html")
    dialog = page.get_by_role("dialog", name="Création de votre compte")
    await expect(dialog).to_be_visible()
    assert await dialog.evaluate("dialog => dialog.contains(document.activeElement)")
    await expect(dialog).to_contain_text("Nous créons votre compte")
    site.answers[MADE_STATE] = {"state": "created", "text": "", "due": "created", "next": "/"}
    await expect(dialog.get_by_role("link", name="Se connecter")).to_be_visible()
    assert page.url.endswith("/creation.fr.html")
    await page.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()
    await expect(page.locator("main").get_by_role("link", name="Se connecter")).to_be_visible()
    await page.get_by_role("button", name="Revoir l'avancement").click()
    await expect(dialog).to_be_visible()
    # The design system gives the focus a moment after it shows the dialog.
    opened = await dialog.element_handle()
    await page.wait_for_function("dialog => dialog.contains(document.activeElement)", arg=opened)
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("button", name="Revoir l'avancement")).to_be_focused()


async def test_se_12_nothing_but_the_theme_is_stored(site: Site, page: Page) -> None:
    """The choice of theme is stored; no other storage is used, no global is defined (IN-12)."""
    await _register(site, page)
    await page.get_by_role("button", name="Paramètres d'affichage").click()
    await page.locator("label[for=fr-radios-theme-dark]").click()
    await expect(page.locator("html")).to_have_attribute("data-fr-theme", "dark")
    await page.locator("#password").evaluate("field => field.value = 'x'")
    await page.reload()
    await expect(page.locator("html")).to_have_attribute("data-fr-theme", "dark")
    assert await page.evaluate("Object.keys(localStorage)") == ["scheme"]
    assert await page.evaluate("sessionStorage.length") == 0
    assert (
        await page.evaluate("['judge', 'follow', 'texts', 'rules'].filter(n => n in window)") == []
    )


async def test_ax_12_in_12_pages_work_when_scripts_fail_to_load(site: Site, page: Page) -> None:
    """What only scripts animate is not shown, and the button can be pressed."""
    await page.route("**/*.mjs", lambda route: route.abort())
    await page.goto(f"{site.url}/register.fr.html")
    await expect(page.locator(".impex-js").first).to_be_hidden()
    assert await page.locator("#continuer").get_attribute("aria-disabled") is None
    await expect(page.locator(".impex-old-browser")).to_be_hidden()


async def test_g_15_wf_10_an_old_browser_gets_a_notice(site: Site, page: Page) -> None:
    """Without the style sheets' features a notice is shown; the text stays readable."""
    await page.route("**/*.css", lambda route: route.abort())
    await page.goto(f"{site.url}/sign_in.fr.html")
    await expect(page.locator(".impex-old-browser")).to_be_visible()


async def test_gd_04_no_request_goes_to_a_third_party(site: Site, page: Page) -> None:
    """Every request goes to the portal."""
    hosts: set[str] = set()
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    for name in ("welcome", "register", "validation", "creation", "legal"):
        await page.goto(f"{site.url}/{name}.fr.html")
    assert hosts == {site.url.split("/")[2]}


async def test_p_13_a_refused_field_is_no_longer_wrong_once_it_is_changed(
    site: Site, page: Page
) -> None:
    """Its message goes at the first input, its line of the summary when it is left."""
    site.answers |= {WORD: {"word": None, "source": None}, NEAR: {"suggestion": None}}
    await page.goto(f"{site.url}/register-errors.fr.html")
    lines, first = page.locator("#erreurs li"), page.locator("#first_name")
    await expect(lines).to_have_count(4)
    await first.press_sequentially("Z")
    await expect(first).not_to_have_attribute("aria-invalid", "true")
    await expect(page.locator("#first_name-messages")).to_be_empty()
    await expect(page.locator(".fr-input-group--error:has(#first_name)")).to_have_count(0)
    await expect(lines).to_have_count(4)
    await first.blur()
    await expect(lines).to_have_count(3)
    await expect(page.locator("#last_name")).to_have_attribute("aria-invalid", "true")
    for name in ("last_name", "address", "password"):
        await page.locator(f"#{name}").fill("Durand@exemple.fr")
        await page.locator(f"#{name}").blur()
    await expect(page.locator("#erreurs")).to_have_count(0)
    assert site.complaints == []


@pytest.mark.parametrize(("state", "shown"), [("code-wrong", "#alerte"), ("forgotten-errors", "")])
async def test_p_13_a_single_error_is_shown_once_and_goes_when_it_is_corrected(
    site: Site, page: Page, state: str, shown: str
) -> None:
    await page.goto(f"{site.url}/{state}.fr.html")
    field = page.locator("main [aria-invalid=true]")
    name = await field.get_attribute("id")
    said = await page.locator(shown or f"#{name}-messages").inner_text()
    assert (await page.locator("main").inner_text()).count(said.strip()) == 1
    field = page.locator(f"#{name}")
    await field.fill("123456")
    await field.blur()
    await expect(page.locator("#erreurs, #alerte, main .fr-message--error")).to_have_count(0)
