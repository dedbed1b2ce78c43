"""From the created account to the home page and back again, in Chromium."""

import re
from io import BytesIO
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
import zxingcpp
from PIL import Image
from playwright.async_api import Locator, Page, expect

from tests.support.actors.chromium_account_holder import ChromiumAccountHolder, key_shown
from tests.support.servers.portal import PASSWORD
from tests.support.servers.spawned_portal import NewUser, SpawnedPortal

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="session"),
]

EMPTY = {"fr": "Aucun dossier pour l'instant.", "en": "Nothing here yet."}
COPIED = {"fr": ("Clé copiée.", "Codes copiés."), "en": ("Key copied.", "Codes copied.")}
CLIPBOARD = "navigator.clipboard.readText()"


async def _scanned(page: Page) -> dict[str, str]:
    """The content of the QR code, read from the screen."""
    picture = Image.open(BytesIO(await page.locator(".impex-qr-frame:visible").screenshot()))
    # Lines of a QR code may look like a bar code, which no authenticator reads.
    (found,) = zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCode)
    uri = urlsplit(found.text)
    assert (uri.scheme, uri.netloc) == ("otpauth", "totp")
    values = {name: value for name, (value,) in parse_qs(uri.query, strict_parsing=True).items()}
    return {**values, "label": unquote(uri.path.removeprefix("/"))}


async def _enrol(holder: ChromiumAccountHolder) -> None:
    """The enrolment page: picture and text contain the same key, in light and in dark."""
    user, page = holder.user, holder.user.page
    key = await holder.scan()
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)
        await page.reload()
        await expect(page.locator("html")).to_have_attribute("data-fr-theme", scheme)
        assert await key_shown(user) == key
        scanned = await _scanned(page)
        assert scanned["secret"] == key
        assert scanned["label"].endswith(holder.address)
    await page.emulate_media(color_scheme="light")
    await page.get_by_text("Pas d'image ?" if user.language == "fr" else "Can't scan it?").click()
    await user.press("copy_key")
    await expect(page.locator("#copie-annonce")).to_have_text(COPIED[user.language][0])
    assert await page.evaluate(CLIPBOARD) == key
    link = await page.locator("a[href^='otpauth:']:visible").get_attribute("href")
    assert link is not None
    assert f"secret={key}" in link


async def _keep_the_codes(holder: ChromiumAccountHolder, folder: Path) -> None:
    """The list: copied, downloaded, printed alone; the box must be ticked."""
    user, page = holder.user, holder.user.page
    codes = await holder.read_recovery()
    assert len(set(codes)) == 10
    await user.press("copy")
    await expect(page.locator("#copie-annonce")).to_have_text(COPIED[user.language][1])
    assert (await page.evaluate(CLIPBOARD)).splitlines() == codes
    async with page.expect_download() as started:
        await user.press("download")
    download = await started.value
    assert download.suggested_filename == "impexweb-codes-de-secours.txt"
    await download.save_as(folder / "codes.txt")
    lines = (folder / "codes.txt").read_text("utf-8").splitlines()
    assert [line for line in lines if line in codes] == codes
    await page.emulate_media(media="print")
    await expect(page.locator("#codes")).to_be_visible()
    for rest in ("header", "footer", "#kept", "h1"):
        await expect(page.locator(rest)).to_be_hidden()
    await page.emulate_media(media="screen")
    await user.press("continue")
    await expect(page.locator("#erreurs")).to_be_focused()
    assert await holder.read_recovery() == codes
    # P-04: until they are confirmed, the page shows the same ones, however it is opened again.
    await user.switch_language()
    assert await holder.read_recovery() == codes
    await user.open("/connexion/codes-de-secours")
    assert await holder.read_recovery() == codes
    await expect(page.locator("main")).not_to_contain_text("eux seuls sont valables.")


async def test_g_20_g_22_ot_17_se_05_from_the_created_account_to_the_home_page_and_back(
    portal: SpawnedPortal, new_user: NewUser, address: str, tmp_path: Path
) -> None:
    """G-20, G-22, G-23, G-40, OT-11, OT-17, B-13: the first sign-in, the end, the second one."""
    await portal.account(address)
    user = await new_user()
    page, holder = user.page, ChromiumAccountHolder(portal, user, address)
    await user.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await user.open("/connexion")
    await holder.give_password()
    await user.at("enrolment")
    await _enrol(holder)
    await user.switch_language()
    await holder.give_code()
    await user.at("codes")
    await expect(page.locator("main")).to_contain_text("Votre compte est protégé")
    await _keep_the_codes(holder, tmp_path)
    await holder.keep()
    await holder.skip_information()
    await expect(page.locator("main")).to_contain_text(EMPTY["fr"])
    await user.switch_language()
    await user.open("/compte")
    await expect(page.locator("main")).to_contain_text(address)
    await expect(page.get_by_role("row").filter(has_text="Cette session")).to_have_count(1)
    await expect(page.locator("main")).to_contain_text("Il vous reste 10 codes de secours.")
    await user.switch_language()

    await user.sign_out()
    await expect(page.locator("main")).to_contain_text("Votre session est fermée.")
    await page.go_back()
    await expect(page.locator("#password")).to_be_visible()
    await expect(page.locator("body")).not_to_contain_text("Durand")
    await expect(page.locator("body")).not_to_contain_text(address)

    await user.open("/connexion")
    await holder.give_password()
    await user.at("code")
    await user.switch_language()
    code = await holder.code()
    await user.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.evaluate("(text) => navigator.clipboard.writeText(text)", f"{code[:3]} {code[3:]} ")
    await page.locator("#code").focus()
    await page.keyboard.press("Control+V")
    await user.press("give_code")
    await user.at("information")
    sent = [str(one.message["Subject"]) for one in portal.mail.to(address)]
    assert len(sent) == len(set(sent)), sent


