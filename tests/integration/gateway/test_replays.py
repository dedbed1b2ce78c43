"""A form posted again, with the cookies it was posted with, after an event that ended the account's
sessions: it opens no session now, whatever its first answer opened (AU-06, SE-01).

These requests change something and their reply opens, prolongs or promotes a session: `SignIn`,
`CheckCode`, `UseRecoveryCode`, `ConfirmEnrolment`, `VerifyAddressCode`, `ChangePassword`,
`StartReplacement`, `ConfirmAddressChange` and `ResetPassword`. Each is in a form below. S-01.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

import msgspec
import pytest
from yarl import URL

from shared.contracts.base import Sealed
from shared.contracts.registration.events import AddressChangeRequested
from shared.security.sealing import KeyRing, seal_context
from shared.security.signed_tokens import sign
from tests.integration.gateway.ending_events import EVENTS, emit_event
from tests.support import eventually
from tests.support.actors.account_holder import AccountHolder, key_on, mailed_code, new_address
from tests.support.actors.http_browser import HttpBrowser, HttpResponse
from tests.support.authenticator import Authenticator
from tests.support.servers.portal import Portal

pytestmark = pytest.mark.asyncio(loop_scope="package")

NEW, OTHER = "Wmqt4xZh!7", "Kvrp8bYd!3"
SAME_SITE = {"Sec-Fetch-Site": "same-origin"}


@dataclass(frozen=True)
class Posted:
    """A form as it was sent, and the page that its answer led to."""

    action: str
    fields: dict[str, str]
    cookies: dict[str, str]
    led_to: str

    async def again(self, portal: Portal) -> tuple[HttpBrowser, HttpResponse]:
        """Send it again, from a copy of the browser as it was before the first time."""
        browser = portal.browser()
        browser.session.cookie_jar.update_cookies(self.cookies, URL(portal.base))
        answer = await browser.send_form(self.action, self.fields, headers=SAME_SITE, follow=True)
        return browser, answer


async def posted(browser: HttpBrowser, page: HttpResponse, action: str, **values: str) -> Posted:
    """Fill in a form of a page, send it and follow."""
    fields, cookies = page.form(action) | values, browser.cookies
    answer = await browser.send_form(action, fields, headers=SAME_SITE, follow=True)
    assert answer.status == 200, answer.text
    return Posted(action, fields, cookies, answer.path)


async def opens_nothing(portal: Portal, form: Posted) -> None:
    """Sent again, the form leaves its browser without a session of any level."""
    browser, answer = await form.again(portal)
    assert answer.status in (200, 403, 422), answer.text
    assert (await browser.get("/compte")).path == "/connexion", (form.action, answer.path)
    left = msgspec.json.decode((await browser.get("/session/etat")).body)["left"]
    assert left == 0, form.action


# Post a form, and leave the account as it then is.


async def password(person: AccountHolder) -> Posted:
    browser = person.portal.browser()
    page = await browser.get("/connexion")
    given = {"address": person.address, "password": person.password}
    return await posted(browser, page, page.path, **given)


async def code(person: AccountHolder) -> Posted:
    browser = person.portal.browser()
    page = await person.give_password(browser=browser)
    return await posted(browser, page, "/connexion/code", code=_next_code(person))


async def recovery_code(person: AccountHolder, codes: list[str]) -> Posted:
    browser = person.portal.browser()
    await person.give_password(browser=browser)
    page = await browser.get("/connexion/code-de-secours")
    return await posted(browser, page, page.path, recovery_code=codes.pop())


async def phone_after_recovery(person: AccountHolder) -> Posted:
    codes = await person.settle()
    browser = person.portal.browser()
    await person.give_password(browser=browser)
    page = await browser.get("/connexion/code-de-secours")
    page = await browser.post(page, page.path, {"recovery_code": codes.pop()})
    return await posted(browser, page, page.path, code=person.scan(page).code())


async def first_phone(person: AccountHolder) -> Posted:
    await person.create()
    page = await person.give_password()
    return await posted(person.browser, page, page.path, code=person.scan(page).code())


async def address_code(person: AccountHolder) -> Posted:
    await person.create()
    person.portal.clock.advance(hours=25)
    page = await person.give_password()
    mail = await person.portal.sent_mails.to(person.address, kind="AddressProof")
    return await posted(person.browser, page, "/connexion/adresse", code=mail.code)


async def new_password(person: AccountHolder) -> Posted:
    await person.settle()
    return await _change_password(person)


async def new_phone(person: AccountHolder) -> Posted:
    await person.settle()
    return await _change_phone(person)


async def proved_address(person: AccountHolder) -> Posted:
    await person.settle()
    return await _change_address(person)


async def reset_link(person: AccountHolder) -> Posted:
    await person.settle()
    return await _reset(person)


FORMS: dict[Callable[[AccountHolder], Awaitable[Posted]], str] = {
    first_phone: "/connexion/codes-de-secours",
    phone_after_recovery: "/accueil",
    address_code: "/connexion/telephone",
    new_password: "/compte",
    new_phone: "/compte",
    proved_address: "/compte",
    reset_link: "/connexion",
}


def _next_code(person: AccountHolder) -> str:
    assert person.phone is not None
    person.portal.clock.advance(seconds=30)
    return person.phone.code()


# Acts that end an account's sessions.


async def _change_password(person: AccountHolder) -> Posted:
    page = await person.browser.get("/compte/mot-de-passe")
    new = OTHER if person.password == NEW else NEW
    given = {"current_password": person.password, "password": new}
    made = await posted(person.browser, page, page.path, **given)
    person.password = new
    return made


async def _change_phone(person: AccountHolder) -> Posted:
    page = await person.browser.get("/compte/telephone")
    given = {"password": person.password, "code": _next_code(person)}
    page = await person.browser.post(page, page.path, given)
    new = Authenticator(key_on(page), person.portal.clock)
    made = await posted(person.browser, page, page.path, code=new.code())
    person.phone = new
    return made


async def _change_address(person: AccountHolder) -> Posted:
    kind, sent_mails = AddressChangeRequested, person.portal.sent_mails
    about = kind.__name__, await person.account_id()
    former = len(sent_mails.of(*about))
    page = await person.browser.get("/compte/adresse")
    given = {"address": (new := new_address()), "password": person.password}
    page = await person.browser.post(page, page.path, given | {"code": _next_code(person)})
    published = await sent_mails.event(*about, former + 1)
    sealed = msgspec.convert(published.data["code"], Sealed)
    typed = sent_mails.opener.open(sealed, seal_context(kind, "code"))
    made = await posted(person.browser, page, "/compte/adresse/validation", code=typed)
    assert made.led_to == "/compte"
    person.address = new
    return made


async def _reset(person: AccountHolder) -> Posted:
    browser, address, sent_mails = person.portal.browser(), person.address, person.portal.sent_mails
    sent = [one for one in sent_mails.all if one.address == address and "PasswordReset" in one.kind]
    page = await browser.get("/mot-de-passe-oublie")
    await browser.post(page, page.path, {"address": address})
    mail = await sent_mails.to(address, len(sent) + 1, kind="PasswordReset")
    page = await browser.get(f"/mot-de-passe?jeton={mail.token}")
    made = await posted(browser, page, page.path, password=f"{NEW}{len(sent)}")
    person.password = made.fields["password"]
    return made


async def _report_stolen_phone(person: AccountHolder) -> None:
    browser, path = person.portal.browser(), "/telephone-perdu/confirmer"
    page = await browser.get("/telephone-perdu")
    await browser.post(page, page.path, {"address": person.address})
    mail = await person.portal.sent_mails.to(person.address, kind="LostPhone")
    given = {"stolen": "1", "password": person.password}
    given |= {"code": mailed_code(person.portal, mail.token)}
    await posted(browser, await browser.get(f"{path}?jeton={mail.token}"), path, **given)


async def _disavow(person: AccountHolder) -> None:
    portal, path = person.portal, "/ce-n-est-pas-moi"
    ring = KeyRing.parse(portal.system.environment("registration")["IMPEX_DISAVOWAL_KEYS"])
    account = (await person.account_id()).replace("-", "")
    until = portal.clock() + timedelta(days=7)
    token = sign(ring, "disavowal", (account, uuid4().hex), until)
    browser = portal.browser()
    code = mailed_code(portal, token)
    await posted(browser, await browser.get(f"{path}?jeton={token}"), path, code=code)


async def _freeze_and_thaw(person: AccountHolder) -> None:
    """Frozen from a mail, then a new password and the second factor: signed in again."""
    await _disavow(person)
    await _reset(person)
    person.portal.clock.advance(seconds=6)
    person.browser = person.portal.browser()
    assert (await person.sign_in()).path in ("/accueil", "/informations", *FORMS.values())
    await person.portal.sent_mails.event("AccountThawed", await person.account_id())


async def _close_other_sessions(person: AccountHolder) -> None:
    page = await person.browser.get("/compte")
    path = "/compte/sessions/fermer-les-autres"
    done = await person.browser.send_form(path, page.form(path), headers=SAME_SITE)
    assert done.location == "/compte#sessions", done.text


async def _close_one_session(person: AccountHolder) -> None:
    page = await person.browser.get("/compte")
    path = "/compte/sessions/fermer"
    done = await person.browser.send_form(path, page.form(path), headers=SAME_SITE)
    assert done.location == "/compte#sessions", done.text


ACTS: dict[str, Callable[[AccountHolder], Awaitable[object]]] = {
    "frozen and thawed": _freeze_and_thaw,
    "other sessions closed": _close_other_sessions,
    "one session closed": _close_one_session,
    "password changed": _change_password,
    "password reset": _reset,
    "phone replaced": _change_phone,
    "address changed": _change_address,
    "phone stolen": _report_stolen_phone,
    "disavowed": _disavow,
}


#: The password does not change: its form is checked again, like any other, and a code is due; after
#: a freeze by the mailbox alone it undoes that. This may also happen before registration has
#: processed the event.
SAME_PASSWORD = ("phone replaced", "phone_replaced", "disavowed")


async def _open_nothing(portal: Portal, forms: list[Posted], end: str) -> None:
    """Post what `_signed_in` posted, after that end of the account's sessions."""
    for form in forms:
        if form.action == "/connexion" and end in SAME_PASSWORD:
            browser, _ = await form.again(portal)
            assert (await browser.get("/compte")).path in ("/connexion", "/connexion/code")
        else:
            await opens_nothing(portal, form)


