"""From the password to the home page in a browser without scripts (G-20 to G-24, G-40)."""

import asyncio
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from bs4 import BeautifulSoup
from markupsafe import Markup

from services.gateway.portal import qr
from services.gateway.portal.qr import EnrolmentCodes
from tests.support.actors.account_holder import AccountHolder, codes_on, key_on
from tests.support.actors.http_browser import HttpResponse
from tests.support.authenticator import Authenticator
from tests.support.servers.portal import Portal

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_g_20_g_40_the_first_sign_in_enrols_and_the_next_asks_for_a_code(
    portal: Portal, address: str
) -> None:
    person = AccountHolder(portal, address)
    await person.create()
    page = await person.give_password()
    assert page.path == "/connexion/telephone"
    assert page.soup.select_one("svg.impex-qr")
    enrolled = await person.enrol(page)
    assert enrolled.path == "/connexion/codes-de-secours"
    codes, information = await person.keep_codes(enrolled)
    assert len(set(codes)) == 10
    assert all(re.fullmatch(r"([A-Z2-7]{4} ){3}[A-Z2-7]{4}", code) for code in codes)
    assert information.path == "/informations", "what is left to do (G-30)"
    assert "Pierre Durand" in information.text
    event = await portal.sent_mails.event("SessionOpened", await person.account_id())
    assert event.data["new_device"] is False
    page = await person.browser.get("/accueil")
    out = await person.browser.post(page, "/deconnexion")
    assert out.path == "/connexion"
    assert (await person.browser.get("/accueil")).path == "/connexion"
    again = await person.sign_in()
    assert (again.status, again.path) == (200, "/informations")
    await person.declare(again)
    await person.browser.post(await person.browser.get("/accueil"), "/deconnexion")
    home = await person.sign_in()
    assert (home.status, home.path) == (200, "/accueil")


async def test_g_40_in_english_too(portal: Portal, address: str) -> None:
    person = AccountHolder(portal, address)
    person.browser = portal.browser("en")
    codes = await person.settle()
    assert len(codes) == 10
    page = await person.browser.get("/compte")
    assert page.soup.html
    assert page.soup.html["lang"] == "en"


async def test_ot_11_the_same_key_after_a_reload_and_a_wrong_code_another_after_starting_again(
    portal: Portal, address: str
) -> None:
    person = AccountHolder(portal, address)
    await person.create()
    page = await person.give_password()
    phone = person.scan(page)
    assert key_on(await person.browser.get("/connexion/telephone")) == phone.key
    refused = await person.browser.post(page, page.path, {"code": phone.wrong()})
    assert refused.refused
    assert key_on(refused) == phone.key
    assert _modules(refused) == _modules(page) == _modules_of_link(page)
    again = await person.browser.post(refused, "/connexion/telephone/recommencer")
    renewed = Authenticator(key_on(again), portal.clock)
    assert renewed.key != phone.key
    assert _modules(again) == _modules_of_link(again) != _modules(page)
    # The form of the former key gives the former key's code: refused, with the new picture (37).
    old = await person.browser.post(refused, "/connexion/telephone", {"code": phone.code()})
    assert old.refused
    assert key_on(old) == renewed.key
    done = await person.browser.post(old, "/connexion/telephone", {"code": renewed.code()})
    assert done.path == "/connexion/codes-de-secours"


