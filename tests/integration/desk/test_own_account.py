"""An agent's own account: sessions, phone, password, shortcuts; its cookies and forms."""

import pytest

from tests.support.actors.account_holder import key_on
from tests.support.actors.agent import joined_agent
from tests.support.authenticator import Authenticator
from tests.support.servers.desk import Desk

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_se_07_other_sessions_are_closed_with_a_code_of_that_moment(desk: Desk) -> None:
    agent = await joined_agent(desk)
    other = desk.browser()
    await agent.sign_in(other)
    page = await agent.browser.get("/moi")
    refused = await agent.browser.post(page, "/moi/sessions", {"code": ""})
    assert "Saisissez les 6 chiffres du code." in refused.text
    assert (await other.get("/moi")).path == "/moi"
    wrong = agent.phone.wrong() if agent.phone else ""
    refused = await agent.browser.post(refused, "/moi/sessions", {"code": wrong})
    assert refused.refused
    page = await agent.browser.post(refused, "/moi/sessions", {"code": agent.code()})
    assert "Vos autres sessions sont fermées" in page.text
    assert (await other.get("/moi")).path == "/connexion"
    assert (await agent.browser.get("/moi")).path == "/moi"


async def test_se_09_each_act_needs_a_code_of_its_own(desk: Desk) -> None:
    """The code of the sign-in a moment ago counts for nothing, and a code counts once."""
    agent = await joined_agent(desk)
    await agent.sign_in(desk.browser())
    code = agent.code()
    page = await agent.browser.get("/moi")
    done = await agent.browser.post(page, "/moi/sessions", {"code": code})
    assert "Vos autres sessions sont fermées" in done.text
    await agent.sign_in(desk.browser())
    page = await agent.browser.get("/moi")
    again = await agent.browser.post(page, "/moi/sessions", {"code": code})
    assert again.refused


async def test_g_25_a_new_phone_replaces_the_old_one_with_a_code(desk: Desk) -> None:
    agent = await joined_agent(desk)
    other = desk.browser()
    await agent.sign_in(other)
    old = agent.phone
    page = await agent.browser.get("/moi/telephone")
    page = await agent.browser.post(page, "/moi/telephone", {"code": agent.code()})
    assert page.path == "/moi/telephone/nouveau"
    agent.phone = Authenticator(key_on(page), desk.clock)
    page = await agent.browser.post(page, page.path, {"code": agent.phone.code()})
    assert page.path == "/moi"
    assert "Nouveau téléphone enrôlé" in page.text
    assert (await other.get("/moi")).path == "/connexion"
    await agent.sign_in(desk.browser())
    assert old is not None
    assert old.key != agent.phone.key


async def test_another_password_ends_every_session(desk: Desk) -> None:
    agent = await joined_agent(desk)
    other = desk.browser()
    await agent.sign_in(other)
    page = await agent.browser.get("/moi/mot-de-passe")
    fields = {
        "current_password": "rivage tortue sextant 45",
        "password": "boussole cornet ardoise 8",
        "code": agent.code(),
    }
    refused = await agent.browser.post(page, "/moi/mot-de-passe", fields)
    assert "Ce n'est pas votre mot de passe." in refused.text
    fields |= {"current_password": agent.password}
    weak = await agent.browser.post(refused, "/moi/mot-de-passe", {**fields, "password": "court"})
    assert weak.path == "/moi/mot-de-passe"
    # Both passwords were judged first: the code was not used up.
    refused = weak
    page = await agent.browser.post(refused, "/moi/mot-de-passe", fields)
    assert page.path == "/connexion"
    assert "Mot de passe changé" in page.text
    assert (await other.get("/moi")).path == "/connexion"
    agent.password = fields["password"]
    assert (await agent.sign_in()).path == "/assistance/demandes"


async def test_shortcuts_are_off_until_chosen_and_offered_once(desk: Desk) -> None:
    agent = await joined_agent(desk)
    page = await agent.browser.get("/moi")
    assert "shortcuts.mjs" not in page.html
    first = await agent.sign_in(desk.browser())
    assert "raccourcis du clavier" in first.text
    second = await agent.sign_in(desk.browser())
    assert "Ces pages ont des raccourcis" not in second.text
    page = await agent.browser.post(page, "/moi/raccourcis", {"shortcuts": "on"})
    assert "shortcuts.mjs" in page.html
    assert page.soup.select_one("dialog#raccourcis")
    page = await agent.browser.post(page, "/moi/raccourcis", {"shortcuts": "off"})
    assert "shortcuts.mjs" not in page.html


async def test_se_02_the_cookies_are_the_desks_own(desk: Desk) -> None:
    agent = await joined_agent(desk)
    names = set(agent.browser.cookies)
    assert {"impex-desk-session", "impex-desk-form", "impex-desk-browser"} <= names
    assert all(name.startswith("impex-desk-") for name in names)
    token = agent.browser.cookies["impex-desk-session"]
    stranger = desk.browser()
    page = await stranger.send("GET", "/moi", headers={"Cookie": f"impex-session={token}"})
    assert page.status == 303, "a cookie of the portal opens nothing"
    page = await stranger.send(
        "GET", "/moi", headers={"Cookie": f"impex-desk-presession={'x' * 43}"}
    )
    assert page.status == 303


async def test_wf_05_a_form_from_elsewhere_is_refused(desk: Desk) -> None:
    agent = await joined_agent(desk)
    page = await agent.browser.get("/moi")
    elsewhere = {"Sec-Fetch-Site": "cross-site"}
    refused = await agent.browser.post(
        page, "/moi/raccourcis", {"shortcuts": "on"}, headers=elsewhere
    )
    assert refused.status == 403
    assert "shortcuts.mjs" not in (await agent.browser.get("/moi")).html


async def test_wf_05_a_form_of_another_agent_is_not_taken(desk: Desk) -> None:
    first, second = await joined_agent(desk), await joined_agent(desk)
    page = await first.browser.get("/moi")
    fields = {**page.form("/moi/raccourcis"), "shortcuts": "on"}
    refused = await second.browser.send_form("/moi/raccourcis", fields)
    assert refused.status in (303, 403)
    assert "shortcuts.mjs" not in (await second.browser.get("/moi")).html
