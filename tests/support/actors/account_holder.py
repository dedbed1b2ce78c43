"""The holder of an account, from the form to the home page, in a browser without scripts."""

import itertools
from dataclasses import dataclass, field

from lxml.etree import XPath

from shared.security.link_codes import link_code
from shared.security.sealing import KeyRing
from tests.support import eventually
from tests.support.actors.http_browser import HttpBrowser, HttpResponse
from tests.support.authenticator import Authenticator
from tests.support.servers.portal import PASSWORD, Portal

_NUMBERS = itertools.count(1)
#: The key as text, and the recovery codes, on the pages that show them.
KEY, CODES = XPath("//*[@id='cle']//span"), XPath("//*[@id='codes']//code")
#: The information of a French pharmacy; the names are filled in already.
PHARMACY = {
    "phone": "01 55 87 40 90",
    "position": "responsible_pharmacist",
    "country": "FR",
    "siret": "732 829 320 00074",
    "company_name": "Pharmacie des Lilas",
    "establishment_type": "pharmaceutical_establishment",
    "postal_code": "93260",
    "address": "12 rue de l'Égalité",
    "city": "Les Lilas",
    "terms": "1",
}


@dataclass
class AccountHolder:
    """One person: address, password, phone, and the browser in front of them."""

    portal: Portal
    address: str
    browser: HttpBrowser = field(init=False)
    password: str = PASSWORD
    phone: Authenticator | None = None
    id: str = ""

    def __post_init__(self) -> None:
        self.browser = self.portal.browser()

    async def create(self) -> None:
        """An account, its second factor still to come; pages that only confirm are not opened."""
        page = await self.portal.asked(self.browser, self.address)
        mail = await self.portal.sent_mails.to(self.address)
        path = "/inscription/validation"
        done = await self.browser.post(page, path, {"code": mail.code}, follow=False)
        assert done.location == "/inscription/adresse-validee", done.text
        path = "/inscription/conditions"
        page = await self.browser.get(path)
        done = await self.browser.post(page, path, {"accept": "1"}, follow=False)
        assert done.location == "/inscription/creation", done.text

    async def account_id(self) -> str:
        """The account's id, as events name it, whatever its address is by now."""
        if self.id:
            return self.id

        def created() -> str | None:
            for one in self.portal.sent_mails.published:
                if one.name == "AccountCreated" and one.data["address"] == self.address:
                    return one.subject
            return None

        self.id = str(await eventually(created, why=f"the account of {self.address}"))
        return self.id

    async def give_password(
        self, password: str = "", browser: HttpBrowser | None = None
    ) -> HttpResponse:
        """Address and password; returns the page that comes next."""
        browser = browser or self.browser
        page = await browser.get("/connexion")
        given = {"address": self.address, "password": password or self.password}
        return await browser.post(page, "/connexion", given)

    def scan(self, page: HttpResponse) -> Authenticator:
        """Take the key from an enrolment page."""
        phone = Authenticator(key_on(page), self.portal.clock)
        self.phone = phone
        return phone

    async def enrol(self, page: HttpResponse | None = None) -> HttpResponse:
        """Scan and give the first code; returns the page that comes next."""
        page = page or await self.give_password()
        assert page.path == "/connexion/telephone", page.text
        phone = self.scan(page)
        return await self.browser.post(page, page.path, {"code": phone.code()})

    async def give_code(
        self, page: HttpResponse, code: str = "", browser: HttpBrowser | None = None
    ) -> HttpResponse:
        """The second factor; returns the page that comes next. Half a minute passes."""
        if not code:
            assert self.phone is not None
            self.portal.clock.advance(seconds=30)
            code = self.phone.code()
        return await (browser or self.browser).post(page, "/connexion/code", {"code": code})

    async def keep_codes(self, page: HttpResponse) -> tuple[list[str], HttpResponse]:
        """Read the recovery codes and confirm them; returns them and the page that comes next."""
        codes = codes_on(page)
        assert len(codes) == 10, page.text
        return codes, await self.browser.post(page, page.path, {"kept": "1"})

    async def arrive(self) -> tuple[list[str], HttpResponse]:
        """From the form to the complementary information: the recovery codes, and its page."""
        await self.create()
        codes, page = await self.keep_codes(await self.enrol())
        assert page.path == "/informations", page.text
        return codes, page

    async def declare(self, page: HttpResponse, *, saves: int = 1, **values: str) -> None:
        """Save and confirm the complementary information, the quick way; `saves` counts them."""
        fields = {**page.form("/informations"), **PHARMACY, **values, "action": "validate"}
        saved = await self.browser.send_form("/informations", fields)
        assert saved.location == "/informations/validation", saved.text
        confirmation = {"csrf": fields["csrf"], "key": fields["key"], "version": str(saves)}
        done = await self.browser.send_form("/informations/validation", confirmation)
        assert done.location == "/informations", done.text

    async def settle(self) -> list[str]:
        """From the form to a complete account; returns the recovery codes."""
        codes, page = await self.arrive()
        await self.declare(page)
        return codes

    async def sign_in(self, browser: HttpBrowser | None = None) -> HttpResponse:
        """Password and code; returns the page that comes next."""
        page = await self.give_password(browser=browser)
        assert page.path == "/connexion/code", page.text
        return await self.give_code(page, browser=browser)


def key_on(page: HttpResponse) -> str:
    """The key that an enrolment page shows as text."""
    found = KEY(page.tree)
    assert found, page.text
    return "".join(one.text_content() for one in found)


def codes_on(page: HttpResponse) -> list[str]:
    """The recovery codes that a page shows."""
    return [" ".join(one.text_content().split()) for one in CODES(page.tree)]


def mailed_code(portal: Portal, token: str) -> str:
    """The digits that the mail with this link shows."""
    keys = portal.system.environment("registration")["IMPEX_DISAVOWAL_KEYS"]
    return link_code(KeyRing.parse(keys), token)


def new_address() -> str:
    """An unused address."""
    return f"q{next(_NUMBERS)}x{id(_NUMBERS):x}@pharmacie.example.fr"
