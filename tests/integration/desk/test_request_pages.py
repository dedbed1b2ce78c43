"""Requests at the desk: the queue, one request, and two agents on one (V-02, AZ-01)."""

import re
from uuid import uuid4

import pytest

from tests.support.actors.agent import DeskAgent as JoinedAgent
from tests.support.actors.agent import joined_agent
from tests.support.actors.desk_agent import DeskAgent, signed_in_agent
from tests.support.actors.http_browser import HttpBrowser, HttpResponse
from tests.support.servers.desk import Desk

pytestmark = pytest.mark.asyncio(loop_scope="package")

QUEUE = "/assistance/demandes"
ASKED = "La rue a changé <b>de nom</b>, voir http://piege.example/rue"
TYPED = "Bonjour, depuis quand ? Merci."
Agent = DeskAgent | JoinedAgent


async def opened(agent: Agent, kind: str = "message", channel: str = "call") -> str:
    """A request that an agent wrote down; returns its page's path."""
    form = await agent.browser.get(f"{QUEUE}/nouvelle")
    given = {"kind": kind, "channel": channel, "address": "lea@labo.fr", "language": "fr"}
    page = await agent.browser.post(form, f"{QUEUE}/nouvelle", {**given, "text": ASKED})
    assert re.fullmatch(rf"{QUEUE}/[A-Z]{{3}}-\w{{5}}-\w{{5}}", page.path), page.text
    assert f"Demande enregistrée sous le numéro {page.path.rpartition('/')[2]}" in page.text
    assert page.soup.select_one(f"form[action='{page.path}/prise']"), "the next step"
    return page.path


async def taken(agent: Agent, path: str) -> HttpResponse:
    page = await agent.browser.get(path)
    return await agent.browser.post(page, f"{path}/prise", {})


async def answered(
    agent: Agent, page: HttpResponse, path: str, text: str = TYPED, **fields: str
) -> HttpResponse:
    given = {"text": text, "after": "", **fields}
    return await agent.browser.post(page, f"{path}/reponse", given)


async def test_v_02_the_queue_lists_what_is_asked_of_the_desk_by_filter(desk: Desk) -> None:
    agent = await signed_in_agent(desk)
    message, correction = await opened(agent), await opened(agent, "correction", "mail")
    await taken(agent, message)

    async def shown(query: str) -> set[str]:
        page = await agent.browser.get(f"{QUEUE}?{query}")
        assert page.status == 200, page.text
        return {one for one in (message, correction) if f'href="{one}"' in page.html}

    assert await shown("") == {message, correction}
    assert await shown("a=mine") == {message}
    assert correction in await shown("a=to_take")
    assert message not in await shown("a=to_take")
    assert await shown("type=correction") == {correction}
    assert await shown("etat=in_progress") == {message}
    assert await shown("retard=1") == set()
    assert await shown("tri=-received&page=1&type=x&etat=<b>") == {message, correction}


async def counts(browser: HttpBrowser, path: str = "/moi") -> dict[str, int]:
    """The numbers of the navigation, by the path of their entry."""
    page = await browser.get(path)
    found = {}
    for entry in page.soup.select("#navigation a"):
        number = entry.select_one(".desk-nav__count")
        if number is not None:
            found[str(entry["href"])] = int(str(number.contents[0]))
    return found


async def test_the_navigation_counts_what_waits_on_every_page(desk: Desk) -> None:
    """From the first one on, for each role, and after what somebody else did."""
    agent, auditor = await signed_in_agent(desk), await signed_in_agent(desk, "auditor")
    operator = await signed_in_agent(desk, "operator")
    path = await opened(await signed_in_agent(desk))
    before = await counts(agent.browser)
    assert set(before) == {QUEUE, "/assistance/approbations"}
    assert before[QUEUE] > 0
    assert await counts(auditor.browser) == {QUEUE: before[QUEUE]}
    assert await counts(operator.browser) == {}
    closed = await answered(agent, await taken(agent, path), path, "", after="done_as_asked")
    assert "Demande close" in closed.text
    for place in ("/moi", QUEUE, path, "/nowhere"):
        assert (await counts(agent.browser, place))[QUEUE] == before[QUEUE] - 1, place


async def test_what_the_person_wrote_is_quoted_and_never_linked(desk: Desk) -> None:
    agent = await signed_in_agent(desk)
    page = await agent.browser.get(await opened(agent))
    assert "&lt;b&gt;de nom&lt;/b&gt;, voir http://piege.example/rue</blockquote>" in page.html
    assert 'href="http://piege' not in page.html


