"""Every form of the portal in front of somebody: its page, and values that are accepted.

`SCENES` names the page of each form by the declaration that takes it; a form without a scene fails
`test_returning_forms.py`.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import uuid4

import asyncpg
import msgspec

from services.gateway.app import PAGES
from services.gateway.http.routes import Page
from services.registration import resumption_store
from services.registration.resumption import ResumptionCode
from services.support.act_flow import OBJECTION
from shared.contracts.base import Sealed
from shared.contracts.registration.events import AddressChangeRequested
from shared.contracts.support.people_requests import RequestReceived
from shared.domain.resumption_codes import in_groups, make_resumption_code
from shared.security.sealing import KeyRing, keyed_hash, new_token, seal_context
from shared.security.signed_tokens import sign
from tests.support import eventually
from tests.support.actors.account_holder import (
    PHARMACY,
    AccountHolder,
    mailed_code,
    new_address,
)
from tests.support.actors.http_browser import HttpBrowser, HttpResponse
from tests.support.servers.portal import PASSWORD, Portal

NEW_PASSWORD = "Wmqt4xZh!7"
ADD_AGENT = """
insert into support.agents (id, address, address_key, first_name, last_name, language, role, state,
    since, password_hash, pepper_key_id, joined_at)
values ($1, $2, $2, 'Zoé', 'Martin', 'fr', 'supervisor', 'active', now(), '$argon2id$x', 'k1',
    now())
"""
#: An act that is planned.
PLAN = """
insert into support.proposals (id, act, account_id, reason, details, state, proposed_by,
    proposed_at, approved_by, approved_at, due_at, link_hash)
