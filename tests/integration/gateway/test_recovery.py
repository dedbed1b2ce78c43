"""Forgotten password, lost phone, « ce n'est pas moi »: links that change nothing when opened
(G-44, RE-04 to RE-06, OT-16, B-03).
"""

import re
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest

from shared.security.sealing import KeyRing
from shared.security.signed_tokens import sign
from tests.support import eventually
from tests.support.actors.account_holder import AccountHolder, mailed_code
from tests.support.actors.http_browser import HttpBrowser, HttpResponse
from tests.support.servers.portal import Portal

pytestmark = pytest.mark.asyncio(loop_scope="package")

NEW = "Wmqt4xZh!7"


async def _request_reset(browser: HttpBrowser, address: str) -> HttpResponse:
    page = await browser.get("/mot-de-passe-oublie")
    return await browser.post(page, "/mot-de-passe-oublie", {"address": address})


def _bare(page: HttpResponse) -> str:
    """A page without what differs in each answer."""
    return re.sub(r"[A-Za-z0-9_-]{22,}(\.[\w-]+)*|\b[0-9a-f]{12}\b", "~", page.html)


async def test_g_44_a_new_password_by_a_mailed_link(portal: Portal, address: str) -> None:
    """RE-06, OT-16: no automatic sign-in, every session closed, the second factor still asked."""
    person = AccountHolder(portal, address)
    await person.settle()
    sent = await _request_reset(portal.browser(), address)
    assert (sent.status, sent.path) == (200, "/mot-de-passe-oublie")
    assert f"Si {address} a un compte, un message vient de partir" in sent.text
    assert (await person.browser.get("/accueil")).path == "/accueil", "asking changes nothing"
    mail = await portal.sent_mails.to(address, kind="PasswordReset")
    path = f"/mot-de-passe?jeton={mail.token}"
    robot = portal.browser()
    for method in ("HEAD", *["GET"] * 5):
        assert (await robot.send(method, path)).status == 200
    bare = await portal.browser().send_form("/mot-de-passe", {"token": mail.token, "password": NEW})
    assert bare.status == 403, "a robot without the page's own token"
    elsewhere = portal.browser()
    page = await elsewhere.get(path)
    weak = await elsewhere.post(page, "/mot-de-passe", {"password": "Azerty123"})
    assert weak.refused
    own = await elsewhere.post(weak, "/mot-de-passe", {"password": "Durand2026x"})
    assert own.refused
    done = await elsewhere.post(own, "/mot-de-passe", {"password": NEW})
    assert done.path == "/connexion"
    assert "Mot de passe changé" in done.text
    assert "impex-session" not in elsewhere.cookies
    assert (await person.browser.get("/accueil")).path == "/connexion"
    changed = await portal.sent_mails.event("PasswordChanged", await person.account_id())
    assert changed.data["by"] == "reset"
    again = await elsewhere.get(path)
    assert again.soup.find("form", action="/mot-de-passe") is None
    posted = await elsewhere.post(own, "/mot-de-passe", {"password": "Jq8rvLz!kd"})
    assert posted.soup.find("form", action="/mot-de-passe") is None
    person.password = NEW
    assert (await person.sign_in(elsewhere)).path == "/accueil"


async def test_b_03_the_page_is_the_same_for_everybody(portal: Portal, address: str) -> None:
    person = AccountHolder(portal, address)
    await person.settle()
    unknown = f"u-{address}"
    for path, extra in (("/mot-de-passe-oublie", {}), ("/telephone-perdu", {})):
        pages = []
        for given in (address, unknown):
            browser = portal.browser()
            page = await browser.get(path)
            sent = await browser.post(page, path, {"address": given, **extra})
            pages.append((sent.status, _bare(sent).replace(given, "@")))
        assert pages[0] == pages[1], path
        assert pages[0][0] == 200


async def test_g_44_bad_addresses_and_too_many_requests(portal: Portal, address: str) -> None:
    for given, expected in (("", "Saisissez votre adresse"), ("pierre", "nom@exemple.fr")):
        page = await _request_reset(portal.browser(), given)
        assert page.refused
        assert expected in page.text
    for _ in range(5):
        assert (await _request_reset(portal.browser(), address)).status == 200
        portal.clock.advance(minutes=61)
    sixth = await _request_reset(portal.browser(), address)
    assert sixth.status == 429
    assert int(sixth.headers["Retry-After"]) > 3600
    portal.clock.advance(hours=24, seconds=1)
    assert (await _request_reset(portal.browser(), address)).status == 200


