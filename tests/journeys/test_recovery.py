"""Account recovery: mails, links and phones, in Chromium."""

import pytest
from playwright.async_api import expect

from tests.support import eventually
from tests.support.actors.chromium_account_holder import ChromiumAccountHolder, key_shown
from tests.support.actors.chromium_user import tick
from tests.support.servers.spawned_portal import NewUser, SpawnedPortal

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="session"),
]

NEW_PASSWORD = "Zug&Wolke47"


async def _settled(portal: SpawnedPortal, new_user: NewUser, address: str) -> ChromiumAccountHolder:
    """A person with an account, a phone and recovery codes, in an unknown browser."""
    holder = ChromiumAccountHolder(portal, await new_user(), address)
    await holder.settle()
    return holder


async def test_g_44_a_forgotten_password_is_replaced_by_the_mailed_link(
    portal: SpawnedPortal, new_user: NewUser, address: str
) -> None:
    """G-44, RE-05, OT-16: link, live rules, a new password; the second factor is still asked."""
    holder = await _settled(portal, new_user, address)
    user, page = holder.user, holder.user.page
    await user.open("/connexion")
    await user.press("forgotten")
    await page.locator("#address").fill(address)
    await user.press("send_link")
    await expect(page.locator("h1")).to_have_text("Regardez votre messagerie")
    link = await portal.mail.link(address, "/mot-de-passe")
    for _ in range(2):  # a mail scanner opens it too; nothing is consumed
        await user.open(link)
        await expect(page.locator("h1")).to_have_text("Choisir un nouveau mot de passe")
    await user.switch_language()
    field, left = page.locator("#password"), page.locator("#suite")
    await field.fill("abc")
    await expect(left).to_contain_text("Encore 2 règles à respecter.")
    await field.press("Enter")
    await expect(left).to_be_visible()
    assert page.url == link  # the form is not sent
    await field.fill(NEW_PASSWORD)
    await expect(left).to_contain_text(
        "Les règles vérifiables ici sont respectées ; votre nom sera vérifié à l'envoi."
    )
    await user.press("change_password")
    await user.at("sign_in")
    await expect(page.locator("main")).to_contain_text("Mot de passe changé")

    await holder.give_password()
    await expect(page.locator("#alerte")).to_contain_text("Adresse ou mot de passe incorrect.")
    await holder.give_password(NEW_PASSWORD)
    await user.at("code")
    await holder.give_code()
    await user.at("home")
    await user.open(link)
    await expect(page.locator("main")).to_contain_text("Ce lien a déjà servi")
    await portal.mail.link(address, "/ce-n-est-pas-moi")


async def test_b_13_a_recovery_code_opens_the_enrolment_of_a_new_phone(
    portal: SpawnedPortal, new_user: NewUser, address: str
) -> None:
    """B-13, OT-14: typed as displayed; the old phone is valid until the new one's first code."""
    holder = await _settled(portal, new_user, address)
    user, page, former = holder.user, holder.user.page, holder.phone
    assert former is not None
    await user.open("/connexion")
    await holder.give_password()
    await user.at("code")
    await user.press("recovery")
    await user.at("recovery")
    await user.switch_language()
    field = page.locator("#recovery_code")
    await field.fill("ABCD EFGH IJKL MNOP")
    await user.press("continue")
    await expect(page.locator("#alerte")).to_contain_text("Ce code de secours n'est pas valable.")
    await field.fill(holder.recovery[3].lower().replace(" ", "-"))
    await user.press("continue")
    await user.at("enrolment")
    await expect(page.locator("main")).to_contain_text("L'ancien reste valable jusqu'au")
    key = await holder.scan()
    assert key != former.shows.key
    await holder.give_code(former.shows.code(1))
    await expect(page.locator("#alerte")).to_contain_text("Code refusé.")
    assert await key_shown(user) == key
    await holder.give_code()
    await user.at("home")
    await user.open("/compte")
    await expect(page.locator("main")).to_contain_text("Il vous reste 9 codes de secours.")

    await user.sign_out()
    await holder.give_password()
    await user.at("code")
    await holder.give_code(former.shows.code(1))
    await expect(page.locator("#alerte")).to_contain_text("Ce n'est pas le bon code.")
    await holder.give_code()
    await user.at("home")


