"""Every journey, once, with its errors.

Each has a new user with a password of their own, so that each leaves traces of its own.
"""

import itertools
from collections.abc import Awaitable, Callable

from tests.security.recording_browser import RecordingPortal
from tests.support.actors.account_holder import AccountHolder, codes_on, new_address
from tests.support.actors.http_browser import HttpBrowser, HttpResponse

#: Old, new and mistyped passwords; some with characters that are escaped in URLs, in JSON or in
#: HTML.
PLANTED = (
    "Kvfz9rLq#2", "Wmqt4xZh!7", "Jq8rvLz!kd", "Hx&7vQ%zkp+", 'Pw"9tGm\\xRb', "Nd<4jXu>Qz",
    "Yb5'wKt/Hc", "Gz3=mVq?Lx", "Rt6~hWd|Fk", "Cq9{sJb}Xn", "Mf2^zPw`Td", "Vé8kXoù#Lr",
)  # fmt: skip
#: The last name of all users: only tables and mails may contain it.
NAME = "Quenouillard-Brisset"
#: Further information: only profile's own table may contain it.
PHONE, STREET = "0155870497", "Quai du Menhir-Penché 7"
DECLARED = {"phone": PHONE, "address": STREET}
_PASSWORDS = itertools.cycle(PLANTED)
Journey = Callable[[RecordingPortal], Awaitable[None]]


def somebody(portal: RecordingPortal) -> AccountHolder:
    """A new user with a planted password."""
    return AccountHolder(portal, new_address(), password=next(_PASSWORDS))


async def settled(portal: RecordingPortal) -> AccountHolder:
    """A signed-in person with an account, a phone and recovery codes."""
    person = somebody(portal)
    await ask(person)
    await prove(person)
    await accept(person)
    page = await person.enrol()
    await person.keep_codes(page)
    return person


async def ask(person: AccountHolder) -> HttpResponse:
    """The account form."""
    given = {"last_name": NAME, "password": person.password}
    return await person.portal.asked(person.browser, person.address, **given)


async def prove(person: AccountHolder) -> None:
    """A wrong code, then the mailed one."""
    page = await person.browser.get("/inscription/validation")
    mail = await person.portal.sent_mails.to(person.address)
    wrong = f"{(int(mail.code) + 1) % 1_000_000:06}"
    for code in (wrong, mail.code):
        page = await person.browser.post(page, "/inscription/validation", {"code": code})
    assert page.path == "/inscription/adresse-validee", page.text


async def accept(person: AccountHolder) -> None:
    """The terms."""
    page = await person.browser.get("/inscription/conditions")
    page = await person.browser.post(page, "/inscription/conditions", {"accept": "1"})
    assert page.path == "/inscription/creation", page.text


async def request_password_reset(portal: RecordingPortal, person: AccountHolder) -> None:
    """A link for a new password is requested."""
    browser, path = portal.browser(), "/mot-de-passe-oublie"
    await browser.post(await browser.get(path), path, {"address": person.address})


async def by_link(portal: RecordingPortal) -> None:
    """An account verified by the mailed link, on another device, its password wrong at first."""
    person = somebody(portal)
    await ask(person)
    mail = await portal.sent_mails.to(person.address)
    person.browser = portal.browser()
    page = await person.browser.get(f"/inscription/lien?jeton={mail.token}")
    for password in ("Wr0ng-pass1", person.password):
        page = await person.browser.post(page, "/inscription/lien", {"password": password})
    assert page.path == "/inscription/adresse-validee", page.text
    await accept(person)


async def corrected(portal: RecordingPortal) -> None:
    """A wrong address corrected, another mail requested, and the request cancelled."""
    person = somebody(portal)
    page = await ask(person)
    await portal.sent_mails.to(person.address)
    page = await person.browser.get("/inscription/adresse")
    person.address = new_address()
    given = {"address": person.address, "password": person.password}
    page = await person.browser.post(page, "/inscription/adresse", given)
    assert page.path == "/inscription/validation", page.text
    await portal.sent_mails.to(person.address)
    portal.clock.advance(seconds=61)
    page = await person.browser.post(page, "/inscription/validation/renvoi")
    await portal.sent_mails.to(person.address, 2)
    page = await person.browser.get("/inscription/annuler")
    await person.browser.post(page, "/inscription/annuler")


