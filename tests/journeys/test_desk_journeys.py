"""A lost phone from its report to the account found again: its holder and two agents, who use the
keyboard alone, in three browsers."""

import re
from dataclasses import dataclass

import pytest
from playwright.async_api import Page, expect

from operations.local.demo import generate
from operations.operate.dossiers import publish_all
from services.mfa.totp import step_at
from shared.contracts.backoffice import OWNER
from shared.runtime.service import utc_now
from tests.support import eventually
from tests.support.actors.account_holder import key_on
from tests.support.actors.agent import DeskAgent
from tests.support.actors.chromium_account_holder import ChromiumAccountHolder, Phone
from tests.support.actors.chromium_user import tick
from tests.support.authenticator import Authenticator
from tests.support.servers.desk import Desk
from tests.support.servers.spawned_portal import NewUser, SpawnedPortal

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(300),
    pytest.mark.asyncio(loop_scope="session"),
]

#: Keys for one lost phone, word and code included: of who calls, and of who approves.
MAX_KEYS, MAX_KEYS_OF_SECOND = 40, 15
NEW_PASSWORD = "Zug&Wolke47"
AGE_NUMBER = """
update profile.profiles set phone_since = now() - interval '40 days'
where account_id = (select id from registration.accounts where address = $1)
"""
AGE_AGENT = "update support.agents set joined_at = joined_at - interval '73 hours' where id = $1"
#: The delay passes.
DUE = "update support.proposals set due_at = now() where state = 'approved' and request_number = $1"
AGENTS_OF = """
select distinct e.agent_id::text as id from support.journal_entries e
where e.account_id = (select id from registration.accounts where address = $1)
    and e.agent_id is not null
"""


@dataclass
class KeyboardAgent:
    """An agent who chose the shortcuts and counts the keys that they press."""

    id: str
    page: Page
    phone: Phone
    keys: int = 0

    async def press(self, *keys: str) -> None:
        """Keys that stay on the page."""
        for key in keys:
            await self.page.keyboard.press(key)
            self.keys += 1

    async def type(self, text: str) -> None:
        """Into the field that has the focus."""
        await self.page.keyboard.type(text)
        self.keys += len(text)

    async def open_by(self, key: str, title: str, focus: str = "") -> None:
        """A key that leads to another page; `focus` is where that page begins."""
        await self.press(key)
        await self.at(title, focus)

    async def at(self, title: str, focus: str = "") -> None:
        """Wait until a page is there, and its shortcuts are."""
        await expect(self.page).to_have_title(re.compile(title.replace(" ", r"\s")))
        await self.page.wait_for_load_state()
        await expect(self.page.locator("html")).to_have_attribute("data-impex-js", "true")
        if focus:
            await expect(self.page.locator(focus)).to_be_focused()

    async def call(self, *, again: bool = False) -> None:
        """From the page of the request to the page that asks for the person's word; `again` at the
        number of the first call, with no other one beside it."""
        await self.open_by("m", "^Appel, demande", "#line-file")
        await self.press(*([] if again else ["Tab"]), "Tab", "Space")
        await expect(self.page.locator("#dialled")).to_be_checked()
        await self.press("Enter")
        await expect(self.page.locator("#word")).to_be_focused()

    async def give_word(self, word: str) -> None:
        """What the person said; the code of the agent's own phone comes next."""
        await self.type(word)
        await self.open_by("Enter", "^Mots concordants", "#code")
        await self.type(await self.phone.code())


async def _agent(portal: SpawnedPortal, new_user: NewUser, address: str) -> KeyboardAgent:
    """Invited, enrolled and joined for days, in a browser of their own, with shortcuts."""
    agent = DeskAgent(Desk(portal.system, portal.desk), "agent", address)
    page = await agent.accept(await agent.invite())
    phone = Phone(Authenticator(key_on(page)))
    # The code before this one, so that the next two are good at once; another one if it is over.
    for steps in (-1, 0):
        if page.path == "/connexion/telephone":
            phone.used = step_at(utc_now()) + steps
            page = await agent.browser.post(page, page.path, {"code": phone.shows.code(steps)})
    page = await agent.browser.get("/moi")
    page = await agent.browser.post(page, "/moi/raccourcis", {"shortcuts": "on"})
    assert "Les raccourcis du clavier sont actifs." in page.text, page.text
    await portal.rows(AGE_AGENT, agent.id)
    user = await new_user(base=portal.desk)
    token = agent.browser.cookies["impex-desk-session"]
    cookie = {"name": "impex-desk-session", "value": token, "url": portal.desk}
    await user.context.add_cookies([cookie])  # type: ignore[list-item]
    await agent.browser.close()
    return KeyboardAgent(agent.id, user.page, phone)


async def _report_loss(portal: SpawnedPortal, holder: ChromiumAccountHolder) -> str:
    """« Téléphone perdu », the mail and its code; ends on the page of the request: its number."""
    user, page, address = holder.user, holder.user.page, holder.address
    await user.open("/telephone-perdu")
    await page.locator("#address").fill(address)
    await user.press("send_message")
    link = await portal.mail.link(address, "/telephone-perdu/confirmer")
    await user.open(link)
    await page.locator("#code").fill(portal.mail.code_of(address, link))
    await user.press("confirm_loss")
    await expect(page.locator("h1")).to_have_text("Téléphone déclaré perdu")
    await user.open(await portal.mail.link(address, "/suivi/demande"))
    heading = await page.locator("h1").inner_text()
    await expect(page.locator("#appel")).to_contain_text("Aucun appel de notre part")
    return heading.split()[-1]