@pytest.mark.parametrize(
    ("language", "scripts", "width"),
    [("fr", False, 1280), ("en", True, 375), ("en", False, 375)],
)
async def test_ax_12_the_way_without_scripts_in_english_on_a_phone(
    portal: SpawnedPortal, new_user: NewUser, address: str, language: str, scripts: bool, width: int
) -> None:
    """AX-12, AX-07, OT-17: key, code, recovery codes, home, out, and in again."""
    await portal.account(address)
    user = await new_user(
        language=language, scripts=scripts, viewport={"width": width, "height": 720}
    )
    page, holder = user.page, ChromiumAccountHolder(portal, user, address)
    await user.open("/connexion")
    await holder.give_password()
    await user.at("enrolment")
    key = await holder.scan()
    assert (await _scanned(page))["secret"] == key
    assert await page.evaluate("document.documentElement.scrollWidth") == width
    await holder.give_code()
    await user.at("codes")
    await holder.read_recovery()
    await holder.keep()
    await holder.skip_information()
    await expect(page.locator("html")).to_have_attribute("lang", language)
    await expect(page.locator("main")).to_contain_text(EMPTY[language])
    await user.sign_out()
    await holder.sign_in()


async def _reach(page: Page, target: Locator) -> None:
    """Press Tab until it has the focus."""
    for _ in range(60):
        if await target.evaluate("(one) => one === document.activeElement"):
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"the keyboard does not reach {target}")


async def test_ax_09_ax_12_the_keyboard_alone_signs_in_enrols_and_signs_out(
    portal: SpawnedPortal, new_user: NewUser, address: str
) -> None:
    """AX-09, SE-06: Tab, letters, space and Enter are enough; nothing traps the focus."""
    await portal.account(address)
    user = await new_user()
    page, holder = user.page, ChromiumAccountHolder(portal, user, address)
    await user.open("/connexion")
    await _reach(page, page.locator("#address"))
    await page.keyboard.type(address)
    await _reach(page, page.locator("#password"))
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Enter")
    await user.at("enrolment")
    await holder.scan()
    await _reach(page, page.locator("#code"))
    await page.keyboard.type(await holder.code())
    await page.keyboard.press("Enter")
    await user.at("codes")
    await _reach(page, page.locator("#kept"))
    await page.keyboard.press("Space")
    await _reach(page, user.button("continue"))
    await page.keyboard.press("Enter")
    await user.at("information")
    await _reach(page, page.locator("#session").get_by_role("button"))
    await page.keyboard.press("Enter")
    await user.at("sign_in")


async def test_g_24_wrong_codes_lock_sign_in_and_the_page_shows_for_how_long(
    portal: SpawnedPortal, new_user: NewUser, address: str
) -> None:
    """G-24, OT-09: five, then a wait that is shown; a mail notifies the holder."""
    user = await new_user()
    page, holder = user.page, ChromiumAccountHolder(portal, user, address)
    await holder.settle()
    await user.open("/connexion")
    await holder.give_password()
    await user.at("code")
    assert holder.phone is not None
    alert = page.locator("#alerte")
    for left in ("4 essais", "3 essais", "2 essais", "1 essai"):
        await holder.give_code(holder.phone.shows.wrong())
        await expect(alert).to_contain_text(left)
        await expect(alert).to_be_focused()
        await expect(page.locator("#code")).to_have_value("")
    await holder.give_code(holder.phone.shows.wrong())
    message = re.compile(
        r"^Trop de codes refusés\. Réessayez dans \d min, à \d\d:\d\d \(heure de Paris\)\."
    )
    await expect(alert).to_contain_text(message)
    # The right code is not checked during the lock.
    await user.open("/connexion/code")
    await expect(alert).to_be_hidden()
    await holder.give_code()
    await expect(alert).to_contain_text(message)
    await user.at("code")
    await portal.mail.link(address, "/ce-n-est-pas-moi")