@pytest.mark.parametrize(
    ("name", "path"),
    [("forgotten_password", "/mot-de-passe-oublie"), ("lost_phone", "/telephone-perdu")],
)
async def test_ax_10_the_address_typed_at_sign_in_goes_along_and_never_in_a_url(
    browser: HttpBrowser, address: str, name: str, path: str
) -> None:
    page = await browser.get("/connexion")
    button = page.soup.find("button", attrs={"name": "to", "value": name})
    assert button is not None
    assert button["form"] == "saisie"
    given = {"address": address, "password": "Wr0ng-pass", "to": name}
    there = await browser.post(page, "/connexion", given)
    assert (there.status, there.path) == (200, path)
    assert address not in there.query
    field = there.soup.find(id="address")
    assert field is not None
    assert field["value"] == address
    assert not there.soup.find(attrs={"role": "alert"}), "no attempt was counted"
    bare = await browser.post(page, "/connexion", {**given, "address": ""})
    assert (bare.path, bare.query) == (path, "")


async def test_re_05_a_later_link_replaces_the_former_and_links_expire(
    portal: Portal, address: str
) -> None:
    person = AccountHolder(portal, address)
    await person.settle()
    browser = portal.browser()
    await _request_reset(browser, address)
    first = await portal.sent_mails.to(address, kind="PasswordReset")
    portal.clock.advance(minutes=61)
    await _request_reset(browser, address)
    second = await portal.sent_mails.to(address, 2, kind="PasswordReset")
    page = await browser.get(f"/mot-de-passe?jeton={first.token}")
    assert "remplacé" in page.text
    portal.clock.advance(minutes=61)
    page = await browser.get(f"/mot-de-passe?jeton={second.token}")
    assert "expiré" in page.text
    assert page.soup.find("a", href="/mot-de-passe-oublie")
    for token in ("", "abc", "a" * 42, "a&jeton=b"):
        assert (await browser.get(f"/mot-de-passe?jeton={token}")).status == 400
    assert (await browser.get(f"/mot-de-passe?jeton={'a' * 43}")).status == 200


async def test_au_04_a_reset_lifts_the_passwords_wait_and_never_the_codes(
    portal: Portal, address: str
) -> None:
    """A reset clears the password's lock only."""
    person = AccountHolder(portal, address)
    await person.settle()
    assert person.phone is not None
    browser = portal.browser()
    page = await person.give_password(browser=browser)
    for _ in range(5):
        page = await person.give_code(page, person.phone.wrong(), browser)
    stranger = portal.browser()
    for _ in range(6):
        page = await person.give_password("Wr0ng-pass", stranger)
    assert page.status == 429
    assert page.text.count("Trop d'essais") >= 1
    await _request_reset(stranger, address)
    mail = await portal.sent_mails.to(address, kind="PasswordReset")
    page = await stranger.get(f"/mot-de-passe?jeton={mail.token}")
    await stranger.post(page, "/mot-de-passe", {"password": NEW})
    person.password = NEW
    page = await person.give_password(browser=stranger)
    assert page.path == "/connexion/code"
    page = await stranger.post(page, "/connexion/code", {"code": person.phone.code()})
    assert page.status == 429


async def test_g_26_a_lost_phone_is_confirmed_from_the_mailbox(
    portal: Portal, address: str
) -> None:
    person = AccountHolder(portal, address)
    await person.settle()
    browser = portal.browser()
    page = await browser.get("/telephone-perdu")
    assert page.soup.find("a", href=re.compile("/connexion"))
    await browser.post(page, "/telephone-perdu", {"address": address})
    mail = await portal.sent_mails.to(address, kind="LostPhone")
    path = f"/telephone-perdu/confirmer?jeton={mail.token}"
    for _ in range(3):
        page = await portal.browser().get(path)
        assert page.status == 200
    account = await person.account_id()
    assert not portal.sent_mails.of("LostPhoneReported", account)
    robot = await browser.post(await browser.get(path), "/telephone-perdu/confirmer")
    assert robot.refused, "its only button, pressed"
    assert "Saisissez les 6 chiffres du code." in robot.text
    given = {"code": mailed_code(portal, mail.token)}
    done = await browser.post(robot, "/telephone-perdu/confirmer", given)
    assert done.status == 200
    reported = await portal.sent_mails.event("LostPhoneReported", account)
    assert reported.data["stolen"] is False
    assert portal.sent_mails.of("LostPhoneReported", account) == [reported]
    assert (await person.browser.get("/accueil")).path == "/accueil", "nothing else happened"
    again = await browser.get(path)
    assert again.soup.find("form", action="/telephone-perdu/confirmer") is None
    back = await browser.get(f"{robot.path}?{robot.query}")
    assert "Ce lien ne permet plus" in back.text
    assert "Saisissez les 6 chiffres" not in back.text, "nothing is asked for any more (P-07)"