async def asked_twice(portal: RecordingPortal) -> None:
    """The form for an address that has an account already."""
    person = await settled(portal)
    again = AccountHolder(portal, person.address, password=next(_PASSWORDS))
    await ask(again)
    await portal.sent_mails.event("KnownAddressRequested", await person.account_id())


async def enrolled_slowly(portal: RecordingPortal) -> None:
    """An enrolment with a wrong code, restarted, and its list of codes unconfirmed at first."""
    person = somebody(portal)
    await ask(person)
    await prove(person)
    await accept(person)
    page = await person.give_password()
    first = person.scan(page)
    page = await person.browser.post(page, page.path, {"code": first.wrong()})
    page = await person.browser.post(page, "/connexion/telephone/recommencer")
    page = await person.enrol(page)
    page = await person.browser.post(page, page.path)
    assert page.refused, page.text
    await person.keep_codes(page)


async def wrong_until_locked(portal: RecordingPortal) -> None:
    """Wrong codes and wrong passwords, until both are locked; then a valid sign-in."""
    person = await settled(portal)
    assert person.phone is not None
    page = await person.give_password(browser=person_again(person))
    for _ in range(6):
        page = await person.give_code(page, person.phone.wrong())
    assert page.status == 429, page.text
    stranger = portal.browser()
    for number in range(6):
        page = await person.give_password(f"Gu3ss-no{number}", stranger)
    assert page.status == 429, page.text
    nobody = portal.browser()
    page = await nobody.get("/connexion")
    given = {"address": new_address(), "password": "N0body-here"}
    await nobody.post(page, "/connexion", given)
    portal.clock.advance(hours=2)
    page = await person.sign_in(person_again(person))
    assert page.path == "/informations", page.text


def person_again(person: AccountHolder) -> HttpBrowser:
    """The same person in a fresh browser."""
    person.browser = person.portal.browser()
    return person.browser


async def recovered(portal: RecordingPortal) -> None:
    """A new list of codes; a wrong one, a used one and a good one; another phone by it."""
    person = await settled(portal)
    assert person.phone is not None
    portal.clock.advance(seconds=30)
    page = await person.browser.get("/compte/codes-de-secours")
    given = {"password": person.password, "code": person.phone.code()}
    page = await person.browser.post(page, "/compte/codes-de-secours", given)
    codes = codes_on(page)
    await person.browser.post(page, "/compte/codes-de-secours/gardes", {"kept": "1"})
    page = await person.give_password(browser=person_again(person))
    page = await person.browser.get("/connexion/code-de-secours")
    for code in ("Q7WM 3KXD PZ5H V2TN", codes[0]):
        page = await person.browser.post(
            page, "/connexion/code-de-secours", {"recovery_code": code}
        )
    page = await person.enrol(page)
    assert page.path in ("/informations", "/connexion/codes-de-secours"), page.text


async def changed(portal: RecordingPortal) -> None:
    """Another password, the present one wrong at first, then too simple a new one."""
    person, new = await settled(portal), next(_PASSWORDS)
    page = await person.browser.get("/compte/mot-de-passe")
    for present, chosen in (
        ("Wr0ng-pass2", new),
        (person.password, "Azerty123"),
        (person.password, new),
    ):
        given = {"current_password": present, "password": chosen}
        page = await person.browser.post(page, "/compte/mot-de-passe", given)
    assert page.path == "/compte", page.text


