"""Every page and form of the desk, new ones too: its guard, its token, its language."""

from uuid import UUID

import pytest

from services.gateway.desk.app import PAGES
from services.gateway.http.routes import Page
from tests.support.actors.agent import joined_agent, new_agent
from tests.support.servers.desk import Desk

#: What stands in the addresses of pages; nothing of it exists.
PLACES = {
    "number": "MSG-AAAAA-BBBBB",
    "act": "block_account",
    "answer": "call",
    "service": "mailer",
    "fault": "0" * 8,
    **dict.fromkeys(("account_id", "proposal_id", "agent", "export", "mail"), UUID(int=7)),
}
pytestmark = pytest.mark.asyncio(loop_scope="package")

FORMS = [page for page in PAGES if isinstance(page, Page) and page.submit]
SHOWN = [page for page in PAGES if isinstance(page, Page) and page.is_shown]
#: Pages that need no sign-in.
OPEN = {"welcome", "sign_in", "invitation", "help", "session_state", "sign_out", "language"}
STEPS = {"sign_in_code", "sign_in_enrolment", "restart_sign_in_enrolment"}


def path_of(page: Page) -> str:
    """The address of a page, with something in each of its places."""
    return page.path.format_map(PLACES)


async def test_au_06_without_a_session_a_page_leads_to_the_sign_in(desk: Desk) -> None:
    agent = await joined_agent(desk)
    half = desk.browser()
    await agent.give_password(browser=half)
    stranger = desk.browser()
    for page in SHOWN:
        if page.name in OPEN:
            continue
        answer = await stranger.send("GET", path_of(page))
        assert (answer.status, answer.location.partition("?")[0]) == (303, "/connexion"), page.path
        if page.name not in STEPS:
            answer = await half.send("GET", path_of(page))
            assert (answer.status, answer.location) == (303, "/connexion/code"), page.path


async def test_au_15_the_sign_in_leads_back_to_the_page_of_an_object(desk: Desk) -> None:
    """A link of a mail, or of a colleague, opens its own page: nobody searches for it again."""
    agent = await joined_agent(desk)
    objects = [page for page in SHOWN if page.parts and page.login_target]
    assert {page.name for page in objects} >= {
        *("request", "desk_call", "desk_account", "approval", "act"),
    }
    for page in objects:
        browser, path = desk.browser(), path_of(page)
        first = await browser.send("GET", path)
        assert first.location.startswith("/connexion?suite="), path
        assert (await agent.sign_in(browser, first.location)).path == path


async def test_wf_05_a_form_without_its_token_changes_nothing(desk: Desk) -> None:
    agent = await joined_agent(desk)
    for page in FORMS:
        fields = dict.fromkeys(page.fields.split(), "x")
        if page.needs_key:
            fields["key"] = "k" * 43
        headers = {"Sec-Fetch-Site": "none"}
        answer = await agent.browser.send("POST", path_of(page), data=fields, headers=headers)
        if page.name in STEPS:
            assert answer.status == 303, page.path
        else:
            assert answer.status == 403, page.path
    assert (await agent.browser.get("/moi")).path == "/moi", "still signed in"


async def test_az_03_unknown_and_repeated_fields_are_refused(desk: Desk) -> None:
    agent = await joined_agent(desk)
    page = await agent.browser.get("/moi")
    fields = {**page.form("/moi/raccourcis"), "shortcuts": "on"}
    for body in ({**fields, "role": "supervisor"}, [*fields.items(), ("shortcuts", "off")]):
        answer = await agent.browser.send_form("/moi/raccourcis", body)
        assert answer.status == 400
    answer = await agent.browser.send_form("/moi/raccourcis", {**fields, "shortcuts": "maybe"})
    assert answer.status == 400


async def test_the_language_switch_keeps_what_was_typed(desk: Desk) -> None:
    agent = new_agent(desk)
    token = await agent.invite()
    page = await agent.browser.get(f"/invitation?jeton={token}")
    fields = {
        **page.form("/invitation"),
        "first_name": "Maëlle",
        "last_name": "Martin",
        "password": "secret words here 1",
        "lang": "en",
    }
    answer = await agent.browser.send_form("/langue?de=/invitation", fields)
    assert answer.h1 == "Open your agent account"
    assert answer.soup.select_one("#first_name")["value"] == "Maëlle"  # type: ignore[index]
    assert "secret words" not in answer.html


async def test_lg_07_an_unknown_address_is_404_within_the_frame(desk: Desk) -> None:
    agent = await joined_agent(desk)
    page = await agent.browser.get("/nowhere")
    assert page.status == 404
    assert "Zoé Martin" in page.text
    assert page.soup.select_one("a[href='/aide']")
