"""Giving up, going back, opening a later step, robots on the link: only the due step is taken."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.integration.gateway.browser import Browser as PlainBrowser
from tests.integration.gateway.conftest import PASSWORD
from tests.journeys.conftest import Portal, Visit
from tests.journeys.visitor import STEPS

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(90),
    pytest.mark.asyncio(loop_scope="session"),
]


@pytest.mark.parametrize("step", ["form", "validation", "address", "verified", "terms"])
async def test_re_14_cancel_erases_at_every_step(
    portal: Portal, visit: Visit, address: str, step: str
) -> None:
    """G-04, RE-14: no row is left, no message leaves any more, the link is dead, the code too."""
    visitor = await visit(scripts=step in ("validation", "terms"))
    page, link = visitor.page, ""
    if step == "form":
        await visitor.open("/inscription")
        await visitor.fill(address)
    else:
        await visitor.ask(address)
        letter = await portal.post.letter(address)
        link = letter.link
        if step in ("verified", "terms"):
            await visitor.give_code(letter.code)
            await visitor.at("verified")
        await visitor.open(STEPS[step])
    await visitor.press("cancel")
    await visitor.at("cancel")
    await visitor.press("give_up")
    await expect(page.locator("main h1")).to_have_text("Création du compte abandonnée")
    await expect(page.locator("main")).to_contain_text("C'est annulé, rien n'est gardé")
    assert await portal.requests(address) == 0
    left = await portal.rows("select 1 from registration.accounts where address = $1", address)
    assert left == []
    open_mails = await portal.rows(
        "select state from mailer.deliveries where address = $1 and ended_at is null", address
    )
    assert open_mails == []
    if link:
        await visitor.open(link)
        await expect(page.locator("main")).to_contain_text("La demande de ce lien n'existe plus")
    await visitor.open("/inscription/validation")
    await visitor.at("form")
    await expect(page.locator("#address")).to_have_value("")


async def test_re_14_after_the_creation_there_is_nothing_to_cancel(
    portal: Portal, visit: Visit, address: str
) -> None:
    """The account stays, and the page says so."""
    visitor = await visit(scripts=False)
    await visitor.ask(address)
    await visitor.give_code((await portal.post.letter(address)).code)
    await visitor.at("verified")
    await visitor.open("/inscription/conditions")
    await visitor.accept()
    await visitor.open("/inscription/annuler")
    await visitor.at("creation")
    await expect(visitor.page.locator("main")).to_contain_text("Votre compte existe déjà")
    await portal.post.message(address, 2)


async def test_au_13_back_reload_bookmark_and_second_tab_lead_to_the_due_step(
    portal: Portal, visit: Visit, address: str
) -> None:
    """AU-13, settled 2: whichever address is opened, the page is the one that is due."""
    visitor = await visit()
    page = visitor.page
    for later in ("validation", "terms", "creation"):
        await visitor.open(STEPS[later])
        await visitor.at("form")
    await visitor.ask(address)
    for other in ("form", "terms", "creation", "verified"):
        await visitor.open(STEPS[other])
        await visitor.at("validation")
    await page.reload()
    await visitor.at("validation")
    await visitor.give_code((await portal.post.letter(address)).code)
    await visitor.at("verified")
    await visitor.press("continue")
    await visitor.at("terms")
    await page.go_back()
    await visitor.at("verified")
    await page.go_back()
    await visitor.at("terms")
    tab = await visitor.context.new_page()
    for other in ("form", "validation", "address", "creation"):
        await visitor.open(STEPS[other], tab)
        await visitor.at("terms", tab)
    await visitor.open("/", tab)
    await expect(tab.locator("#reprise")).to_contain_text("prochaine étape")
    await page.reload()
    await visitor.at("terms")
    await visitor.accept()
    await page.go_back()
    await visitor.at("creation")
    # The other tab still shows the terms' link: it is led on as well.
    await visitor.open(STEPS["terms"], tab)
    await visitor.at("creation", tab)
    await page.reload()
    await visitor.at("creation")
    await portal.post.message(address, 2)
    assert len(portal.post.to(address)) == 2


async def test_a_forgotten_tick_is_told_and_nothing_is_created(
    portal: Portal, visit: Visit, address: str
) -> None:
    """G-13: the terms are accepted or they are not."""
    visitor = await visit()
    await visitor.ask(address)
    await visitor.give_code((await portal.post.letter(address)).code)
    await visitor.at("verified")
    await visitor.press("continue")
    await visitor.at("terms")
    await visitor.press("continue")
    await expect(visitor.page.locator("#erreurs")).to_be_focused()
    await expect(visitor.page.locator("#accept")).to_have_attribute("aria-invalid", "true")
    assert (
        await portal.rows("select 1 from registration.accounts where address = $1", address) == []
    )
    await visitor.accept()
    await portal.post.message(address, 2)


async def test_re_04_a_scanner_changes_nothing_and_the_persons_click_works(
    portal: Portal, visit: Visit, address: str
) -> None:
    """RE-04, B-02, T13: HEAD, ten GETs, a browser with scripts, a POST without cookie."""
    visitor = await visit()
    await visitor.ask(address)
    letter = await portal.post.letter(address)
    path = letter.link.removeprefix(portal.base)
    robot = PlainBrowser(portal.base)
    assert (await robot.send("HEAD", path)).status == 200
    for _ in range(10):
        page = await robot.get(path)
        assert page.status == 200
    bare = PlainBrowser(portal.base)
    posted = await bare.send_form("/inscription/lien", page.form("/inscription/lien"))
    assert posted.status == 403
    pressed = await robot.post(page, "/inscription/lien")
    assert pressed.status == 422
    for one in (robot, bare):
        await one.close()
    window = await visit()
    await window.open(letter.link)
    await window.press("confirm")
    await window.at("link")
    await expect(window.page.locator("#password")).to_be_visible()
    states = await portal.rows(
        "select state, tries from registration.requests where address = $1", address
    )
    assert [(row["state"], row["tries"]) for row in states] == [("pending", 0)]
    await visitor.open(letter.link)
    await visitor.press("confirm")
    await visitor.at("verified")


async def test_b_02_a_wrong_password_on_another_device_is_told_with_what_is_left(
    portal: Portal, visit: Visit, address: str
) -> None:
    """The field stays, empty; the right one leads on."""
    await (await visit()).ask(address)
    letter = await portal.post.letter(address)
    other = await visit()
    await other.open(letter.link)
    await other.page.locator("#password").fill("Wr0ng-pass")
    await other.press("confirm")
    await expect(other.page.locator("#alerte")).to_contain_text("Encore 4 essais")
    await expect(other.page.locator("#password")).to_have_value("")
    await other.page.locator("#password").fill(PASSWORD)
    await other.press("confirm")
    await other.at("verified")
    # The link has served: it says so, and leads on by signing in.
    await other.open(letter.link)
    await expect(other.page.locator("main")).to_contain_text("Adresse déjà vérifiée")