async def test_v_02_an_agent_takes_answers_asks_and_closes(desk: Desk) -> None:
    agent = await signed_in_agent(desk)
    path = await opened(agent)
    page = await taken(agent, path)
    assert "Cette demande est à vous." in page.text
    wrong = await answered(agent, page, path, f"{TYPED} Voir www.autre.fr")
    assert "qui ne sont pas du portail : www.autre.fr" in wrong.text.replace("\u00a0", " ")
    assert TYPED in wrong.text
    empty = await answered(agent, wrong, path, "")
    assert "Écrivez votre réponse." in empty.text
    sent = await answered(agent, empty, path)
    assert "Réponse envoyée à la personne." in sent.text
    assert TYPED in sent.text
    asked = await answered(agent, sent, path, "Quelle rue ?", after="ask")
    assert "en attente de la personne" in asked.text
    closed = await answered(agent, asked, path, "", after="done_as_asked")
    assert "Demande close" in closed.text
    assert "comme demandé" in closed.text
    assert "/reponse" not in closed.html


async def test_a_ready_made_answer_is_put_in_front_of_what_is_typed(desk: Desk) -> None:
    agent = await signed_in_agent(desk)
    path = await opened(agent)
    page = await taken(agent, path)
    given = await answered(agent, page, path, insert="1", ready_answer="refused")
    assert "Nous n'avons pas pu vérifier" in given.text
    assert given.text.index("Nous n'avons pas pu vérifier") < given.text.index(TYPED)
    assert "Réponse envoyée" not in given.text


async def test_an_answer_that_is_not_filled_in_is_not_sent(desk: Desk) -> None:
    agent = await signed_in_agent(desk)
    path = await opened(agent)
    page = await answered(
        agent, await taken(agent, path), path, "", insert="1", ready_answer="call"
    )
    assert "{date}" in page.text
    refused = await answered(agent, page, path, "Nous appellerons le {date} à {h}.")
    assert "Remplacez {date}, {h} par ce que la personne doit lire." in refused.text
    assert "Nous appellerons le {date} à {h}." in refused.text
    assert "Réponse envoyée" not in refused.text


async def test_se_03_an_answer_that_came_too_late_is_on_its_page_after_the_sign_in(
    desk: Desk,
) -> None:
    agent = await joined_agent(desk)
    path, other = await opened(agent), await opened(agent)
    page = await taken(agent, path)
    desk.clock.advance(minutes=16)
    late = await answered(agent, page, path)
    assert late.path == "/connexion"
    back = await agent.sign_in(path=f"/connexion?{late.query}")
    assert back.path == path
    assert TYPED in back.text
    assert "Réponse envoyée" not in back.text
    assert TYPED not in (await agent.browser.get(other)).text


async def test_an_agent_gives_back_what_they_took(desk: Desk) -> None:
    agent = await signed_in_agent(desk)
    path = await opened(agent)
    page = await taken(agent, path)
    back = await agent.browser.post(page, f"{path}/retour", {})
    assert "Demande rendue" in back.text
    assert f"{path}/prise" in back.html


async def test_two_agents_on_one_request_the_second_keeps_the_text(desk: Desk) -> None:
    """Who comes second is told what the first did, takes the request with the text, and sends."""
    first, second = await signed_in_agent(desk), await signed_in_agent(desk)
    path = await opened(first)
    page = await taken(second, path)
    await taken(first, path)
    late = await answered(second, page, path)
    assert late.status == 409
    assert "Modifiée entre-temps" in late.text
    assert re.search(r"Entre-temps Prise ?, Zoé Martin", late.text)
    assert f"{TYPED}</textarea>" in late.html
    again = await answered(second, late, path, take="1")
    assert f"{TYPED}</textarea>" in again.html
    assert "Réponse envoyée" not in again.text
    sent = await answered(second, again, path)
    assert "Réponse envoyée à la personne." in sent.text


async def test_a_request_that_was_taken_meanwhile_is_not_taken_unseen(desk: Desk) -> None:
    first, second = await signed_in_agent(desk), await signed_in_agent(desk)
    path = await opened(first)
    seen = await second.browser.get(path)
    await taken(first, path)
    late = await second.browser.post(seen, f"{path}/prise", {})
    assert late.status == 409
    assert "Rien n'a été fait" in late.text
    now = await second.browser.post(late, f"{path}/prise", {})
    assert "Cette demande est à vous." in now.text


async def test_az_01_an_auditor_reads_and_an_operator_sees_nothing(desk: Desk) -> None:
    agent = await signed_in_agent(desk)
    auditor, operator = (
        await signed_in_agent(desk, "auditor"),
        await signed_in_agent(desk, "operator"),
    )
    path = await opened(agent)
    page = await auditor.browser.get(path)
    assert page.status == 200
    assert '<form method="post" action="/assistance/demandes' not in page.html
    assert "/nouvelle" not in (await auditor.browser.get(QUEUE)).html
    fields = {"csrf": page.form("/langue")["csrf"], "version": "1", "key": "k" * 43}
    same = {"Sec-Fetch-Site": "same-origin"}
    refused = await auditor.browser.send_form(f"{path}/prise", fields, headers=same)
    assert refused.status == 403
    for closed in (QUEUE, path):
        assert (await operator.browser.get(closed)).status == 403