values ($1, $7, $2, 'requested_by_person', '{}', 'approved', $5, now(), $6, now(), $3, $4)
"""
LOST_PHONE = "insert into support.lost_phones (number, account_id, proposal_id) values ($1, $2, $3)"
OLD_PASSWORD = """
update registration.credentials set set_at = set_at - interval '31 days' where account_id = $1
"""
#: A lost phone that another one may replace with the password alone.
OPENED = """
insert into mfa.delayed_replacements (number, account_id, asked_at, open_until, forget_at)
values ($1::text, $1::uuid, $2, $3, $3)
"""
#: Every declaration that takes a form.
FORMS = {page.name: page for page in PAGES if isinstance(page, Page) and page.submit is not None}


@dataclass
class Filled:
    """A page with a form, and values that are accepted; `typed` of them are shown again."""

    browser: HttpBrowser
    page: HttpResponse
    values: dict[str, str] = field(default_factory=dict)
    typed: dict[str, str] = field(default_factory=dict)

    @property
    def all(self) -> dict[str, str]:
        return {**self.typed, **self.values}


@dataclass
class Person:
    """Somebody with addresses of their own."""

    portal: Portal
    holder: AccountHolder = field(init=False)
    codes: list[str] = field(init=False)

    def browser(self) -> HttpBrowser:
        return self.portal.browser()

    def code(self, holder: AccountHolder) -> str:
        """The next code of a phone."""
        assert holder.phone is not None
        self.portal.clock.advance(seconds=30)
        return holder.phone.code()

    async def asked(self) -> tuple[HttpBrowser, HttpResponse, str]:
        browser, address = self.browser(), new_address()
        page = await self.portal.asked(browser, address)
        return browser, page, (await self.portal.sent_mails.to(address)).code

    async def created(self) -> AccountHolder:
        holder = AccountHolder(self.portal, new_address())
        await holder.create()
        return holder

    async def enrolled(self) -> tuple[AccountHolder, HttpResponse]:
        holder = await self.created()
        return holder, await holder.enrol()

    async def arrived(self) -> tuple[AccountHolder, HttpResponse]:
        holder = AccountHolder(self.portal, new_address())
        _, page = await holder.arrive()
        return holder, page

    async def settled(self) -> AccountHolder:
        self.holder = AccountHolder(self.portal, new_address())
        self.codes = await self.holder.settle()
        return self.holder

    async def stale(self) -> AccountHolder:
        """Signed in, with a code that is old by now."""
        holder = await self.settled()
        self.portal.clock.advance(minutes=16)
        return holder

    async def mailed(self, kind: str, path: str, form: str, **values: str) -> Filled:
        """The page of a mailed link."""
        holder, browser = await self.settled(), self.browser()
        page = await browser.get(form)
        await browser.post(page, form, {"address": holder.address, **values})
        return await self.opened(browser, holder, kind, path)

    async def opened(
        self, browser: HttpBrowser, holder: AccountHolder, kind: str, path: str
    ) -> Filled:
        """The page of a link that was mailed, and the code of its mail."""
        mail = await self.portal.sent_mails.to(holder.address, kind=kind)
        page = await browser.get(f"{path}?jeton={mail.token}")
        return Filled(browser, page, {"code": mailed_code(self.portal, mail.token)})


Scene = Callable[[Person], Awaitable[Filled]]
SCENES: dict[str, Scene] = {}


def scene(*names: str) -> Callable[[Scene], Scene]:
    """The scene of these forms."""

    def add(made: Scene) -> Scene:
        SCENES.update(dict.fromkeys(names, made))
        return made

    return add


@scene("sign_in")
async def sign_in(person: Person) -> Filled:
    """In the browser that created the account (R-02)."""
    holder = await person.created()
    page = await holder.browser.get("/connexion?suite=compte")
    typed = {"address": holder.address, "next": "compte"}
    return Filled(holder.browser, page, {"password": PASSWORD}, typed)


@scene("sign_in_code")
async def sign_in_code(person: Person) -> Filled:
    holder, browser = await person.settled(), person.browser()
    page = await holder.give_password(browser=browser)
    return Filled(browser, page, {"code": person.code(holder)})


@scene("sign_in_recovery")
async def sign_in_recovery(person: Person) -> Filled:
    holder, browser = await person.settled(), person.browser()
    await holder.give_password(browser=browser)
    page = await browser.get("/connexion/code-de-secours")
    return Filled(browser, page, {"recovery_code": person.codes[0]})


@scene("sign_in_replacement")
async def sign_in_replacement(person: Person) -> Filled:
    """The phone was reported lost a while ago, and nobody has objected."""
    holder, browser = await person.settled(), person.browser()
    account, asked_at = await holder.account_id(), person.portal.clock() + timedelta(seconds=30)
    connection = await asyncpg.connect(person.portal.system.database.admin_url)
    try:
        await connection.execute(OLD_PASSWORD, account)
        until = asked_at + timedelta(days=7)
        await connection.execute(OPENED, account, asked_at, until)
    finally:
        await connection.close()
    await holder.give_password(browser=browser)
    return Filled(browser, await browser.get("/connexion/nouveau-telephone"))


@scene("sign_in_address", "resend_sign_in_address")
async def sign_in_address(person: Person) -> Filled:
    holder = await person.created()
    person.portal.clock.advance(hours=25)
    page = await holder.give_password()
    mail = await person.portal.sent_mails.to(holder.address, kind="AddressProof")
    person.portal.clock.advance(seconds=61)
    return Filled(holder.browser, page, {"code": mail.code})


@scene("sign_in_enrolment", "restart_sign_in_enrolment")
async def sign_in_enrolment(person: Person) -> Filled:
    holder = await person.created()
    page = await holder.give_password()
    return Filled(holder.browser, page, {"code": holder.scan(page).code()})


@scene("sign_out", "end_session", "end_other_sessions")
async def account(person: Person) -> Filled:
    holder = await person.settled()
    await holder.sign_in(person.browser())
    page = await holder.browser.get("/compte")
    sessions = page.tree.findall(".//form[@action='/compte/sessions/fermer']")
    other = sessions[-1].find(".//*[@name='session']").get("value")
    return Filled(holder.browser, page, {"session": other} if other else {})


@scene("information")
async def information(person: Person) -> Filled:
    holder, page = await person.arrived()
    typed = {name: value for name, value in PHARMACY.items() if name != "terms"}
    return Filled(holder.browser, page, {"action": "save"}, typed)


@scene("confirm_information")
async def confirm_information(person: Person) -> Filled:
    holder, page = await person.arrived()
    given = {**PHARMACY, "action": "validate"}
    return Filled(holder.browser, await holder.browser.post(page, page.path, given))


@scene("confirm_information_code")
async def confirm_information_code(person: Person) -> Filled:
    holder, page = await person.arrived()
    person.portal.clock.advance(minutes=16)
    given = {**PHARMACY, "action": "validate"}
    page = await holder.browser.post(page, page.path, given)
    return Filled(holder.browser, page, {"code": person.code(holder)})


@scene("close_sessions")
async def close_sessions(person: Person) -> Filled:
    holder = await person.stale()
    page = await holder.browser.get("/compte/sessions/code")
    return Filled(holder.browser, page, {"code": person.code(holder)})


@scene("block_account")
async def block_account(person: Person) -> Filled:
    holder = await person.settled()
    return Filled(holder.browser, await holder.browser.get("/compte/blocage"))


@scene("change_password")
async def change_password(person: Person) -> Filled:
    holder = await person.settled()
    page = await holder.browser.get("/compte/mot-de-passe")
    values = {"current_password": holder.password, "password": NEW_PASSWORD}
    return Filled(holder.browser, page, values)


@scene("change_phone")
async def change_phone(person: Person) -> Filled:
    holder = await person.settled()
    page = await holder.browser.get("/compte/telephone")
    values = {"password": holder.password, "code": person.code(holder)}
    return Filled(holder.browser, page, values)


@scene("new_phone", "restart_new_phone")
async def new_phone(person: Person) -> Filled:
    before = await change_phone(person)
    page = await before.browser.post(before.page, before.page.path, before.all)
    phone = AccountHolder(person.portal, "").scan(page)
    return Filled(before.browser, page, {"code": phone.code()})


@scene("first_recovery_codes")
async def first_recovery_codes(person: Person) -> Filled:
    holder, page = await person.enrolled()
    return Filled(holder.browser, page, {"kept": "1"})


@scene("recovery_codes")
async def recovery_codes(person: Person) -> Filled:
    holder = await person.settled()
    page = await holder.browser.get("/compte/codes-de-secours")
    values = {"password": holder.password, "code": person.code(holder)}
    return Filled(holder.browser, page, values)


@scene("confirm_recovery_codes")
async def confirm_recovery_codes(person: Person) -> Filled:
    before = await recovery_codes(person)
    page = await before.browser.post(before.page, before.page.path, before.all)
    return Filled(before.browser, page, {"kept": "1"})


@scene("change_address")
async def change_address(person: Person) -> Filled:
    holder = await person.settled()
    page = await holder.browser.get("/compte/adresse")
    values = {"password": holder.password, "code": person.code(holder)}
    return Filled(holder.browser, page, values, {"address": new_address()})


@scene("confirm_new_address", "resend_new_address", "cancel_address_change")
async def confirm_new_address(person: Person) -> Filled:
    before, kind = await change_address(person), AddressChangeRequested
    page = await before.browser.post(before.page, before.page.path, before.all)
    mails = person.portal.sent_mails
    published = await mails.event(kind.__name__, await person.holder.account_id())
    sealed = msgspec.convert(published.data["code"], Sealed)
    person.portal.clock.advance(seconds=61)
    code = mails.opener.open(sealed, seal_context(kind, "code"))
    return Filled(before.browser, page, {"code": code})


@scene("recovery_address")
async def recovery_address(person: Person) -> Filled:
    holder = await person.settled()
    page = await holder.browser.get("/compte/adresse-de-secours")
    return Filled(holder.browser, page, {"code": person.code(holder)}, {"address": new_address()})


@scene("confirm_recovery_address")
async def confirm_recovery_address(person: Person) -> Filled:
    before = await recovery_address(person)
    page = await before.browser.post(before.page, before.page.path, before.all)
    mail = await person.portal.sent_mails.to(before.typed["address"])
    return Filled(before.browser, page, {"code": mail.code})


@scene("remove_recovery_address")
async def remove_recovery_address(person: Person) -> Filled:
    before = await confirm_recovery_address(person)
    await before.browser.post(before.page, before.page.path, before.all)
    page = await before.browser.get("/compte/adresse-de-secours/retrait")
    return Filled(before.browser, page, {"code": person.code(person.holder)})


async def plan(
    person: Person, act: str, link_hash: bytes | None = None, lost_phone: str = ""
) -> None:
    """Two agents agree on an act about the account, which waits for its date."""
    proposal_id, agents = uuid4(), [uuid4(), uuid4()]
    account_id = await person.holder.account_id()
    due_at = person.portal.clock() + timedelta(days=3)
    connection = await asyncpg.connect(person.portal.system.database.admin_url)
    try:
        for agent in agents:
            await connection.execute(ADD_AGENT, agent, f"{agent}@ansm.example")
        values = (proposal_id, account_id, due_at, link_hash, *agents, act)
        await connection.execute(PLAN, *values)
        if lost_phone:
            await connection.execute(LOST_PHONE, lost_phone, account_id, proposal_id)
    finally:
        await connection.close()


@scene("objection")
async def objection(person: Person) -> Filled:
    """Two agents agreed on a change that waits for its date."""
    await person.settled()
    browser, token = person.browser(), new_token()
    ring = KeyRing.parse(person.portal.system.environment("support")["IMPEX_SUPPORT_TOKEN_KEYS"])
    await plan(person, "change_name", keyed_hash(ring, OBJECTION, token)[1])
    return Filled(browser, await browser.get(f"/opposition?jeton={token}"))


@scene("my_data")
async def my_data(person: Person) -> Filled:
    holder = await person.stale()
    page = await holder.browser.get("/compte/mes-donnees")
    return Filled(holder.browser, page, {"code": person.code(holder)})


@scene("correction")
async def correction(person: Person) -> Filled:
    holder = await person.settled()
    page = await holder.browser.get("/compte/correction")
    return Filled(holder.browser, page, {}, {"about": "other", "text": "Rue des <Mimosas> & Cie"})


@scene("leaving")
async def leaving(person: Person) -> Filled:
    holder = await person.settled()
    page = await holder.browser.get("/compte/depart")
    typed = {"date": f"{person.portal.clock():%Y-%m-%d}", "remark": "Retraite"}
    return Filled(holder.browser, page, {"confirm": "1"}, typed)


@scene("departure_report")
async def departure_report(person: Person) -> Filled:
    browser = person.browser()
    page = await browser.get("/signaler-un-depart")
    typed = {
        "address": new_address(),
        "establishment": "Pharmacie des Lilas",
        "reporter_name": "Anne Martin",
        "reporter_address": new_address(),
    }
    return Filled(browser, page, {}, typed)


@scene("write")
async def write(person: Person) -> Filled:
    browser = person.browser()
    page = await browser.get("/aide/ecrire")
    typed = {"text": "Bonjour <b>& merci</b>", "name": "Anne Martin", "address": new_address()}
    return Filled(browser, page, {}, typed)


@scene("mailbox")
async def mailbox(person: Person) -> Filled:
    browser = person.browser()
    page = await browser.get("/aide/messagerie")
    typed = {
        "account_address": new_address(),
        "name": "Anne Martin",
        "address": new_address(),
        "text": "Boîte pleine depuis lundi",
    }
    return Filled(browser, page, {}, typed)


@scene("follow_up")
async def follow_up(person: Person) -> Filled:
    browser = person.browser()
    return Filled(browser, await browser.get("/suivi"), {}, {"number": "COR-A44X2-YZ7EW"})


@scene("cancel_sent_request")
async def cancel_sent_request(person: Person) -> Filled:
    """On the page that follows a form, once the desk has the request."""
    before, mails = await write(person), person.portal.sent_mails
    page = await before.browser.post(before.page, before.page.path, before.all)
    await eventually(
        lambda: any(
            one.name == RequestReceived.__name__ and one.data["number"] in page.text
            for one in mails.published
        ),
        why="the request has arrived",
    )
    return Filled(before.browser, page)


async def mailed_request(person: Person) -> tuple[HttpBrowser, str, str]:
    """A signed-in browser, the number of a request of its account, and the mail's token."""
    before = await correction(person)
    await before.browser.post(before.page, before.page.path, before.all)
    account, mails = await person.holder.account_id(), person.portal.sent_mails
    received = await mails.event(RequestReceived.__name__, account)
    sealed = msgspec.convert(received.data["link_token"], Sealed)
    token = mails.opener.open(sealed, seal_context(RequestReceived, "link_token"))
    return before.browser, received.data["number"], token


