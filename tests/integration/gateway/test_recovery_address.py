"""The recovery address in the account: added, proved, removed (OT-19)."""

import pytest

from tests.support.actors.account_holder import AccountHolder
from tests.support.servers.portal import Portal

pytestmark = pytest.mark.asyncio(loop_scope="package")

PATH = "/compte/adresse-de-secours"
CONFIRM, REMOVE = f"{PATH}/validation", f"{PATH}/retrait"


async def test_ot_19_a_recovery_address_is_added_proved_and_removed(
    portal: Portal, address: str
) -> None:
    person, other = AccountHolder(portal, address), f"secours-{address}"
    await person.settle()
    assert person.phone is not None
    browser = person.browser
    page = await browser.get(PATH)
    assert "Aucune adresse de secours." in page.text
    portal.clock.advance(seconds=31)
    code = person.phone.code()
    for typed in ("a@b", address):
        page = await browser.post(page, PATH, {"address": typed, "code": code})
        assert (page.refused, "#address" in page.html) == (True, True), page.text
    # The address was checked first: the code was not used up.
    page = await browser.post(page, PATH, {"address": other, "code": code})
    assert page.path == CONFIRM, page.text
    assert other in page.text
    wrong = await browser.post(page, CONFIRM, {"code": "000000"})
    assert "Encore 4 essais." in wrong.text
    mail = await portal.sent_mails.to(other)
    page = await browser.post(wrong, CONFIRM, {"code": mail.code})
    assert (page.path, "Adresse de secours vérifiée" in page.text) == (PATH, True)
    account = await person.account_id()
    changed = await portal.sent_mails.event("RecoveryAddressChanged", account)
    assert changed.data["address"] == other
    page = await browser.get(REMOVE)
    refused = await browser.post(page, REMOVE, {"code": "000000"})
    assert refused.refused
    portal.clock.advance(seconds=31)
    page = await browser.post(refused, REMOVE, {"code": person.phone.code()})
    assert "Adresse de secours retirée." in page.text
    assert "Aucune adresse de secours." in page.text