async def test_g_26_a_stolen_phone_freezes_the_account_at_once(
    portal: Portal, address: str
) -> None:
    person = AccountHolder(portal, address)
    await person.settle()
    browser = portal.browser()
    page = await browser.get("/telephone-perdu")
    await browser.post(page, "/telephone-perdu", {"address": address})
    mail = await portal.sent_mails.to(address, kind="LostPhone")
    page = await browser.get(f"/telephone-perdu/confirmer?jeton={mail.token}")
    given = {"code": mailed_code(portal, mail.token), "stolen": "1", "password": "Zzzz9999a"}
    page = await browser.post(page, "/telephone-perdu/confirmer", given)
    assert "Ce n'est pas votre mot de passe." in page.text
    assert (await person.browser.get("/accueil")).path == "/accueil"
    given |= {"password": person.password}
    await browser.post(page, "/telephone-perdu/confirmer", given)
    assert (await person.browser.get("/accueil")).path == "/connexion"
    frozen = await portal.sent_mails.event("AccountFrozen", await person.account_id())
    assert (frozen.data["by"], frozen.data["desk_only"]) == ("lost_phone", True)
    refused = await person.give_password(browser=portal.browser())
    assert refused.refused
    assert "Adresse ou mot de passe incorrect" in refused.text


async def _disavowal(portal: Portal, person: AccountHolder, days: float = 7) -> str:
    ring = KeyRing.parse(portal.system.environment("registration")["IMPEX_DISAVOWAL_KEYS"])
    account = (await person.account_id()).replace("-", "")
    until = portal.clock() + timedelta(days=days)
    return f"/ce-n-est-pas-moi?jeton={sign(ring, 'disavowal', (account, uuid4().hex), until)}"


async def test_not_me_freezes_the_account_until_every_factor_is_given_again(
    portal: Portal, address: str
) -> None:
    """The mailbox and a new password do not unfreeze before the second factor is given too."""
    person = AccountHolder(portal, address)
    await person.settle()
    path = await _disavowal(portal, person)
    for method in ("HEAD", "GET", "GET"):
        assert (await portal.browser().send(method, path)).status == 200
    assert (await person.browser.get("/accueil")).path == "/accueil"
    holder = portal.browser()
    page = await holder.get(path)
    robot = await holder.post(page, "/ce-n-est-pas-moi")
    assert robot.refused, "its only button, pressed"
    assert (await person.browser.get("/accueil")).path == "/accueil"
    given = {"code": mailed_code(portal, path.partition("=")[2])}
    done = await holder.post(robot, "/ce-n-est-pas-moi", given)
    assert done.status == 200
    assert (await person.browser.get("/accueil")).path == "/connexion"
    account = await person.account_id()
    await portal.sent_mails.event("AccountFrozen", account)
    portal.clock.advance(hours=12)
    assert (await person.give_password(browser=holder)).refused
    portal.clock.advance(seconds=5)  # sign in later than the clock skew
    twice = await holder.get(path)
    assert twice.soup.find("form", action="/ce-n-est-pas-moi") is None
    back = await holder.get(f"{robot.path}?{robot.query}")
    assert "Votre compte est déjà bloqué" in back.text
    assert "Saisissez les 6 chiffres" not in back.text, "nothing is asked for any more (P-07)"
    await _request_reset(holder, address)
    mail = await portal.sent_mails.to(address, kind="PasswordReset")
    page = await holder.get(f"/mot-de-passe?jeton={mail.token}")
    await holder.post(page, "/mot-de-passe", {"password": NEW})
    assert not portal.sent_mails.of("AccountThawed", account)
    person.password = NEW
    assert (await person.sign_in(holder)).path == "/accueil"
    await portal.sent_mails.event("AccountThawed", account)


async def test_s_04_both_factors_undo_a_freeze_that_the_mailbox_alone_caused(
    portal: Portal, address: str
) -> None:
    person = AccountHolder(portal, address)
    await person.settle()
    await _has_signed_in(portal, person)
    path = await _disavowal(portal, person)
    browser = portal.browser()
    given = {"code": mailed_code(portal, path.partition("=")[2])}
    done = await browser.post(await browser.get(path), "/ce-n-est-pas-moi", given)
    assert "Un blocage par erreur ?" in done.text
    account = await person.account_id()
    await portal.sent_mails.event("AccountFrozen", account)
    portal.clock.advance(seconds=6)  # sign in later than the clock skew
    assert (await person.sign_in(browser)).path == "/accueil"
    await portal.sent_mails.event("AccountThawed", account)


async def _has_signed_in(portal: Portal, person: AccountHolder) -> None:
    """Until registration knows that the account has a second factor."""
    connection = await asyncpg.connect(portal.system.database.url("registration"))
    sql = "SELECT second_factor_at FROM registration.accounts WHERE id = $1"
    account = await person.account_id()

    async def known() -> bool:
        return await connection.fetchval(sql, account) is not None

    try:
        await eventually(known, why="registration has processed the sign-in")
    finally:
        await connection.close()