@scene("my_request")
async def my_request(person: Person) -> Filled:
    browser, number, _ = await mailed_request(person)
    page = await browser.get(f"/compte/demandes/demande?numero={number}")
    return Filled(browser, page, {}, {"text": "Voici la suite."})


@scene("cancel_my_request")
async def cancel_my_request(person: Person) -> Filled:
    browser, number, _ = await mailed_request(person)
    return Filled(
        browser, await browser.get(f"/compte/demandes/demande/annulation?numero={number}")
    )


async def planned_removal(person: Person) -> tuple[str, str]:
    """The number and the mail's token of a lost phone whose removal is planned."""
    link = await confirm_lost_phone(person)
    await link.browser.post(link.page, link.page.path, link.values)
    account, mails = await person.holder.account_id(), person.portal.sent_mails
    received = await mails.event(RequestReceived.__name__, account)
    sealed = msgspec.convert(received.data["link_token"], Sealed)
    token = mails.opener.open(sealed, seal_context(RequestReceived, "link_token"))
    await plan(person, "remove_lost_phone", lost_phone=received.data["number"])
    return received.data["number"], token


@scene("stop_my_phone")
async def stop_my_phone(person: Person) -> Filled:
    number, _ = await planned_removal(person)
    browser = person.holder.browser
    page = await browser.get(f"/compte/demandes/demande?numero={number}")
    return Filled(browser, page)


