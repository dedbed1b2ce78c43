"""Cancelling, going back, opening a later step, robots on the link: only the due step works."""

import pytest
from playwright.async_api import expect

from tests.support.actors.chromium_user import STEPS
from tests.support.actors.http_browser import HttpBrowser as HttpBrowser
from tests.support.servers.portal import PASSWORD
from tests.support.servers.spawned_portal import NewUser, SpawnedPortal

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="session"),
]


@pytest.mark.parametrize("step", ["form", "validation", "address", "verified", "terms"])
async def test_re_14_cancel_erases_at_every_step(
    portal: SpawnedPortal, new_user: NewUser, address: str, step: str
) -> None:
    """G-04, RE-14: no row is left, no message is sent any more, link and code are invalid."""
    user = await new_user(scripts=step in ("validation", "terms"))
    page, link = user.page, ""
    if step == "form":
        await user.open("/inscription")
        await user.fill(address)
    else:
        await user.ask(address)
        mail = await portal.mail.validation_mail(address)
        link = mail.link
        if step in ("verified", "terms"):
            await user.give_code(mail.code)
            await user.at("verified")
        await user.open(STEPS[step])
    await user.press("cancel" if step == "form" else "abandon")
    await user.at("cancel")
    await user.press("give_up")
    await expect(page.locator("main h1")).to_have_text("Création du compte abandonnée")
    await expect(page.locator("main")).to_contain_text(
        "La création du compte est annulée et votre saisie est effacée"
    )
    assert await portal.requests(address) == 0
    left = await portal.rows("select 1 from registration.accounts where address = $1", address)
    assert left == []
    open_mails = await portal.rows(
        "select state from mailer.deliveries where address = $1 and ended_at is null", address
    )
    assert open_mails == []
    if link:
        await user.open(link)
        await expect(page.locator("main")).to_contain_text("Cette demande n'existe plus")
    await user.open("/inscription/validation")
    await user.at("sign_in")
    await expect(page.locator("#address")).to_have_value("")


async def test_re_14_after_the_creation_there_is_nothing_to_cancel(
    portal: SpawnedPortal, new_user: NewUser, address: str
) -> None:
    """The account stays, and the page explains it."""
    user = await new_user(scripts=False)
    await user.ask(address)
    await user.give_code((await portal.mail.validation_mail(address)).code)
    await user.at("verified")
    await user.open("/inscription/conditions")
    await user.accept()
    await user.open("/inscription/annuler")
    await user.at("creation")
    await expect(user.page.locator("main")).to_contain_text("Votre compte existe déjà")
    await portal.mail.message(address, 2)


async def test_au_13_back_reload_bookmark_and_second_tab_lead_to_the_due_step(
    portal: SpawnedPortal, new_user: NewUser, address: str
) -> None:
    """AU-13: whichever address is opened, the page is the one that is due."""
    user = await new_user()
    page = user.page
    for later in ("validation", "terms", "creation"):
        await user.open(STEPS[later])
        await user.at("sign_in")
    await user.ask(address)
    for other in ("form", "terms", "creation", "verified"):
        await user.open(STEPS[other])
        await user.at("validation")
    await page.reload()
    await user.at("validation")
    await user.give_code((await portal.mail.validation_mail(address)).code)
    await user.at("verified")
    await user.press("continue")
    await user.at("terms")
    await page.go_back()
    await user.at("verified")
    await page.go_back()
    await user.at("terms")
    tab = await user.context.new_page()
    for other in ("form", "validation", "address", "creation"):
        await user.open(STEPS[other], tab)
        await user.at("terms", tab)
    await user.open("/", tab)
    await expect(tab.locator("#reprise")).to_contain_text("Étape suivante")
    await page.reload()
    await user.at("terms")
    await user.accept()
    await page.go_back()
    await user.at("creation")
    # The other tab still shows the terms' link: it continues too.
    await user.open(STEPS["terms"], tab)
    await user.at("creation", tab)
    await page.reload()
    await user.at("creation")
    await portal.mail.message(address, 2)
    assert len(portal.mail.to(address)) == 2


async def test_a_missing_tick_is_reported_and_nothing_is_created(
    portal: SpawnedPortal, new_user: NewUser, address: str
) -> None:
    """G-13: the terms are accepted or they are not."""
    user = await new_user()
    await user.ask(address)
    await user.give_code((await portal.mail.validation_mail(address)).code)
    await user.at("verified")
    await user.press("continue")
    await user.at("terms")
    await user.press("continue")
    await expect(user.page.locator("#erreurs")).to_be_focused()
    await expect(user.page.locator("#accept")).to_have_attribute("aria-invalid", "true")
    assert (
        await portal.rows("select 1 from registration.accounts where address = $1", address) == []
    )
    await user.accept()
    await portal.mail.message(address, 2)


async def test_re_04_a_scanner_changes_nothing_and_the_persons_click_works(
    portal: SpawnedPortal, new_user: NewUser, address: str
) -> None:
    """RE-04, B-02: HEAD, ten GETs, a browser with scripts, a POST without cookie."""
    user = await new_user()
    await user.ask(address)
    mail = await portal.mail.validation_mail(address)
    path = mail.link.removeprefix(portal.base)
    robot = HttpBrowser(portal.base)
    assert (await robot.send("HEAD", path)).status == 200
    for _ in range(10):
        page = await robot.get(path)
        assert page.status == 200
    bare = HttpBrowser(portal.base)
    posted = await bare.send_form("/inscription/lien", page.form("/inscription/lien"))
    assert posted.status == 403
    pressed = await robot.post(page, "/inscription/lien")
    assert pressed.refused
    for one in (robot, bare):
        await one.close()
    window = await new_user()
    await window.open(mail.link)
    await window.press("confirm")
    await window.at("link")
    await expect(window.page.locator("#password")).to_be_visible()
    states = await portal.rows(
        "select state, tries from registration.requests where address = $1", address
    )
    assert [(row["state"], row["tries"]) for row in states] == [("pending", 0)]
    await user.open(mail.link)
    await user.press("confirm")
    await user.at("verified")


async def test_b_02_a_wrong_password_on_another_device_shows_the_tries_left(
    portal: SpawnedPortal, new_user: NewUser, address: str
) -> None:
    """The field stays, empty; the right password continues."""
    await (await new_user()).ask(address)
    mail = await portal.mail.validation_mail(address)
    other = await new_user()
    await other.open(mail.link)
    await other.page.locator("#password").fill("Wr0ng-pass")
    await other.press("confirm")
    await expect(other.page.locator("#alerte")).to_contain_text("Encore 4 essais")
    await expect(other.page.locator("#password")).to_have_value("")
    await other.page.locator("#password").fill(PASSWORD)
    await other.press("confirm")
    await other.at("verified")
    # The link is used: its page explains it, and offers to sign in.
    await other.open(mail.link)
    await expect(other.page.locator("main")).to_contain_text("Adresse déjà vérifiée")