async def _signed_in(person: AccountHolder) -> list[Posted]:
    """The forms of signing in, each in a browser of its own."""
    codes = await person.settle()
    forms = [await password(person), await code(person), await recovery_code(person, codes)]
    expected = ["/connexion/code", "/accueil", "/connexion/telephone"]
    assert [form.led_to for form in forms] == expected
    return forms


@pytest.mark.parametrize("act", ACTS)
async def test_s_01_no_form_of_the_sign_in_opens_anything_after_the_act(
    portal: Portal, address: str, act: str
) -> None:
    person = AccountHolder(portal, address)
    forms = await _signed_in(person)
    await ACTS[act](person)
    portal.clock.advance(seconds=6)  # a closed account opens no session for five seconds
    await _open_nothing(portal, forms, act)


@pytest.mark.parametrize("event", EVENTS)
async def test_s_01_no_form_of_the_sign_in_opens_anything_after_the_event_alone(
    portal: Portal, address: str, event: str
) -> None:
    """The owners still have their stored answers: the time in the answer decides."""
    person = AccountHolder(portal, address)
    forms = await _signed_in(person)
    owner, make = EVENTS[event]
    await emit_event(portal, owner, make(portal.clock()), await person.account_id())

    async def ended() -> bool:
        return (await person.browser.send("GET", "/accueil")).status == 303

    await eventually(ended, why=f"{event} was handled")
    portal.clock.advance(seconds=6)
    await _open_nothing(portal, forms, event)