@scene("stop_followed_phone")
async def stop_followed_phone(person: Person) -> Filled:
    _, token = await planned_removal(person)
    browser = person.browser()
    return Filled(browser, await browser.get(f"/suivi/demande?jeton={token}"))


@scene("followed_request")
async def followed_request(person: Person) -> Filled:
    _, _, token = await mailed_request(person)
    browser = person.browser()
    page = await browser.get(f"/suivi/demande?jeton={token}")
    return Filled(browser, page, {}, {"text": "Voici la suite."})


@scene("cancel_followed_request")
async def cancel_followed_request(person: Person) -> Filled:
    _, _, token = await mailed_request(person)
    browser = person.browser()
    return Filled(browser, await browser.get(f"/suivi/demande/annulation?jeton={token}"))


@scene("register")
async def register(person: Person) -> Filled:
    browser = person.browser()
    page = await browser.get("/inscription")
    typed = {"first_name": "Pierre", "last_name": "O'Brien", "address": new_address()}
    return Filled(browser, page, {"password": PASSWORD}, typed)


@scene("validation", "resend_validation")
async def validation(person: Person) -> Filled:
    browser, page, code = await person.asked()
    person.portal.clock.advance(seconds=61)
    return Filled(browser, page, {"code": code})


@scene("cancel_registration")
async def cancel_registration(person: Person) -> Filled:
    browser, _, _ = await person.asked()
    return Filled(browser, await browser.get("/inscription/annuler"))