async def _words(page: Page) -> list[str]:
    """Both words; the page shows them by itself once the call has begun."""
    words = page.locator(".impex-call-word")
    await expect(words).to_have_count(2)
    return await words.all_inner_texts()


async def _dossiers(portal: SpawnedPortal, address: str) -> None:
    found = await portal.rows("select id from registration.accounts where address = $1", address)
    messages = generate(str(found[0]["id"]), utc_now())
    await publish_all(portal.system.broker.url(OWNER), messages)
    query = "select count(*) as n from dossiers.dossiers where account_id = $1"

    async def listed() -> bool:
        return bool((await portal.rows(query, found[0]["id"]))[0]["n"])

    await eventually(listed, 60, every=0.1, why="dossiers are listed")


async def _create_again(portal: SpawnedPortal, holder: ChromiumAccountHolder) -> None:
    """« Créer un compte » with the same address, as far as the page that asks for the code."""
    user, page = holder.user, holder.user.page
    await user.open("/inscription")
    await user.fill(holder.address, password=NEW_PASSWORD)
    await user.press("continue")
    await user.at("validation")
    mail = await portal.mail.validation_mail(holder.address, 2)
    await user.give_code(mail.code)
    await user.at("verified")
    await user.press("continue")
    await user.at("terms")
    await tick(page.get_by_label(user.word("accept")))
    await user.press("continue")
    await expect(page.locator("h1")).to_have_text("Retrouver votre compte")


async def test_g_26_ot_15_a_lost_phone_by_two_agents_with_the_keyboard(
    portal: SpawnedPortal, new_user: NewUser, address: str
) -> None:
    """Words of a call, a second person, a date, a code told in a second call, and everything is
    there again."""
    first = await _agent(portal, new_user, f"un-{address}")
    second = await _agent(portal, new_user, f"deux-{address}")
    holder = ChromiumAccountHolder(portal, await new_user(), address)
    await holder.settle()
    await _dossiers(portal, address)
    await portal.rows(AGE_NUMBER, address)
    user, page = holder.user, holder.user.page
    number = await _report_loss(portal, holder)

    await first.page.goto(f"{portal.desk}/assistance/demandes")
    await first.at("1 demande en cours")
    await first.press("j")
    await first.open_by("Enter", f"^Demande {number}")
    await first.press("p")
    await first.press("Enter")
    await expect(first.page.locator("main .fr-alert")).to_contain_text("Cette demande est à vous")
    await first.call()
    agents, persons = await _words(page)
    await expect(first.page.locator(".impex-call-word")).to_have_text(agents)
    assert persons not in await first.page.content()
    await first.give_word(persons)
    await first.open_by("Enter", f"^Demande {number}")
    await expect(first.page.locator("main .fr-alert")).to_contain_text("Acte proposé")
    assert first.keys <= MAX_KEYS, first.keys

    await second.page.goto(await _approval_link(portal, f"deux-{address}"))
    await second.at(number)
    await second.press("r", "Space", "Tab", "Space", "Tab", "Space", "Tab")
    await second.type(await second.phone.code())
    await second.press("Enter")
    await expect(second.page.locator("main .fr-alert")).to_contain_text("Acte approuvé")
    assert second.keys <= MAX_KEYS_OF_SECOND, second.keys

    await expect(page.locator("#appel")).to_contain_text("Votre ancien téléphone sera détaché le")
    await portal.rows(DUE, number)
    await expect(page.locator("#appel")).to_contain_text("Prochaine étape : un appel")

    first.keys = 0
    await first.open_by("d", "1 demande en cours")
    await first.press("j")
    await first.open_by("Enter", f"^Demande {number}")
    await first.call(again=True)
    _, persons = await _words(page)
    await first.give_word(persons)
    await first.open_by("Enter", "^Code de reprise")
    assert first.keys <= MAX_KEYS, first.keys
    code = await first.page.locator(".impex-call-word").inner_text()

    await _create_again(portal, holder)
    await page.locator("#code").fill(code)
    await page.get_by_role("button", name="Retrouver mon compte", exact=True).click()
    await user.at("creation")
    await user.open("/connexion")
    await holder.give_password(NEW_PASSWORD)
    await user.at("enrolment")
    await holder.scan()
    await holder.give_code()
    await user.at("codes")
    await holder.keep()
    await user.at("home")
    await expect(page.locator("main table tbody tr")).not_to_have_count(0)
    await user.open("/compte/demandes")
    await expect(page.locator("main")).to_contain_text(f"{number} · Téléphone perdu · faite")
    in_journal = {row["id"] for row in await portal.rows(AGENTS_OF, address)}
    assert in_journal >= {first.id, second.id}


async def _approval_link(portal: SpawnedPortal, address: str) -> str:
    """The link of the mail that asks for a second person."""
    pattern = re.compile(r"^(http\S+/assistance/approbations\S+)\s*$", re.M)

    def found() -> str:
        links = [pattern.search(one.text()) for one in portal.mail.to(address)]
        return next((one.group(1) for one in reversed(links) if one), "")

    return await eventually(found, 60, why=f"a mail asks {address} to approve")