#: Acts without a session, after every form; and those of the session that the form left.
MAILED = ("password reset", "phone stolen", "disavowed", "frozen and thawed")
#: After these only support ends a freeze; or there is no phone yet, which thaws an account.
NOT_THAWED = (phone_after_recovery, new_phone, proved_address, address_code)
SIGNED_IN = ("password changed", "phone replaced", "address changed")


@pytest.mark.parametrize(
    ("form", "act"),
    [
        (form, act)
        for form in FORMS
        for act in (*MAILED, *(SIGNED_IN if FORMS[form] == "/compte" else ()))
        if act != "frozen and thawed" or form not in NOT_THAWED
    ],
    ids=lambda one: one if isinstance(one, str) else one.__name__,
)
async def test_s_01_no_other_form_opens_anything_after_the_act(
    portal: Portal, address: str, form: Callable[[AccountHolder], Awaitable[Posted]], act: str
) -> None:
    person = AccountHolder(portal, address)
    made = await form(person)
    assert made.led_to == FORMS[form]
    await ACTS[act](person)
    portal.clock.advance(seconds=6)
    await opens_nothing(portal, made)


async def test_signing_out_leaves_nothing_that_the_code_opens_again(
    portal: Portal, address: str
) -> None:
    person = AccountHolder(portal, address)
    await person.settle()
    made = await code(person)
    again, _ = await made.again(portal)
    page = await again.get("/compte")
    assert page.path == "/compte", "a second press leads to the session that the first one opened"
    await again.post(page, "/deconnexion")
    await opens_nothing(portal, made)


async def test_a_double_press_signs_in_once(portal: Portal, address: str) -> None:
    """The password is counted and accepted once; both answers lead to the next step."""
    person = AccountHolder(portal, address)
    await person.settle()
    browser = portal.browser()
    page = await browser.get("/connexion")
    fields = page.form("/connexion") | {"address": address, "password": person.password}
    twice = await asyncio.gather(
        *(browser.send_form("/connexion", fields, headers=SAME_SITE) for _ in range(2))
    )
    assert {one.location for one in twice} == {"/connexion/code"}
    account = await person.account_id()
    await portal.sent_mails.event("PasswordAccepted", account, 2)
    page = await browser.get("/connexion/code")
    assert (await person.give_code(page, browser=browser)).path == "/accueil"
    await portal.sent_mails.event("SessionOpened", account, 2)
    published = [one.name for one in portal.sent_mails.published if one.subject == account]
    assert published.count("PasswordAccepted") == 2, "the first sign-in and this one"