@scene("correct_address")
async def correct_address(person: Person) -> Filled:
    browser, _, _ = await person.asked()
    page = await browser.get("/inscription/adresse")
    return Filled(browser, page, {"password": PASSWORD}, {"address": new_address()})


@scene("validation_link")
async def validation_link(person: Person) -> Filled:
    browser, address = person.browser(), new_address()
    await person.portal.asked(browser, address)
    mail = await person.portal.sent_mails.to(address)
    return Filled(browser, await browser.get(f"/inscription/lien?jeton={mail.token}"))


@scene("accept_terms")
async def accept_terms(person: Person) -> Filled:
    browser, page, code = await person.asked()
    await browser.post(page, page.path, {"code": code})
    return Filled(browser, await browser.get("/inscription/conditions"), {"accept": "1"})


@scene("resumption")
async def resumption(person: Person) -> Filled:
    """The desk removed the credentials of a lost phone and told a code; the account was created
    again as far as that code."""
    holder, browser, now = await person.settled(), person.browser(), person.portal.clock()
    account_id, code = await holder.account_id(), make_resumption_code(lambda _: 27_182_818_284)
    environment = person.portal.system.environment("registration")
    keys = KeyRing.parse(environment["IMPEX_TOKEN_KEYS"])
    key_id, digest = keyed_hash(keys, f"registration/resumption/{account_id}", code)
    connection = await asyncpg.connect(
        person.portal.system.database.url("registration"),
        server_settings={"search_path": "registration"},
    )
    try:
        async with connection.transaction():
            await resumption_store.remove_credentials(connection, account_id)
            told = ResumptionCode(
                account_id=account_id,
                code_key_id=key_id,
                code_hash=digest,
                told_at=now,
                expires_at=now + timedelta(days=7),
            )
            await resumption_store.save_code(connection, told)
    finally:
        await connection.close()
    page = await person.portal.asked(browser, holder.address)
    mail = await person.portal.sent_mails.to(holder.address, 2)
    await browser.post(page, page.path, {"code": mail.code})
    page = await browser.get("/inscription/conditions")
    page = await browser.post(page, page.path, {"accept": "1"})
    return Filled(browser, page, {"code": in_groups(code)})


