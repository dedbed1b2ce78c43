"""Every form of the portal in Chromium: Back, reload, a second tab, another language, Enter.

Half of the forms are opened without scripts: nothing here needs any (P-02, P-03).
"""

from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, Page, Request

from tests.integration.gateway.form_scenes import FORMS, SCENES, Filled, Person
from tests.integration.gateway.test_returning_forms import FILLED_IN, fields_to_type
from tests.support.pages.chromium import FRAMES_BY_TIMER, running
from tests.support.servers.portal import Portal

pytestmark = pytest.mark.asyncio(loop_scope="package")

#: Scripts that take part in sending these forms.
SCRIPTED = ("register", "information", "change_password", "reset_password")
WAYS = [(name, number % 2 == 0 or name in SCRIPTED) for number, name in enumerate(FILLED_IN)]
#: A browser with scripts (True) and one without.
Contexts = dict[bool, BrowserContext]


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def contexts() -> AsyncIterator[Contexts]:
    """For all forms: what their pages share is loaded once."""
    async with running() as chromium:
        made = {
            scripts: await chromium.new_context(locale="fr-FR", java_script_enabled=scripts)
            for scripts in (True, False)
        }
        await made[True].add_init_script(FRAMES_BY_TIMER)
        yield made


async def opened(context: BrowserContext, portal: Portal, made: Filled) -> Page:
    """The page of the form, in Chromium with the same cookies and no others."""
    for former in context.pages:
        await former.close()
    await context.clear_cookies()
    cookies = made.browser.cookies.items()
    await context.add_cookies(
        [{"name": name, "value": value, "url": portal.base} for name, value in cookies]
    )
    page = await context.new_page()
    query = f"?{made.page.query}" if made.page.query else ""
    await page.goto(f"{portal.base}{made.page.path}{query}")
    return page


async def type_into(page: Page, form: str, typed: dict[str, str]) -> None:
    for name, value in typed.items():
        field = page.locator(f"{form} [name='{name}']:visible")
        if await field.evaluate("one => one.tagName") == "SELECT":
            await field.select_option(value)
        else:
            await field.fill(value)


async def shows(page: Page, form: str, typed: dict[str, str]) -> None:
    """The page has everything that was typed, and no secret."""
    assert await page.locator(form).count() == 1, page.url
    for name, value in typed.items():
        assert await page.locator(f"{form} [name='{name}']").input_value() == value, (
            name,
            page.url,
        )
    for secret in ("password", "current_password", "code", "recovery_code"):
        for field in await page.locator(f"{form} [name='{secret}']").all():
            assert await field.input_value() == ""


@pytest.mark.parametrize(("name", "scripts"), WAYS)
async def test_p_02_p_03_a_form_survives_what_people_do_with_a_page(
    portal: Portal, contexts: Contexts, name: str, scripts: bool
) -> None:
    made, path = await SCENES[name](Person(portal)), FORMS[name].path
    page = await opened(contexts[scripts], portal, made)
    form, typed = f"main form[action='{path}']", fields_to_type(name, made)
    await type_into(page, form, typed)
    # Sent with a token that has expired, which any form can be.
    await page.locator(f"{form} [name=csrf]").evaluate("one => { one.value = 'x.y' }")
    async with page.expect_navigation():
        await page.locator(form).evaluate("one => one.submit()")
    assert "saisie=" in page.url
    await shows(page, form, typed)
    there = page.url
    await page.reload()
    await shows(page, form, typed)
    await page.goto(f"{portal.base}/session/etat")  # shows as text, at once
    await page.go_back()
    assert page.url == there
    await shows(page, form, typed)
    if scripts:  # without, another tab is one more request for the same address
        tab = await page.context.new_page()
        await tab.goto(there)
        await shows(tab, form, typed)
    async with page.expect_navigation():
        await page.locator("button[name=lang]").click()
    assert await page.locator("html").get_attribute("lang") == "en"
    await shows(page, form, typed)
    assert "was not processed" in await page.locator("main").inner_text(), "the reason too"
    await page.go_back()
    await page.go_forward()
    await shows(page, form, typed)
    text = page.locator(f"{form} input:is([type=text], [type=email], [type=password]):visible")
    if not scripts and await text.count():
        sent: list[Request] = []
        page.on("request", lambda one: sent.append(one))
        async with page.expect_navigation():
            await text.first.press("Enter")
        (post,) = (one for one in sent if one.method == "POST")
        assert urlsplit(post.url).path == path, "Enter sends the form, not the language"


async def test_p_03_another_theme_keeps_what_was_typed(portal: Portal, contexts: Contexts) -> None:
    made = await SCENES["register"](Person(portal))
    page = await opened(contexts[True], portal, made)
    form, typed = "main form[action='/inscription']", fields_to_type("register", made)
    await type_into(page, form, typed)
    await page.locator(f"{form} [name=password]").fill("Kvfz9rLq#2")
    await page.locator("button[aria-controls=affichage]").first.click()
    await page.locator("label[for=fr-radios-theme-dark]").click()
    await page.keyboard.press("Escape")
    assert await page.locator("html").get_attribute("data-fr-theme") == "dark"
    for name, value in {**typed, "password": "Kvfz9rLq#2"}.items():
        assert await page.locator(f"{form} [name='{name}']").input_value() == value
