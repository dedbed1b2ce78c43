"""« Mon activité » and « Qui a consulté mon compte », from what support has heard and recorded."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import asyncpg
import pytest

from services.support.journal import Journal
from shared.contracts.registration.events import SignInLocked
from shared.contracts.support.journal import TIMELINE_SIZE
from shared.messaging.envelope import Envelope
from shared.outbox import apply
from shared.security.sealing import KeyRing
from tests.contract.samples import sample
from tests.support import eventually
from tests.support.actors.account_holder import AccountHolder
from tests.support.actors.http_browser import HttpResponse
from tests.support.servers.portal import Portal

pytestmark = pytest.mark.asyncio(loop_scope="package")

ACTIVITY, LOOKS = "/compte/activite", "/compte/consultations"


async def _shown(person: AccountHolder, *words: str) -> HttpResponse:
    """The page, once support has heard of these."""
    page = await person.browser.get(ACTIVITY)

    async def heard() -> bool:
        nonlocal page
        page = await person.browser.get(ACTIVITY)
        return all(word in page.text for word in words)

    await eventually(heard, why=f"{words} is on the page")
    return page


async def test_s_17_the_holder_reads_what_happened_to_the_account(
    portal: Portal, address: str
) -> None:
    person, other = AccountHolder(portal, address), AccountHolder(portal, f"o{address}")
    await person.settle()
    await other.settle()
    stranger = portal.browser("en")
    await person.give_password("Wr0ng-pass", stranger)
    page = await _shown(
        person, "Compte créé", "Téléphone enrôlé", "Connexion", "Mot de passe refusé"
    )
    links = page.soup.find_all("a", href="/compte/blocage")
    assert links
    assert not [link for link in links if "Mot de passe refusé" in link.text]
    assert "Mot de passe refusé" not in (await _shown(other, "Connexion")).text
    for wrong in ("x", "%3Cb%3E", "WyIyMDI2LTAx"):
        assert (await person.browser.send("GET", f"{ACTIVITY}?apres={wrong}")).status == 404


@asynccontextmanager
async def _journal(portal: Portal) -> AsyncIterator[tuple[Journal, asyncpg.Connection]]:
    """The journal of support, in one transaction of its own role."""
    keys = KeyRing.parse(portal.system.environment("support")["IMPEX_JOURNAL_KEYS"])
    connection = await asyncpg.connect(
        portal.system.database.url("support"), server_settings={"search_path": "support"}
    )
    try:
        async with connection.transaction():
            yield Journal(keys=keys), connection
    finally:
        await connection.close()


async def test_s_17_older_lines_are_on_a_further_page(portal: Portal, address: str) -> None:
    person = AccountHolder(portal, address)
    await person.settle()
    account = await person.account_id()
    whole = await _shown(person, "Compte créé", "Connexion")
    assert whole.soup.find("a", string="Lignes plus anciennes") is None
    now = portal.clock()
    async with _journal(portal) as (journal, tx):
        for _ in range(TIMELINE_SIZE):
            envelope = Envelope(
                id=str(uuid4()), source="impex/tests", type=SignInLocked.TYPE, subject=account,
                time=now, traceparent=None, data={},
            )  # fmt: skip
            await apply(tx, journal.effect(sample(SignInLocked), envelope, now))
    first = await person.browser.get(ACTIVITY)
    assert "Compte créé" not in first.text
    older = first.soup.find("a", string="Lignes plus anciennes")
    assert older is not None
    last = await person.browser.get(older["href"])
    assert "Compte créé" in last.text
    assert last.soup.find("a", string="Revenir aux plus récentes")["href"] == ACTIVITY


async def test_s_18_the_holder_reads_role_and_reason_of_every_look(
    portal: Portal, address: str
) -> None:
    person, other = AccountHolder(portal, address), AccountHolder(portal, f"o{address}")
    await person.settle()
    await other.settle()
    assert "Personne depuis 12 mois." in (await person.browser.get(LOOKS)).text
    agent, now = str(uuid4()), portal.clock()
    async with _journal(portal) as (journal, tx):
        for role, reason in (("agent", "lost_phone"), ("auditor", "audit")):
            await journal.record(
                tx,
                "AccountOpened",
                now=now,
                account_id=await person.account_id(),
                agent_id=agent,
                role=role,
                reason=reason,
            )
    page = await person.browser.get(LOOKS)
    assert "Agent : téléphone perdu." in page.text.replace("\u00a0", " ")
    assert "Audit : contrôle." in page.text.replace("\u00a0", " ")
    assert agent not in page.html
    assert "Personne depuis 12 mois." in (await other.browser.get(LOOKS)).text
