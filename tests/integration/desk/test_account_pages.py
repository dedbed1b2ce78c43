"""Search and account at the desk, with every owner behind it (B-05, AZ-01, AZ-02)."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio

from tests.support.actors.desk_agent import (
    DeskAgent,
    add_account,
    add_mail,
    journal_of,
    open_many,
    search_many,
    signed_in_agent,
)
from tests.support.actors.http_browser import HttpResponse
from tests.support.clock import Clock
from tests.support.servers.desk import Desk, running_desk
from tests.support.servers.portal import fresh_system
from tests.support.servers.shared_servers import TestServers
from tests.support.servers.system import System

pytestmark = pytest.mark.asyncio(loop_scope="package")

SEARCH, ACCOUNT, OPEN = (
    "/assistance/recherche",
    "/assistance/comptes",
    "ouvrir",
)
OWNERS = ("support", "registration", "profile", "dossiers", "mailer", "mfa", "gateway")
RESEND, MORE = "messages", "davantage"
SIRET = "73282932000074"


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def full_desk(shared_system: System, shared_clock: Clock) -> AsyncIterator[Desk]:
    """The desk and every owner that it looks things up at."""
    settings = {"IMPEX_GATEWAY_PORT": "0"}
    async with running_desk(shared_system, *OWNERS, clock=shared_clock, **settings) as running:
        yield running


async def person(desk: Desk, email: str = "", last_name: str = "Lefèvre", **fields: str) -> str:
    """An account of the pharmacy of the tests."""
    known = {
        "company_name": "Pharmacie du Cœur",
        "city": "Saint-Étienne",
        "postal_code": "42000",
        "address": "8 rue des Lilas",
        "phone": "+33123454217",
        "siret": SIRET,
        "position": "responsible_pharmacist",
    }
    email = email or f"elodie.{uuid4().hex[:8]}@labo.fr"
    return await add_account(desk, email, "Élodie", last_name, **known | fields)


async def search(agent: DeskAgent, typed: str) -> HttpResponse:
    browser = agent.browser
    page = await browser.get(SEARCH)
    return await browser.post(page, SEARCH, {"search": typed})


async def opened(agent: DeskAgent, account_id: str, reason: str) -> HttpResponse:
    browser = agent.browser
    page = await browser.get(f"{ACCOUNT}/{account_id}")
    return await browser.post(page, f"{ACCOUNT}/{account_id}/{OPEN}", {"reason": reason})


async def test_b_05_one_field_finds_an_account_whatever_is_typed(full_desk: Desk) -> None:
    agent = await signed_in_agent(full_desk)
    address = f"unique.{uuid4().hex[:8]}@labo.fr"
    account_id = await person(full_desk, address, "Nom-Unique")
    await person(full_desk)
    for typed in (address, address.upper(), "nom unique élodie"):
        page = await search(agent, typed)
        assert page.path == f"{ACCOUNT}/{account_id}", typed
    for typed, kind in (
        ("732 829 320 00074", "SIRET"),
        ("01 23 45 42 17", "téléphone"),
        ("pharmacie coeur", "établissement"),
    ):
        page = await search(agent, typed)
        assert page.path == SEARCH
        assert f"Cherché comme {kind}" in page.text.replace("nom, ", ""), page.text
        assert "É… LEFÈVRE" in page.text
        assert "e…@labo.fr" in page.text
        assert typed not in page.query, "no value in an address"
        assert "Élodie" not in page.text


async def test_b_05_results_have_an_address_for_a_quarter_of_an_hour(full_desk: Desk) -> None:
    agent = await signed_in_agent(full_desk)
    await person(full_desk)
    await person(full_desk)
    page = await search(agent, SIRET)
    there = f"{page.path}?{page.query}"
    assert "LEFÈVRE" in (await agent.browser.get(there)).text
    other = await signed_in_agent(full_desk)
    assert "LEFÈVRE" not in (await other.browser.get(there)).text, "it is the agent's own"
    full_desk.clock.advance(minutes=14)
    assert "LEFÈVRE" in (await agent.browser.get(there)).text
    full_desk.clock.advance(minutes=2)
    late = await agent.browser.get(there)
    assert "plus de 15 minutes" in late.text
    assert "LEFÈVRE" not in late.text


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "Saisissez une adresse"),
        ("zz", "au moins 3 caractères"),
        ("personne-de-ce-nom", "Aucun compte. Essayez l'adresse entière"),
    ],
)
async def test_what_finds_nothing_gives_a_reason(full_desk: Desk, typed: str, says: str) -> None:
    page = await search(await signed_in_agent(full_desk), typed)
    assert says in page.text
    assert page.path == SEARCH


async def test_az_01_an_account_is_closed_until_a_reason_is_given(full_desk: Desk) -> None:
    """What is masked is not in the page, whatever it looks like."""
    agent = await signed_in_agent(full_desk)
    address = f"marie.{uuid4().hex[:8]}@labo.fr"
    account_id = await person(full_desk, address, "Secrète")
    closed = await agent.browser.get(f"{ACCOUNT}/{account_id}")
    assert "Pourquoi ouvrir ce compte ?" in closed.text
    page = await opened(agent, account_id, "question")
    assert "Élodie SECRÈTE" in page.text
    for masked in (address, "+33123454217", "01 23 45 42 17", "rue des Lilas", SIRET):
        assert masked not in closed.html + page.html, masked
    for field in ("Adresse", "Téléphone", "Établissement", "Messages", "Dossiers"):
        assert field in page.text.split("Masqué :")[1].split("Ouvrir avec")[0]
    more = await opened(agent, account_id, "correction")
    assert address in more.text
    assert "732 829 320 00074" in more.text.replace("\u202f", " ")
    assert [kind for kind, _public in await journal_of(full_desk, agent.id)] == [
        "support.AccountOpened",
        "support.FieldsShown",
    ]


async def test_a_request_gives_the_reason_for_opening_its_account(full_desk: Desk) -> None:
    agent = await signed_in_agent(full_desk)
    account_id = await person(full_desk)
    chosen = "input[name=reason][checked]"
    page = await agent.browser.get(f"{ACCOUNT}/{account_id}?demande=DEP-A44X2-YZ7EW")
    assert page.soup.select_one(chosen)["value"] == "departure"
    form = {"reason": "departure", "number": "DEP-A44X2-YZ7EW"}
    page = await agent.browser.post(page, f"{ACCOUNT}/{account_id}/{OPEN}", form)
    page = await agent.browser.get(page.soup.select_one("a[href*=correct_information]")["href"])
    typed = page.soup.select_one("input[name=request_number]")["value"]
    assert typed == "DEP-A44X2-YZ7EW", "the act is about the request"
    page = await agent.browser.get(f"{ACCOUNT}/{account_id}")
    assert page.soup.select_one(chosen) is None


async def test_b_05_the_page_shows_every_block_and_the_story(full_desk: Desk) -> None:
    agent = await signed_in_agent(full_desk)
    account_id = await person(full_desk)
    page = await opened(agent, account_id, "data_rights")
    headings = [one.get_text(" ", strip=True) for one in page.soup.find_all("h2")]
    for block in ("Personne", "Établissement", "Collègues", "Dossiers", "Messages", "Sessions",
                  "Histoire"):  # fmt: skip
        assert any(block in heading for heading in headings), (block, headings)
    assert "Compte ouvert" in page.text or "consulté" in page.text.lower()
    assert "Zoé Martin" in page.text, "who looked, for agents"


async def test_az_02_no_account_of_ones_own_and_none_that_is_not_there(full_desk: Desk) -> None:
    address = f"own.{uuid4().hex[:8]}@ansm.sante.fr"
    agent = await signed_in_agent(full_desk, address=address)
    own = await person(full_desk, address)
    page = await agent.browser.get(f"{ACCOUNT}/{own}")
    assert "Ce compte est le vôtre" in page.text
    assert page.soup.find("form", action=f"{ACCOUNT}/{own}/{OPEN}") is None
    other = await person(full_desk)
    page = await agent.browser.get(f"{ACCOUNT}/{other}")
    fields = {**page.form(f"{ACCOUNT}/{other}/{OPEN}"), "reason": "question"}
    forged = await agent.browser.send_form(
        f"{ACCOUNT}/{own}/{OPEN}", fields, headers={"Sec-Fetch-Site": "same-origin"}
    )
    assert "Ce compte est le vôtre" in forged.text
    for account_id in (str(uuid4()), "no-id"):
        assert (await agent.browser.get(f"{ACCOUNT}/{account_id}")).status == 404


async def test_az_01_an_operator_sees_no_account(full_desk: Desk) -> None:
    agent = await signed_in_agent(full_desk, "operator")
    account_id = await person(full_desk)
    assert (await agent.browser.get(f"{ACCOUNT}/{account_id}")).status == 403
    assert (await agent.browser.get(SEARCH)).status == 403
    own = (await agent.browser.get("/moi/mot-de-passe")).form("/moi/mot-de-passe")
    fields = {"csrf": own["csrf"], "search": "lefevre"}
    headers = {"Sec-Fetch-Site": "same-origin"}
    posted = await agent.browser.send_form(SEARCH, fields, headers=headers)
    assert posted.status == 403


async def test_az_01_without_a_session_the_desk_finds_and_shows_nothing(full_desk: Desk) -> None:
    account_id = await person(full_desk)
    stranger = full_desk.browser()
    for path in (SEARCH, f"{ACCOUNT}/{account_id}"):
        answer = await stranger.send("GET", path)
        assert answer.status == 303
    forged = await stranger.send(
        "POST", f"{ACCOUNT}/{account_id}/{OPEN}", data={"reason": "question"}
    )
    assert forged.status in (303, 403)


async def test_a_forged_reason_opens_nothing(full_desk: Desk) -> None:
    agent = await signed_in_agent(full_desk)
    account_id = await person(full_desk)
    page = await agent.browser.get(f"{ACCOUNT}/{account_id}")
    assert (
        "Choisissez une raison"
        in (await agent.browser.post(page, f"{ACCOUNT}/{account_id}/{OPEN}", {"reason": ""})).text
    )
    audit = await agent.browser.post(page, f"{ACCOUNT}/{account_id}/{OPEN}", {"reason": "audit"})
    assert (audit.status, "Acte refusé : votre rôle" in audit.text) == (403, True)
    await agent.browser.post(page, f"{ACCOUNT}/{account_id}/{OPEN}", {"reason": "curiosity"})
    assert await journal_of(full_desk, agent.id) == []


async def test_after_a_hundred_accounts_a_supervisor_is_asked(full_desk: Desk) -> None:
    agent, account_id = await signed_in_agent(full_desk), await person(full_desk)
    await open_many(full_desk, agent.id, 100)
    page = await agent.browser.get(f"{ACCOUNT}/{account_id}")
    assert "100 comptes ouverts aujourd'hui." in page.text
    assert page.soup.find("form", action=f"{ACCOUNT}/{account_id}/{OPEN}") is None
    asked = await agent.browser.post(page, f"{ACCOUNT}/{account_id}/{MORE}")
    assert "Demande envoyée à la supervision" in asked.text
    again = await agent.browser.post(page, f"{ACCOUNT}/{account_id}/{MORE}")
    assert again.status in (200, 409), "asked once"


async def test_b_05_after_the_searches_of_a_day_a_supervisor_is_asked(full_desk: Desk) -> None:
    agent = await signed_in_agent(full_desk)
    await search_many(full_desk, agent.id, 200)
    page = await search(agent, "lefevre")
    assert "200 recherches faites aujourd'hui, le nombre permis." in page.text
    assert "Cherché comme" not in page.text
    field = page.soup.select_one("#chercher")
    assert field is not None
    assert field["value"] == "lefevre", "nothing typed is lost"
    asked = await agent.browser.post(page, f"{SEARCH}/{MORE}")
    assert "Demande envoyée à la supervision" in asked.text


async def test_a_request_of_the_accounts_holder_is_written_down_from_its_page(
    full_desk: Desk,
) -> None:
    agent, account_id = await signed_in_agent(full_desk), await person(full_desk)
    page = await opened(agent, account_id, "question")
    link = page.soup.select_one(".desk-requests a[href*='/nouvelle']")
    assert link is not None
    form = await agent.browser.get(str(link["href"]))
    assert form.form("/assistance/demandes/nouvelle")["account_id"] == account_id
    assert form.soup.select_one(f"a[href='{ACCOUNT}/{account_id}']"), "the way back"
    fields = {**form.form("/assistance/demandes/nouvelle"), "lang": "en"}
    fields |= {"kind": "", "channel": "", "language": "fr", "text": ""}
    english = await agent.browser.send_form("/langue?de=/assistance/demandes/nouvelle", fields)
    assert english.form("/assistance/demandes/nouvelle")["account_id"] == account_id
    given = {"kind": "message", "channel": "call", "language": "fr", "text": "Où en est-on ?"}
    made = await agent.browser.post(english, "/assistance/demandes/nouvelle", given)
    number = made.path.rpartition("/")[2]
    assert f"under the number {number}" in made.text
    assert number in (await agent.browser.get(f"{ACCOUNT}/{account_id}")).text


async def test_b_05_a_mail_is_sent_again(full_desk: Desk) -> None:
    agent, account_id = await signed_in_agent(full_desk), await person(full_desk)
    mail_id = await add_mail(full_desk, account_id)
    page = await opened(agent, account_id, "mail_not_received")
    assert "boîte inconnue" in page.text
    sent = await agent.browser.post(page, f"{ACCOUNT}/{account_id}/{RESEND}", {"mail": mail_id})
    assert "Message remis à l'envoi" in sent.text


async def test_b_05_an_owner_that_is_away_leaves_the_rest(
    test_servers: TestServers, tmp_path: Path
) -> None:
    """Neither mailer nor mfa nor gateway run: their blocks say so."""
    with fresh_system(test_servers, tmp_path) as system:
        await _look_while_away(system)


async def _look_while_away(system: System) -> None:
    async with running_desk(system, "support", "registration", "profile") as desk:
        agent = await signed_in_agent(desk)
        account_id = await person(desk)
        page = await opened(agent, account_id, "data_rights")
        assert "Ne répond pas pour l'instant" in page.text
        assert "Élodie LEFÈVRE" in page.text
        assert "01 23 45 42 17" in page.text