async def test_s_05_a_mailed_link_lifts_the_limit_of_an_address(
    portal: Portal, address: str
) -> None:
    """Five forgotten passwords of a stranger, an hour apart; then the holder's own is refused."""
    person = AccountHolder(portal, address)
    await person.settle()
    for _ in range(5):
        await _request_reset(portal.browser(), address)
        portal.clock.advance(minutes=61)
    page = await _request_reset(portal.browser(), address)
    assert page.status == 429
    assert "levez cette limite avec le message" in page.text
    mail = await portal.sent_mails.to(address, kind="UnlockOffered")
    path, browser = "/debloquer", portal.browser()
    page = await browser.get(f"{path}?jeton={mail.token}")
    assert (await browser.post(page, path)).refused
    given = {"code": mailed_code(portal, mail.token)}
    page = await browser.post(page, path, given)
    assert page.path == "/connexion"
    assert "La limite est levée" in page.text
    assert (await _request_reset(browser, address)).status == 200


async def test_mailed_links_work_while_signed_in_and_from_a_webmail_site(
    portal: Portal, address: str
) -> None:
    """A strict cookie is not sent with another site's link, but with the button."""
    person = AccountHolder(portal, address)
    await person.settle()
    await _request_reset(person.browser, address)
    mail = await portal.sent_mails.to(address, kind="PasswordReset")
    page = await person.browser.from_elsewhere(f"/mot-de-passe?jeton={mail.token}")
    assert "Se déconnecter" not in page.text
    weak = await person.browser.post(page, "/mot-de-passe", {"password": "Azerty123"})
    assert weak.refused, weak.text
    path = await _disavowal(portal, person)
    page = await person.browser.from_elsewhere(path)
    given = {"code": mailed_code(portal, path.partition("=")[2])}
    done = await person.browser.post(page, "/ce-n-est-pas-moi", given)
    assert done.status == 200, done.text
    assert (await person.browser.get("/accueil")).path == "/connexion"
    # A page that needs a session accepts no other token.
    other = AccountHolder(portal, f"o{address}")
    await other.settle()
    page = await other.browser.from_elsewhere("/connexion")
    assert (await other.browser.post(page, "/connexion")).path == "/accueil"
    fields = page.form("/connexion")
    given = {"csrf": fields["csrf"]}
    bare = await other.browser.send_form("/compte/sessions/fermer-les-autres", given)
    assert bare.status == 403


async def test_not_me_links_expire_and_are_signed(portal: Portal, address: str) -> None:
    person = AccountHolder(portal, address)
    await person.settle()
    late = await portal.browser().get(await _disavowal(portal, person, days=-0.01))
    assert late.soup.find("form", action="/ce-n-est-pas-moi") is None
    assert "n'est plus valable" in late.text
    path = await _disavowal(portal, person)
    for broken in (path[:-1], path.replace("jeton=1", "jeton=2"), "/ce-n-est-pas-moi"):
        assert (await portal.browser().get(broken)).status == 400, broken


async def test_s_16_one_press_blocks_the_account_in_every_browser(
    portal: Portal, address: str
) -> None:
    """Without a code: three browsers are out, both factors open nothing, a new password does."""
    person = AccountHolder(portal, address)
    await person.settle()
    blocking, others = person.browser, [portal.browser(), portal.browser()]
    for browser in others:
        assert (await person.sign_in(browser)).path == "/accueil"
    page = await blocking.get("/compte/blocage")
    assert (await blocking.get("/accueil")).path == "/accueil", "the page alone changes nothing"
    done = await blocking.post(page, "/compte/blocage")
    assert done.path == "/compte/blocage/fait"
    assert "Toutes les sessions sont fermées" in done.text
    for browser in (blocking, *others):
        assert (await browser.get("/accueil")).path == "/connexion"
    again = await blocking.get(f"{done.path}?{done.query}")
    assert "Mot de passe oublié" in again.text
    assert (await portal.browser().get(f"{done.path}?{done.query}")).path == "/"
    account = await person.account_id()
    frozen = await portal.sent_mails.event("AccountFrozen", account)
    assert (frozen.data["by"], frozen.data["signed_in"]) == ("holder", True)
    portal.clock.advance(seconds=6)  # sign in later than the clock skew
    assert (await person.give_password(browser=blocking)).refused
    await _request_reset(blocking, address)
    mail = await portal.sent_mails.to(address, kind="PasswordReset")
    page = await blocking.get(f"/mot-de-passe?jeton={mail.token}")
    await blocking.post(page, "/mot-de-passe", {"password": NEW})
    person.password = NEW
    assert (await person.sign_in(blocking)).path == "/accueil"
    await portal.sent_mails.event("AccountThawed", account)
