"""What became of the message, live; another message; codes right and wrong; a known address."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from tests.integration.gateway.conftest import PASSWORD
from tests.journeys.conftest import RESEND_SECONDS, Portal, Visit
from tests.journeys.visitor import Visitor
from tests.support import eventually

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(90),
    pytest.mark.asyncio(loop_scope="session"),
]

LIVE, ASKED = "/inscription/validation/suivi", "/inscription/validation/etat"
DELIVERED = re.compile(r"Message remis au serveur de messagerie à ")


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "asked-again"])
async def test_b_01_the_fate_of_the_message_appears_without_reload(
    portal: Portal, visit: Visit, address: str, stream: bool
) -> None:
    """Over server-sent events, and where a proxy breaks them by asking again."""
    visitor = await visit()
    page = visitor.page
    if not stream:
        await page.route("**" + LIVE, lambda route: route.abort())
    portal.post.silent_after_data = True
    try:
        await visitor.ask(address)
        await page.evaluate("window.stayed = true")
        await portal.post.message(address)
        await expect(page.locator("#message")).to_have_attribute("data-state", "waiting")
    finally:
        portal.post.silent_after_data = False
    await expect(page.locator("#message-etat")).to_have_text(DELIVERED, timeout=20_000)
    assert await page.evaluate("window.stayed")
    assert (ASKED in visitor.asked) == (not stream)
    assert LIVE in visitor.asked


async def test_bad_58_a_refused_address_is_corrected_from_the_live_page(
    portal: Portal, visit: Visit, address: str
) -> None:
    """550 from the mail server: « Corriger l'adresse » appears by itself, and works."""
    visitor = await visit()
    page, wrong = visitor.page, f"wrong-{address}"
    portal.post.unknown.add(wrong)
    await visitor.ask(wrong)
    await expect(page.locator("#message-etat")).to_contain_text("Adresse refusée", timeout=20_000)
    await expect(page.locator("#message-etat")).to_contain_text("boîte inconnue")
    await page.locator("#message-corriger a").click()
    await visitor.at("address")
    await page.locator("#address").fill(address)
    await page.locator("#password").fill(PASSWORD)
    await visitor.press("correct")
    await visitor.at("validation")
    await expect(page.locator("main")).to_contain_text(f"un message part vers {address}")
    letter = await portal.post.letter(address)
    await visitor.give_code(letter.code)
    await visitor.at("verified")
    assert portal.post.to(wrong) == []


async def test_g_11_another_message_after_the_countdown(
    portal: Portal, visit: Visit, address: str
) -> None:
    """The button waits, counts, sends; only the new code counts, and the old link says so."""
    visitor = await visit()
    page = visitor.page
    await visitor.ask(address)
    first = await portal.post.letter(address)
    button = page.locator("#renvoi")
    await expect(button).to_have_attribute("aria-disabled", "true")
    await expect(page.locator("#renvoi-attente")).to_have_text(re.compile(r"\(dans [1-9]+ s\)"))
    await button.click(force=True)
    await expect(button).not_to_have_attribute(
        "aria-disabled", "true", timeout=(RESEND_SECONDS + 5) * 1000
    )
    await button.click()
    await expect(page.get_by_role("status").first).to_contain_text("Seul son code compte")
    second = await portal.post.letter(address, 2)
    assert second.code != first.code
    await visitor.give_code(first.code)
    await expect(page.locator("#alerte")).to_contain_text("pas celui du dernier message")
    await visitor.open(first.link)
    await expect(page.locator("main")).to_contain_text("Un message plus récent a remplacé celui-ci")
    await visitor.open("/inscription/validation")
    await visitor.give_code(second.code)
    await visitor.at("verified")
    assert len(portal.post.to(address)) == 2


async def test_g_10_a_code_pasted_with_spaces_is_taken(
    portal: Portal, visit: Visit, address: str
) -> None:
    """As mail programs copy it: spaces inside, around, and a no-break one."""
    visitor = await visit()
    await visitor.ask(address)
    code = (await portal.post.letter(address)).code
    await visitor.give_code(f"  {code[:3]}\u00a0{code[3:]} ")
    await visitor.at("verified")


async def test_re_05_five_wrong_codes_void_the_code(
    portal: Portal, visit: Visit, address: str
) -> None:
    """The tries left are told; then even the right code is refused, until another message."""
    visitor = await visit(scripts=False)
    page = visitor.page
    await visitor.ask(address)
    code = (await portal.post.letter(address)).code
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    for left in ("4 essais", "3 essais", "2 essais", "1 essai"):
        await visitor.give_code(wrong)
        await expect(page.locator("#alerte")).to_contain_text(f"Encore {left}")
    for given in (wrong, code):
        await visitor.give_code(given)
        await expect(page.locator("#alerte")).to_contain_text("Code invalidé")
    await expect(page.locator("#renvoi")).to_be_visible()
    await _again_once_allowed(visitor, page)
    await visitor.give_code((await portal.post.letter(address, 2)).code)
    await visitor.at("verified")


async def _again_once_allowed(visitor: Visitor, page: Page) -> None:
    """Without scripts the button is always there; too early, the page says when."""
    for _ in range(40):
        await page.locator("#renvoi").click()
        await expect(page.locator("#alerte, main .fr-alert--success")).to_be_visible()
        if await page.locator("main .fr-alert--success").is_visible():
            return
        await expect(page.locator("#alerte")).to_contain_text("Un message vient de partir")
    raise AssertionError("no other message could be sent")


def _same_for_all(text: str, address: str) -> str:
    """A page's words without what differs between any two people."""
    text = text.replace(address, "ADDRESS")
    return re.sub(r"\d{1,2}:\d{2}|\(dans \d+ s\)|\d+ s\b", "TIME", text)


async def _seen_off(portal: Portal, address: str) -> bool:
    rows = await portal.rows(
        "select mail_state from registration.requests where address = $1 and state = 'pending'",
        address,
    )
    return [row["mail_state"] for row in rows] == ["accepted"]


async def test_b_03_g_51_a_known_address_gets_the_same_pages_and_another_mail(
    portal: Portal, visit: Visit, address: str
) -> None:
    """Nothing on the page tells them apart; the holder of the account is told by mail."""
    await portal.account(address)
    shown = []
    for one in (address, f"new-{address}"):
        visitor = await visit(scripts=False)
        await visitor.ask(one)
        # The fate of the message is told alike too, once it has left.
        await eventually(lambda one=one: _seen_off(portal, one), 30, every=0.1)
        await visitor.open("/inscription/validation")
        first = await visitor.page.locator("main").inner_text()
        await visitor.give_code("000000")
        await expect(visitor.page.locator("#alerte")).to_be_visible()
        refused = await visitor.page.locator("#alerte").inner_text()
        shown.append([_same_for_all(text, one) for text in (first, refused)])
    assert shown[0] == shown[1]
    told = (await portal.post.message(address, 3)).message
    assert str(told["Subject"]) == "Vous avez déjà un compte IMPEXWEB"
    assert "Vous avez déjà" not in str(portal.post.to(f"new-{address}")[0].message["Subject"])