async def test_the_number_in_the_search_opens_its_request(desk: Desk) -> None:
    agent = await signed_in_agent(desk)
    path = await opened(agent)
    page = await agent.browser.get("/assistance/recherche")
    number = path.rpartition("/")[2]
    found = await agent.browser.post(page, "/assistance/recherche", {"search": number.lower()})
    assert found.path == path


async def test_a_new_request_names_what_is_missing_and_keeps_the_rest(desk: Desk) -> None:
    agent = await signed_in_agent(desk)
    form = await agent.browser.get(f"{QUEUE}/nouvelle?compte=12")
    page = await agent.browser.post(form, form.path, {"account_id": "12", "text": ASKED})
    assert "Cet identifiant n'est pas complet" in page.text
    page = await agent.browser.post(page, f"{QUEUE}/nouvelle", {"account_id": "", "text": ASKED})
    for message in ("Choisissez un type.", "comment la demande est arrivée", "adresse"):
        assert message in page.text
    assert "voir http://piege.example/rue</textarea>" in page.html
    assert (await agent.browser.get(f"{QUEUE}/COR-A44X2-YZ7EW")).status == 404


async def test_az_01_supervisors_edit_ready_made_answers_and_agents_read_them(desk: Desk) -> None:
    boss, other = (
        await signed_in_agent(desk, "supervisor"),
        await signed_in_agent(desk, "supervisor"),
    )
    agent, path = await signed_in_agent(desk), "/assistance/reponses/more"
    assert "Pour avancer" in (await agent.browser.get("/assistance/reponses")).text
    assert (await agent.browser.get(path)).status == 403
    seen, form = await other.browser.get(path), await boss.browser.get(path)
    wrong = await boss.browser.post(form, path, {"text_fr": "Voir www.autre.fr", "title_en": ""})
    assert "www.autre.fr" in wrong.text
    assert "Écrivez un titre." in wrong.text
    english = {"text_en": "We still need: {list}."}
    kept = {"text_fr": "Il nous faut encore : {liste}.", "title_en": "More", **english}
    saved = await boss.browser.post(wrong, path, kept)
    assert "Réponse toute faite enregistrée." in saved.text
    assert "Il nous faut encore" in saved.text
    late = await other.browser.post(seen, path, {"text_fr": "Il manque : {liste}.", **english})
    assert late.status == 409
    assert "Il nous faut encore" in late.text
    assert "Il manque : {liste}.</textarea>" in late.html


async def test_a_new_request_names_what_it_lacks(desk: Desk) -> None:
    """Neither an answer nor the agent's own address."""
    agent = await signed_in_agent(desk)
    form = await agent.browser.get(f"{QUEUE}/nouvelle")
    page = await agent.browser.post(form, form.path, {"kind": "message", "channel": "call"})
    assert "Écrivez ce qui est demandé." in page.text
    assert "Saisissez l'adresse de la personne, ou l'identifiant de son compte." in page.text
    for wrong in ("Écrivez votre réponse", "professionnelle"):
        assert wrong not in page.text


async def test_s_03_a_text_that_is_not_read_to_its_end_is_not_accepted_in_part(desk: Desk) -> None:
    agent = await signed_in_agent(desk)
    given = {"kind": "message", "channel": "call", "address": "lea@labo.fr"}
    form = await agent.browser.get(f"{QUEUE}/nouvelle")
    long = await agent.browser.post(form, form.path, {**given, "text": "é" * 4_001})
    assert long.status == 413
    assert "seul son début est gardé ici" in long.text
    assert "é" * 4_000 in long.html
    assert long.soup.select_one("#address")["value"] == "lea@labo.fr"  # type: ignore[index]
    path = await opened(agent)
    page = await taken(agent, path)
    late = await answered(agent, page, path, f"{TYPED}\r\n" * 200)
    assert late.status == 413
    assert "Réponse envoyée" not in late.text
    boss = await signed_in_agent(desk, "supervisor")
    place = "/assistance/reponses/more"
    page = await boss.browser.get(place)
    texts = {"title_fr": "Départ", "title_en": "Left", "text_fr": "x", "text_en": "y" * 4_001}
    assert (await boss.browser.post(page, place, texts)).status == 413
    texts |= {"text_en": "y", "title_fr": "x" * 101, "title_en": "Le\u200bft,\r\nreally"}
    wrong = await boss.browser.post(page, place, texts)
    assert "Saisissez au plus 100 caractères." in wrong.text


async def test_t_03_an_id_is_read_without_what_came_with_a_paste(desk: Desk) -> None:
    agent = await signed_in_agent(desk)
    form = await agent.browser.get(f"{QUEUE}/nouvelle")
    given = {"kind": "message", "channel": "call", "account_id": f"\u200b{uuid4()}\ufeff"}
    page = await agent.browser.post(form, form.path, {**given, "text": ASKED})
    assert page.path.startswith(f"{QUEUE}/MSG-"), page.text
