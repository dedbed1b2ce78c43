"""Takes the pictures of the help page, of a running portal, in both languages.

`python -m pytest -q tests/journeys/help_screenshots.py` goes through the whole journey as an
invented person and replaces each picture whose screen has changed, with its note; delete a picture
to take it anyway. It is no test, and no run of the tests includes it.
"""

import pytest
from playwright.async_api import expect

from operations.local.demo import generate
from operations.operate.dossiers import publish_all
from services.gateway.portal.screenshots import SCALE
from shared.contracts.backoffice import OWNER
from shared.runtime.service import utc_now
from tests.support import eventually
from tests.support.actors.account_holder import PHARMACY
from tests.support.actors.chromium_account_holder import ChromiumAccountHolder
from tests.support.actors.chromium_user import ChromiumUser, tick
from tests.support.pages.camera import Camera
from tests.support.pages.help_catalogue import HELP
from tests.support.servers.portal import PASSWORD
from tests.support.servers.spawned_portal import NewUser, SpawnedPortal

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="session"),
]

WIDE = {"width": 1280, "height": 900}
TALL = {"width": 1280, "height": 1900}
#: A mail program's window.
MAIL_WINDOW = {"width": 636, "height": 700}
#: Rows of the home page's table that are enough to see what it is.
ROWS = 5
NAMES = {
    "fr": ("Claire", "Martin", "claire.martin@pharmacie.example.fr"),
    "en": ("Claire", "Martin", "claire.martin@pharmacy.example.com"),
}
#: A French pharmacy, a Belgian laboratory.
DECLARED = {
    "fr": {**PHARMACY, "phone": "01 23 45 67 89"},
    "en": {
        "phone": "+32 81 22 33 44",
        "position": "responsible_pharmacist",
        "country": "BE",
        "company_name": "Laboratoires Orvane",
        "establishment_type": "pharmaceutical_establishment",
        "address": "12 rue de Fer",
        "postal_code": "5000",
        "city": "Namur",
        "terms": "1",
    },
}


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_the_pictures_of_the_help_page_are_taken(
    portal: SpawnedPortal, new_user: NewUser, language: str
) -> None:
    """From the sign-in page to the home page; each picture of the catalogue is taken once."""
    user = await new_user(language=language, device_scale_factor=SCALE, color_scheme="light")
    first_name, last_name, address = NAMES[language]
    camera = Camera(HELP, user.page, language)
    await user.open("/connexion")
    await camera.take("sign_in")
    await _account(portal, user, camera, first_name, last_name, address)
    holder = ChromiumAccountHolder(portal, user, address)
    await _phone(holder, camera)
    await _information(user, camera)
    await _home(portal, user, camera)
    await _signing_in(holder, camera)
    assert set(HELP.notes()[language]) == {one.name for one in HELP.pictures}


async def _account(
    portal: SpawnedPortal,
    user: ChromiumUser,
    camera: Camera,
    first_name: str,
    last_name: str,
    address: str,
) -> None:
    page = user.page
    await user.open("/inscription")
    await user.fill(address, first_name=first_name, last_name=last_name)
    ready = "prêt à être créé" if user.language == "fr" else "ready to be created"
    await expect(page.locator("#suite")).to_contain_text(ready)
    await camera.take("register", until=page.locator("#force"))
    await user.press("continue")
    await user.at("validation")
    mail = await portal.mail.validation_mail(address)
    await expect(page.locator("#message")).to_have_attribute("data-state", "accepted")
    await camera.take("validation", until=page.locator("main form.impex-card"))
    await _mail(portal, user, camera.language, address)
    await user.give_code(mail.code)
    await user.at("verified")
    await camera.take("verified")
    await user.press("continue")
    await user.at("terms")
    await tick(page.get_by_label(user.word("accept")))
    await camera.take("terms", page.locator("main form"))
    await user.press("continue")
    await user.at("creation")
    done = page.locator("#creation [data-creation-done]")
    await expect(done).to_be_visible()
    await camera.take("creation", page.locator("#creation .fr-modal__body"), around=8)
    await done.click()
    await user.at("sign_in")


async def _mail(portal: SpawnedPortal, user: ChromiumUser, language: str, address: str) -> None:
    received = await portal.mail.message(address)
    tab = await user.context.new_page()
    await tab.set_viewport_size(MAIL_WINDOW)  # type: ignore[arg-type]
    await tab.set_content(received.text("html"))
    await Camera(HELP, tab, language).take("mail", tab.locator(".sheet"))
    await tab.close()


async def _phone(holder: ChromiumAccountHolder, camera: Camera) -> None:
    user, page = holder.user, holder.user.page
    await holder.give_password(PASSWORD)
    await user.at("enrolment")
    await holder.scan()
    for secret in (".impex-qr", "#cle"):
        blur = "(all) => all.forEach((one) => { one.style.filter = 'blur(6px)'; })"
        await page.locator(secret).evaluate_all(blur)
    await camera.take("enrolment", until=page.locator("main form.impex-card"))
    await holder.give_code()
    await user.at("codes")
    await camera.take("codes")
    await holder.keep()


async def _information(user: ChromiumUser, camera: Camera) -> None:
    page = user.page
    await user.at("information")
    for name, value in DECLARED[camera.language].items():
        field = page.locator(f"#{name}")
        if name == "terms":
            await tick(field)
        elif await field.evaluate("(one) => one.tagName") == "SELECT":
            await field.select_option(value)
        else:
            await field.fill(value)
    parts = page.locator("#informations > fieldset")
    await camera.take("person", until=parts.first.locator(".fr-fieldset__element:visible").last)
    await camera.take("establishment", parts.last, until=page.locator("#valider"))
    await page.locator("#valider").click()
    await page.set_viewport_size(TALL)  # type: ignore[arg-type]
    window = page.locator("#validation .fr-modal__body")
    await expect(window).to_be_visible()
    await camera.take("confirmation", window, around=8)
    await window.locator("form button").first.click()
    await user.at("information")
    await page.set_viewport_size(WIDE)  # type: ignore[arg-type]


async def _home(portal: SpawnedPortal, user: ChromiumUser, camera: Camera) -> None:
    address = NAMES[camera.language][2]
    found = await portal.rows("select id from registration.accounts where address = $1", address)
    messages = generate(str(found[0]["id"]), utc_now())
    before = await _processed_events(portal)
    await publish_all(portal.system.broker.url(OWNER), messages)

    async def processed() -> bool:
        return await _processed_events(portal) == before + len(messages)

    await eventually(processed, 60, every=0.2, why="the dossiers are listed")
    await user.open("/accueil")
    last = user.page.locator("main table tbody tr").nth(ROWS - 1)
    await camera.take("home", user.page.locator("main .impex-main"), until=last, around=0)


async def _processed_events(portal: SpawnedPortal) -> int:
    query = "select count(*) as n from dossiers.inbox"
    return int((await portal.rows(query))[0]["n"])


async def _signing_in(holder: ChromiumAccountHolder, camera: Camera) -> None:
    await holder.user.sign_out()
    await holder.give_password()
    await holder.user.at("code")
    await camera.take("code")
    await holder.give_code()
    await holder.user.at("home")