async def replaced(portal: RecordingPortal) -> None:
    """Another phone by the old one, restarted once."""
    person = await settled(portal)
    assert person.phone is not None
    portal.clock.advance(seconds=30)
    page = await person.browser.get("/compte/telephone")
    given = {"password": person.password, "code": person.phone.code()}
    page = await person.browser.post(page, "/compte/telephone", given)
    assert page.path == "/compte/telephone/nouveau", page.text
    page = await person.browser.post(page, "/compte/telephone/recommencer")
    new = person.scan(page)
    for code in (new.wrong(), new.code()):
        page = await person.browser.post(page, "/compte/telephone/nouveau", {"code": code})
    assert page.path == "/compte", page.text


async def forgotten_password(portal: RecordingPortal) -> None:
    """A new password by a mailed link; also requested for an unknown address."""
    person = await settled(portal)
    await request_password_reset(portal, AccountHolder(portal, new_address()))
    await request_password_reset(portal, person)
    browser = portal.browser()
    page = await browser.get(await portal.mail(person.address, "/mot-de-passe"))
    person.password = next(_PASSWORDS)
    for password in ("Azerty123", person.password):
        page = await browser.post(page, "/mot-de-passe", {"password": password})
    assert page.path == "/connexion", page.text
    assert (await person.sign_in(browser)).path == "/informations"


async def lost(portal: RecordingPortal) -> None:
    """A stolen phone, confirmed from the mailbox."""
    person = await settled(portal)
    browser = portal.browser()
    page = await browser.get("/telephone-perdu")
    await browser.post(page, "/telephone-perdu", {"address": person.address})
    path = "/telephone-perdu/confirmer"
    link = await portal.mail(person.address, path)
    page = await browser.get(link)
    given = {"code": portal.mails.code_of(person.address, link), "stolen": "1"}
    await browser.post(page, path, given | {"password": person.password})
    await portal.sent_mails.event("AccountFrozen", await person.account_id())


async def proved_again(portal: RecordingPortal) -> None:
    """A first sign-in days later: the address is verified again, with a wrong code and twice."""
    person = somebody(portal)
    await ask(person)
    await prove(person)
    await accept(person)
    portal.clock.advance(hours=30)
    page = await person.give_password()
    assert page.path == "/connexion/adresse", page.text
    first = await portal.sent_mails.to(person.address, kind="AddressProof")
    wrong = f"{(int(first.code) + 1) % 1_000_000:06}"
    page = await person.browser.post(page, "/connexion/adresse", {"code": wrong})
    portal.clock.advance(seconds=61)
    page = await person.browser.get("/connexion/adresse")
    page = await person.browser.post(page, "/connexion/adresse/renvoi")
    second = await portal.sent_mails.to(person.address, 2, kind="AddressProof")
    page = await person.browser.post(page, "/connexion/adresse", {"code": second.code})
    page = await person.enrol(page)
    await person.keep_codes(page)


async def disowned(portal: RecordingPortal) -> None:
    """« Ce n'est pas moi », from the mail about a new device."""
    person = await settled(portal)
    await person.sign_in(portal.browser())
    browser = portal.browser()
    path = "/ce-n-est-pas-moi"
    link = await portal.mail(person.address, path)
    page = await browser.get(link)
    await browser.post(page, path, {"code": portal.mails.code_of(person.address, link)})
    await portal.sent_mails.event("AccountFrozen", await person.account_id())


async def informed(portal: RecordingPortal) -> None:
    """The complementary information: wrong at first, another name, then validated."""
    person = await settled(portal)
    page = await person.browser.get("/informations")
    given = {**DECLARED, "siret": "73282932000079", "last_name": f"{NAME}-Lampion"}
    page = await person.browser.post(page, "/informations", given)
    assert page.path == "/informations", page.text
    await person.declare(page, saves=2, **DECLARED)


JOURNEYS: tuple[Journey, ...] = (
    by_link, corrected, asked_twice, enrolled_slowly, wrong_until_locked, recovered, changed,
    replaced, forgotten_password, lost, proved_again, disowned, informed,
)  # fmt: skip
