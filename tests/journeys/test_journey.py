"""The whole way from the welcome page to the account, in Chromium.

Language, link or code, one device or two, with and without scripts: each pair of choices is covered
by one of the cases below (pairwise testing).
"""

import pytest
from playwright.async_api import expect

from tests.support.actors.chromium_user import ChromiumUser
from tests.support.mail.mail_fixture import ValidationMail
from tests.support.servers.portal import PASSWORD
from tests.support.servers.spawned_portal import NewUser, SpawnedPortal

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="session"),
]

MERCI = {
    "fr": "Merci : votre demande de création de compte a été vérifiée.",
    "en": "Thank you",
}
EXISTS = {"fr": "Votre compte existe", "en": "Your account has been created"}
SUBJECTS = {
    "fr": (
        "Validation de la création de votre compte utilisateur",
        "Finalisation de la création de votre compte utilisateur IMPEXWEB",
    ),
    "en": (
        "Confirm your email address to create your account",
        "Finish setting up your IMPEXWEB account",
    ),
}


async def _prove_by_link(user: ChromiumUser, mail: ValidationMail, *, elsewhere: bool) -> None:
    """Open the link, choose the only button; on another device the password comes first."""
    await user.open(mail.link)
    field = user.page.locator("#password")
    assert await field.is_visible() == elsewhere
    if elsewhere:
        await field.fill(PASSWORD)
    await user.press("confirm")


async def _prove(
    user: ChromiumUser, other: ChromiumUser | None, mail: ValidationMail, way: str
) -> ChromiumUser:
    """Verify the address in one of the ways; returns the browser that continues with the terms."""
    if way == "link":
        proving = other or user
        await _prove_by_link(proving, mail, elsewhere=other is not None)
    else:
        proving = other or user
        await proving.give_code(mail.code)
    await proving.at("verified")
    await expect(proving.page.locator("main")).to_contain_text(MERCI[user.language])
    return proving


async def _sign_in(user: ChromiumUser, address: str) -> None:
    await user.page.locator("#address").fill(address)
    await user.page.locator("#password").fill(PASSWORD)
    await user.press("sign_in")


@pytest.mark.parametrize(
    ("language", "way", "devices", "scripts"),
    [
        ("fr", "code", 1, True),
        ("en", "link", 1, False),
        ("fr", "link", 2, False),
        ("en", "link", 2, True),
        ("en", "code", 2, False),
        ("fr", "code", 2, True),
        ("en", "code", 1, True),
        ("fr", "code", 1, False),
    ],
)
async def test_g_01_to_g_14_from_the_welcome_to_the_account(
    portal: SpawnedPortal,
    new_user: NewUser,
    address: str,
    language: str,
    way: str,
    devices: int,
    scripts: bool,
) -> None:
    """G-01…G-14, B-02, B-03, B-09: the account is created whichever way is taken."""
    user = await new_user(language=language, scripts=scripts)
    await user.open("/")
    await expect(user.page.locator("html")).to_have_attribute("lang", language)
    await user.press("begin")
    await user.at("form")
    await user.fill(address)
    await user.press("continue")
    await user.at("validation")
    mail = await portal.mail.validation_mail(address)
    assert mail.subject == SUBJECTS[language][0]

    other = None
    if devices == 2:
        other = await new_user(language=language, scripts=scripts)
        if way == "code":
            # A person who lost the first page signs in elsewhere and gets the due step.
            await other.open("/connexion")
            await _sign_in(other, address)
            await other.at("validation")
    active = await _prove(user, other, mail, way)
    if other is not None and scripts:
        # The page left open on the first device continues by itself.
        await user.at("verified")
    await active.press("continue")
    await active.at("terms")
    await active.accept()
    page = active.page
    await expect(page.locator("[data-creation-text]").first).to_contain_text(EXISTS[language])
    if scripts:
        dialog = page.get_by_role("dialog", name="Creating" if language == "en" else "Création")
        await dialog.get_by_role("link", name=active.word("sign_in")).click()
    else:
        await active.press("sign_in")
    await active.at("sign_in")
    await _sign_in(active, address)
    await active.at("enrolment")

    received = await portal.mail.message(address, 2)
    assert str(received.message["Subject"]) == SUBJECTS[language][1]
    assert len(portal.mail.to(address)) == 2
    accounts = await portal.rows(
        "select language from registration.accounts where address = $1", address
    )
    assert [row["language"] for row in accounts] == [language]