async def test_ot_18_no_drawing_of_a_key_is_remembered_once_its_enrolment_is_over(
    portal: Portal, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Started again, confirmed, or found to be void."""
    shown: list[Callable[[], bool]] = []
    draw = EnrolmentCodes.svg

    def observed(codes: EnrolmentCodes, *values: Any, **named: Any) -> Markup:
        svg = draw(codes, *values, **named)
        shown.append(lambda: draw(codes, *values, **named) is svg)
        return svg

    monkeypatch.setattr(EnrolmentCodes, "svg", observed)
    person, other = AccountHolder(portal, address), portal.browser()
    await person.create()
    page = await person.give_password()
    is_remembered = shown[-1]
    assert is_remembered()
    page = await person.browser.post(page, "/connexion/telephone/recommencer")
    assert not is_remembered()
    is_remembered = shown[-1]
    there = await person.give_password(browser=other)
    is_remembered_there = shown[-1]
    assert is_remembered()
    assert (await person.enrol(page)).path == "/connexion/codes-de-secours"
    assert not is_remembered()
    assert is_remembered_there(), "this process has not asked for it since"
    assert (await other.get(there.path)).path == "/connexion/code"
    assert not is_remembered_there()


def _modules(page: HttpResponse) -> str:
    """The dark modules of the picture."""
    (_, dark) = page.soup.select("svg.impex-qr")[0].select("path")
    return str(dark["d"])


def _modules_of_link(page: HttpResponse) -> str:
    """Those of the key that the link to the same device has."""
    link = page.soup.select('a[href^="otpauth:"]')[0]
    drawn = qr.svg(str(link["href"]), "")
    return str(BeautifulSoup(drawn, "html.parser").select("path")[1]["d"])


async def test_ot_11_an_unconfirmed_key_is_shown_to_no_other_session(
    portal: Portal, address: str
) -> None:
    """A thief who knows the password sees another key than the one the owner is scanning."""
    person, thief = AccountHolder(portal, address), portal.browser()
    await person.create()
    mine = await person.give_password()
    theirs = await person.give_password(browser=thief)
    assert key_on(mine) != key_on(theirs)
    assert (await person.enrol(mine)).path == "/connexion/codes-de-secours"
    stolen = Authenticator(key_on(theirs), portal.clock)
    late = await thief.post(theirs, theirs.path, {"code": stolen.code()})
    # The owner's key was confirmed first: the thief needs a code of the owner's phone.
    assert late.path == "/connexion/code"


async def test_ot_04_two_browsers_with_one_code_open_one_session(
    portal: Portal, address: str
) -> None:
    person = AccountHolder(portal, address)
    await person.settle()
    assert person.phone is not None
    browsers = [portal.browser(), portal.browser()]
    pages = [await person.give_password(browser=one) for one in browsers]
    portal.clock.advance(seconds=30)
    code = person.phone.code()
    answers = await asyncio.gather(
        *(
            one.post(page, "/connexion/code", {"code": code})
            for one, page in zip(browsers, pages, strict=True)
        )
    )
    assert sorted(one.path for one in answers) == ["/accueil", "/connexion/code"]
    refused = next(one for one in answers if one.path == "/connexion/code")
    assert "Ce code vient de servir" in refused.text


async def test_ot_04_the_code_that_enrolled_is_refused_as_a_first_sign_in_code(
    portal: Portal, address: str
) -> None:
    person = AccountHolder(portal, address)
    await person.create()
    page = await person.give_password()
    phone = person.scan(page)
    code = phone.code()
    await person.browser.post(page, page.path, {"code": code})
    other = portal.browser()
    page = await person.give_password(browser=other)
    refused = await other.post(page, "/connexion/code", {"code": code})
    assert refused.refused
    assert "Ce code vient de servir" in refused.text


@pytest.mark.parametrize("typed", ["{0} {1}", " {0}{1} ", "{0}-{1}", "{0}\u00a0{1}"])
async def test_a_code_is_cleaned(portal: Portal, address: str, typed: str) -> None:
    person = AccountHolder(portal, address)
    await person.settle()
    assert person.phone is not None
    other = portal.browser()
    page = await person.give_password(browser=other)
    portal.clock.advance(seconds=30)
    code = person.phone.code()
    home = await person.give_code(page, typed.format(code[:3], code[3:]), other)
    assert home.path == "/accueil"


async def test_a_code_that_is_not_six_digits_has_its_own_error(
    portal: Portal, address: str
) -> None:
    person = AccountHolder(portal, address)
    await person.settle()
    browser = portal.browser()
    page = await person.give_password(browser=browser)
    for typed in ("", "12345", "abcdef", "１２３４５６", "²⁸⁷⁰⁸²", "-12345", "1234567"):
        page = (
            await person.give_code(page, typed, browser)
            if typed
            else await browser.post(page, "/connexion/code", {"code": ""})
        )
        assert page.refused, typed
        assert "6 chiffres" in page.text, typed
    # None of them counted.
    assert (await person.give_code(page, browser=browser)).path == "/accueil"


async def test_g_24_wrong_codes_lock_and_the_page_shows_for_how_long(
    portal: Portal, address: str
) -> None:
    """AU-02, AU-03: the right code is not checked during the lock, and works after it."""
    person = AccountHolder(portal, address)
    await person.settle()
    assert person.phone is not None
    account = await person.account_id()
    browser = portal.browser()
    page = await person.give_password(browser=browser)
    for left in (4, 3, 2, 1):
        page = await person.give_code(page, person.phone.wrong(), browser)
        assert page.refused
        assert f"Encore {left} essai" in page.text
    for _ in range(2):
        page = await person.give_code(page, person.phone.wrong(), browser)
        assert page.status == 429
        assert "Trop de codes refusés" in page.text
        assert "dans 2 min" in page.text
    assert 60 < int(page.headers["Retry-After"]) <= 90
    locked = await portal.sent_mails.event("CodeCheckLocked", account)
    assert locked.data["kind"] == "totp"
    page = await person.give_code(page, browser=browser)
    assert page.status == 429
    portal.clock.advance(seconds=90)
    page = await person.give_code(page, browser=browser)
    assert page.path == "/accueil"
    opened = await portal.sent_mails.event("SessionOpened", account, 2)
    assert opened.data["failures"] == 5
    assert opened.data["new_device"] is True


@pytest.mark.parametrize(("late", "word"), [(4, "retarde de 4 minutes"), (-4, "avance de 4")])
async def test_g_23_a_phone_four_minutes_off_is_refused_with_its_drift(
    portal: Portal, address: str, late: int, word: str
) -> None:
    """OT-05: on two codes in a row; with a corrected clock, it works."""
    person = AccountHolder(portal, address)
    await person.settle()
    phone = person.phone
    assert phone is not None
    browser = portal.browser()
    page = await person.give_password(browser=browser)
    phone.late = timedelta(minutes=late)
    page = await person.give_code(page, browser=browser)
    assert page.refused
    assert "Ce n'est pas le bon code" in page.text
    page = await person.give_code(page, browser=browser)
    assert page.refused
    assert word in page.text
    phone.late = timedelta()
    assert (await person.give_code(page, browser=browser)).path == "/accueil"


async def test_b_13_a_recovery_code_opens_the_enrolment_of_a_new_phone(
    portal: Portal, address: str
) -> None:
    person = AccountHolder(portal, address)
    codes = await person.settle()
    old = person.phone
    assert old is not None
    account, other = await person.account_id(), portal.browser()
    page = await person.give_password(browser=other)
    page = await other.get("/connexion/code-de-secours")
    wrong = await other.post(page, page.path, {"recovery_code": "AAAA BBBB CCCC DDDD"})
    assert wrong.refused
    assert "Ce code de secours n'est pas valable" in wrong.text
    typed = codes[3].lower().replace(" ", "-")
    page = await other.post(wrong, page.path, {"recovery_code": typed})
    assert page.path == "/connexion/telephone"
    new = Authenticator(key_on(page), portal.clock)
    # The old phone works until the new one's first code is right.
    assert (await person.sign_in(portal.browser())).path == "/accueil"
    portal.clock.advance(seconds=30)
    home = await other.post(page, page.path, {"code": new.code()})
    assert home.path == "/accueil"
    used = await portal.sent_mails.event("RecoveryCodeUsed", account)
    assert used.data["left"] == 9
    replaced = await portal.sent_mails.event("AuthenticatorReplaced", account)
    assert replaced.data["by"] == "recovery"
    # All other sessions are closed, the old phone's codes are refused.
    assert (await person.browser.get("/accueil")).path == "/connexion"
    page = await person.give_password()
    refused = await person.give_code(page, old.code())
    assert refused.refused
    again = portal.browser()
    page = await person.give_password(browser=again)
    page = await again.get("/connexion/code-de-secours")
    twice = await again.post(page, page.path, {"recovery_code": codes[3]})
    assert "Ce code de secours n'est pas valable" in twice.text


async def test_ot_14_p_04_unconfirmed_recovery_codes_stay_and_the_box_is_required(
    portal: Portal, address: str
) -> None:
    person = AccountHolder(portal, address)
    await person.create()
    page = await person.enrol()
    first = codes_on(page)
    unticked = await person.browser.post(page, page.path)
    assert unticked.refused
    assert codes_on(unticked) == first
    assert "cochez la case" in unticked.text
    again = await person.browser.get(page.path)
    assert codes_on(again) == first
    # Another list, made by a press in the account after the code has grown old.
    portal.clock.advance(minutes=16)
    assert person.phone is not None
    here = await person.browser.get(page.path)
    assert here.path == "/compte/codes-de-secours"
    given = {"password": person.password, "code": person.phone.code()}
    made = await person.browser.post(here, here.path, given)
    assert "Les codes précédents n'ont pas été confirmés" in made.text
    assert not set(codes_on(made)) & set(first)
    # Confirmed in the window of the former list: those codes are invalid.
    stale = await person.browser.post(again, page.path, {"kept": "1"})
    assert "La liste que vous avez confirmée n'est plus valable" in stale.text
    assert codes_on(stale) == codes_on(made)
    _, information = await person.keep_codes(stale)
    assert information.path == "/informations"
    assert (await person.browser.get(page.path)).path == "/informations"


async def test_ot_13_a_late_enrolment_asks_for_the_address_again(
    portal: Portal, address: str
) -> None:
    person = AccountHolder(portal, address)
    await person.create()
    portal.clock.advance(hours=25)
    page = await person.give_password()
    assert page.path == "/connexion/adresse", page.text
    assert (await person.browser.get("/connexion/telephone")).path == "/connexion/adresse"
    mail = await portal.sent_mails.to(address, kind="AddressProof")
    number = (int(mail.code) + 1) % 1_000_000
    wrong = await person.browser.post(page, page.path, {"code": f"{number:06}"})
    assert wrong.refused
    assert "4 essais" in wrong.text
    # A reload sends nothing; asking again does, and only the new code is good.
    await person.browser.get("/connexion/adresse")
    portal.clock.advance(seconds=61)
    page = await person.browser.get("/connexion/adresse")
    await person.browser.post(page, "/connexion/adresse/renvoi")
    second = await portal.sent_mails.to(address, 2, kind="AddressProof")
    page = await person.browser.get("/connexion/adresse")
    old = await person.browser.post(page, page.path, {"code": mail.code})
    assert old.refused
    page = await person.browser.post(old, "/connexion/adresse", {"code": second.code})
    assert page.path == "/connexion/telephone"
    assert (await person.enrol(page)).path == "/connexion/codes-de-secours"


async def test_au_06_an_account_closed_between_two_steps_ends_the_half_session(
    portal: Portal, address: str
) -> None:
    person = AccountHolder(portal, address)
    await person.create()
    portal.clock.advance(hours=25)
    page = await person.give_password()
    assert page.path == "/connexion/adresse"
    connection = await asyncpg.connect(portal.system.database.admin_url)
    await connection.execute(
        "update registration.accounts set state = 'deactivated' where address = $1", address
    )
    await connection.close()
    page = await person.browser.post(page, page.path, {"code": "123456"})
    assert page.path == "/connexion"
    assert (await person.browser.get("/connexion/adresse")).path == "/connexion"