async def test_g_25_a_new_phone_from_the_account_page(
    portal: SpawnedPortal, new_user: NewUser, address: str
) -> None:
    """G-25, OT-12: by password and a code of the old phone, then by the new one's."""
    holder = ChromiumAccountHolder(portal, await new_user(), address)
    user, page = holder.user, holder.user.page
    await holder.arrive()
    await user.open("/compte")
    await user.press("change_phone")
    await page.locator("#password").fill("Falsch&47xyz")
    await page.locator("#code").fill("000000")
    await user.press("continue")
    await expect(page.locator("#alerte")).to_contain_text("Ce n'est pas votre mot de passe.")
    await page.locator("#password").fill(holder.password)
    await page.locator("#code").fill(await holder.code())
    await user.press("continue")
    await user.at("new_phone")
    await user.switch_language()
    await holder.scan()
    await holder.give_code()
    await user.at("account")
    await expect(page.locator("main")).to_contain_text("Nouveau téléphone enrôlé")
    await expect(page.get_by_role("row").filter(has_text="Cette session")).to_have_count(1)
    await expect(page.get_by_role("row")).to_have_count(2)  # the headings, and this one
    await user.sign_out()
    await holder.sign_in()


@pytest.mark.parametrize("stolen", [False, True])
async def test_g_26_a_lost_phone_is_reported_and_confirmed_by_mail(
    portal: SpawnedPortal, new_user: NewUser, address: str, stolen: bool
) -> None:
    """G-26: the answer is the same for anybody; a theft freezes the account once confirmed."""
    holder = await _settled(portal, new_user, address)
    user, page = holder.user, holder.user.page
    await user.open("/telephone-perdu")
    await page.locator("#address").fill(address)
    await user.press("send_message")
    await expect(page.locator("h1")).to_have_text("Confirmez depuis votre messagerie")
    link = await portal.mail.link(address, "/telephone-perdu/confirmer")
    await user.open(link)
    await user.switch_language()
    await page.locator("#code").fill(portal.mail.code_of(address, link))
    if stolen:
        await tick(page.locator("#stolen"))
        await page.locator("#password").fill(holder.password)
    await user.press("confirm_loss")
    await expect(page.locator("h1")).to_have_text("Téléphone déclaré perdu")
    await user.open("/connexion")
    await holder.give_password()
    if stolen:
        await expect(page.locator("#alerte")).to_contain_text("Adresse ou mot de passe incorrect.")
    else:
        await user.at("code")


async def test_it_was_not_me_closes_the_sessions_and_freezes_the_account(
    portal: SpawnedPortal, new_user: NewUser, address: str
) -> None:
    """From the mail about an unknown browser, on another device."""
    thief = await _settled(portal, new_user, address)
    await thief.sign_in()
    page = thief.user.page
    await eventually(
        lambda: "Nouvelle connexion" in str(portal.mail.to(address)[-1].message["Subject"]),
        60,
        why="the mail about the new device",
    )
    owner = await new_user()
    link = await portal.mail.link(address, "/ce-n-est-pas-moi")
    await owner.open(link)
    await expect(owner.page.locator("h1")).to_have_text("Ce n'est pas moi")
    await owner.switch_language()
    await thief.user.open("/compte")
    await thief.user.at("account")  # opening the link does nothing yet
    await owner.page.locator("#code").fill(portal.mail.code_of(address, link))
    await owner.press("block")
    await expect(owner.page.locator("h1")).to_have_text("Compte bloqué")
    await page.reload()
    await thief.user.at("sign_in")
    await expect(page.locator("main")).to_contain_text("Session fermée par sécurité.")

    async def asked_for_a_code() -> bool:
        async with page.expect_navigation():
            await thief.give_password()
        return page.url.endswith("/connexion/code")

    # Sessions opened within the clock skew after the freeze are closed too. After it the password
    # leads to the second factor, which undoes the freeze, and without the phone no further.
    await eventually(asked_for_a_code, every=1, why="the password leads to the code")
    assert thief.phone is not None
    await thief.give_code(thief.phone.shows.wrong())
    await expect(page.locator("#alerte")).to_contain_text("Ce n'est pas le bon code.")
