"""The delivery status, live; another message; right and wrong codes; a known address."""

import re

import pytest
from playwright.async_api import Page, expect

from tests.support import eventually
from tests.support.actors.chromium_user import ChromiumUser
from tests.support.servers.portal import PASSWORD
from tests.support.servers.spawned_portal import RESEND_SECONDS, NewUser, SpawnedPortal

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="session"),
]

LIVE, ASKED = "/inscription/validation/suivi", "/inscription/validation/etat"
DELIVERED = re.compile(r"Message remis au serveur de messagerie à ")


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "asked-again"])
async def test_b_01_the_delivery_status_is_updated_without_reload(
    portal: SpawnedPortal, new_user: NewUser, address: str, stream: bool
) -> None:
    """Over server-sent events, and by polling where a proxy breaks them."""
    user = await new_user()
    page = user.page
    if not stream:
        await page.route("**" + LIVE, lambda route: route.abort())
    portal.mail.silent_after_data = True
    try:
        await user.ask(address)
        await page.evaluate("window.stayed = true")
        await portal.mail.message(address)
        await expect(page.locator("#message")).to_have_attribute("data-state", "waiting")
    finally:
        portal.mail.silent_after_data = False
    await expect(page.locator("#message-etat")).to_have_text(DELIVERED)
    assert await page.evaluate("window.stayed")
    assert (ASKED in user.asked) == (not stream)
    assert LIVE in user.asked


async def test_a_refused_address_is_corrected_from_the_live_page(
    portal: SpawnedPortal, new_user: NewUser, address: str
) -> None:
    """550 from the mail server: « Corriger l'adresse » appears by itself, and works."""
    user = await new_user()
    page, wrong = user.page, f"wrong-{address}"
    portal.mail.unknown.add(wrong)
    await user.ask(wrong)
    await expect(page.locator("#message-etat")).to_contain_text(
        "Le serveur de messagerie a refusé le message"
    )
    await expect(page.locator("#message-etat")).to_contain_text("boîte inconnue")
    await expect(page.locator("#message")).to_be_focused()
    await expect(page.locator("#code")).to_have_count(0)
    await user.press("correct")
    await user.at("address")
    await page.locator("#address").fill(address)
    await page.locator("#password").fill(PASSWORD)
    await user.press("correct")
    await user.at("validation")
    await expect(page.locator("main")).to_contain_text(f"nous envoyons un message à {address}")
    mail = await portal.mail.validation_mail(address)
    await user.give_code(mail.code)
    await user.at("verified")
    assert portal.mail.to(wrong) == []


async def test_g_11_another_message_after_the_countdown(
    portal: SpawnedPortal, new_user: NewUser, address: str
) -> None:
    """The button waits, counts, sends; only the new code counts, and the old link is refused with a
    reason.
    """
    user = await new_user()
    page = user.page
    await user.ask(address)
    button = page.locator("#renvoi")
    await expect(button).to_have_attribute("aria-disabled", "true")
    await expect(page.locator("#renvoi-attente")).to_have_text(re.compile(r"\(dans [1-9]+ s\)"))
    await button.click(force=True)
    first = await portal.mail.validation_mail(address)
    await expect(button).not_to_have_attribute(
        "aria-disabled", "true", timeout=(RESEND_SECONDS + 60) * 1000
    )
    await button.click()
    await expect(page.get_by_role("status").first).to_contain_text("Seul son code est valable")
    second = await portal.mail.validation_mail(address, 2)
    assert second.code != first.code
    await user.give_code(first.code)
    await expect(page.locator("#alerte")).to_contain_text("pas celui du dernier message")
    await user.open(first.link)
    await expect(page.locator("main")).to_contain_text("Un message plus récent a remplacé celui-ci")
    await user.open("/inscription/validation")
    await user.give_code(second.code)
    await user.at("verified")
    assert len(portal.mail.to(address)) == 2


async def test_g_10_a_code_pasted_with_spaces_is_taken(
    portal: SpawnedPortal, new_user: NewUser, address: str
) -> None:
    """As copied from mail programs: spaces inside and around, and a no-break space."""
    user = await new_user()
    await user.ask(address)
    code = (await portal.mail.validation_mail(address)).code
    await user.give_code(f"  {code[:3]}\u00a0{code[3:]} ")
    await user.at("verified")


async def test_re_05_five_wrong_codes_void_the_code(
    portal: SpawnedPortal, new_user: NewUser, address: str
) -> None:
    """The tries left are shown; then even the right code, of an older page, is refused, until
    another message.
    """
    user = await new_user(scripts=False)
    page = user.page
    await user.ask(address)
    code = (await portal.mail.validation_mail(address)).code
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    for left in ("4 essais", "3 essais", "2 essais", "1 essai"):
        await user.give_code(wrong)
        await expect(page.locator("#alerte")).to_contain_text(f"Encore {left}")
    stale = await user.context.new_page()
    await user.open("/inscription/validation", stale)
    await user.give_code(wrong)
    await expect(page.locator("#message")).to_contain_text("Trop d'essais")
    await expect(page.locator("#code")).to_have_count(0)
    await stale.locator("#code").fill(code)
    await stale.get_by_role("button", name=user.word("check")).click()
    await expect(stale.locator("#message")).to_contain_text("Trop d'essais")
    await expect(page.locator("#renvoi")).to_be_visible()
    await _again_once_allowed(user, page)
    await user.give_code((await portal.mail.validation_mail(address, 2)).code)
    await user.at("verified")


async def _again_once_allowed(user: ChromiumUser, page: Page) -> None:
    """Without scripts the button is always enabled; too early, the page shows when it works."""

    async def sent() -> bool:
        await page.locator("#renvoi").click()
        await expect(page.locator("#alerte, main .fr-alert--success")).to_be_visible()
        if await page.locator("main .fr-alert--success").is_visible():
            return True
        await expect(page.locator("#alerte")).to_contain_text("Un message vient de partir")
        return False

    await eventually(sent, every=0.5, why="another message is sent")


def _same_for_all(text: str, address: str) -> str:
    """A page's text without what differs between any two people."""
    text = text.replace(address, "ADDRESS")
    return re.sub(r"\d{1,2}:\d{2}|\(dans \d+ s\)|\d+ s\b", "TIME", text)


async def _seen_off(portal: SpawnedPortal, address: str) -> bool:
    rows = await portal.rows(
        "select mail_state from registration.requests where address = $1 and state = 'pending'",
        address,
    )
    return [row["mail_state"] for row in rows] == ["accepted"]


async def test_b_03_g_51_a_known_address_gets_the_same_pages_and_another_mail(
    portal: SpawnedPortal, new_user: NewUser, address: str
) -> None:
    """The pages do not differ; the holder of the account is notified by mail."""
    await portal.account(address)
    shown = []
    for one in (address, f"new-{address}"):
        user = await new_user(scripts=False)
        await user.ask(one)
        # The delivery status is shown alike too, once the message is sent.
        await eventually(lambda one=one: _seen_off(portal, one), 60, every=0.1)
        await user.open("/inscription/validation")
        first = await user.page.locator("main").inner_text()
        await user.give_code("000000")
        await expect(user.page.locator("#alerte")).to_be_visible()
        refused = await user.page.locator("#alerte").inner_text()
        shown.append([_same_for_all(text, one) for text in (first, refused)])
    assert shown[0] == shown[1]
    notice = (await portal.mail.message(address, 3)).message
    assert str(notice["Subject"]) == "Vous avez déjà un compte IMPEXWEB"
    assert "Vous avez déjà" not in str(portal.mail.to(f"new-{address}")[0].message["Subject"])