@scene("forgotten_password")
async def forgotten_password(person: Person) -> Filled:
    browser = person.browser()
    page = await browser.get("/mot-de-passe-oublie")
    return Filled(browser, page, {}, {"address": new_address()})


@scene("reset_password")
async def reset_password(person: Person) -> Filled:
    filled = await person.mailed("PasswordReset", "/mot-de-passe", "/mot-de-passe-oublie")
    filled.values = {"password": NEW_PASSWORD}
    return filled


@scene("lost_phone")
async def lost_phone(person: Person) -> Filled:
    browser = person.browser()
    page = await browser.get("/telephone-perdu")
    return Filled(browser, page, {}, {"address": new_address()})


@scene("confirm_lost_phone")
async def confirm_lost_phone(person: Person) -> Filled:
    return await person.mailed("LostPhone", "/telephone-perdu/confirmer", "/telephone-perdu")


@scene("not_me")
async def not_me(person: Person) -> Filled:
    holder, browser = await person.settled(), person.browser()
    ring = KeyRing.parse(person.portal.system.environment("registration")["IMPEX_DISAVOWAL_KEYS"])
    account = (await holder.account_id()).replace("-", "")
    until = person.portal.clock() + timedelta(days=7)
    token = sign(ring, "disavowal", (account, uuid4().hex), until)
    page = await browser.get(f"/ce-n-est-pas-moi?jeton={token}")
    return Filled(browser, page, {"code": mailed_code(person.portal, token)})


@scene("unlock")
async def unlock(person: Person) -> Filled:
    """Strangers have used up the address's forgotten passwords."""
    holder, browser = await person.settled(), person.browser()
    for _ in range(6):
        page = await browser.get("/mot-de-passe-oublie")
        await browser.post(page, page.path, {"address": holder.address})
        person.portal.clock.advance(minutes=61)
    return await person.opened(browser, holder, "UnlockOffered", "/debloquer")


@scene("new_terms")
async def new_terms(person: Person) -> Filled:
    """They bind in a month; asked at the next sign-in."""
    holder = await person.settled()
    connection = await asyncpg.connect(person.portal.system.database.url("gateway"))
    try:
        sql = "update gateway.sessions set terms_bind_at = $2 where account_id = $1"
        later = person.portal.clock() + timedelta(days=30)
        await connection.execute(sql, await holder.account_id(), later)
    finally:
        await connection.close()
    page = await holder.browser.get("/connexion/conditions")
    return Filled(holder.browser, page, {"accept": "1"})
