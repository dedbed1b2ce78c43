"""The team's pages: who sees them, invitations, acts at once and acts for two."""

import re
from urllib.parse import urlsplit

import asyncpg
import pytest

from tests.support.actors.agent import DeskAgent, joined_agent
from tests.support.actors.http_browser import HttpResponse
from tests.support.servers.desk import Desk
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def open_act(boss: DeskAgent, agent: DeskAgent, act: str) -> HttpResponse:
    """The page of an act on an agent."""
    return await boss.browser.get(f"/assistance/equipe/{agent.id}/{act}")


async def test_az_01_supervisors_and_auditors_see_the_team_and_others_do_not(desk: Desk) -> None:
    boss, auditor = await joined_agent(desk, "supervisor"), await joined_agent(desk, "auditor")
    page = await boss.browser.get("/assistance/equipe")
    assert boss.address in page.text
    assert auditor.address in page.text
    assert "n'approuve rien avant le" in page.text
    assert "/assistance/equipe/inviter" in page.html
    read = await auditor.browser.get("/assistance/equipe")
    assert boss.address in read.text
    assert "/assistance/equipe/inviter" not in read.html
    one = await auditor.browser.get(f"/assistance/equipe/{boss.id}")
    assert "/suspendre" not in one.html
    for role in ("agent", "operator"):
        other = await joined_agent(desk, role)
        for path in ("", f"/{boss.id}", f"/{boss.id}/suspendre", "/inviter"):
            refused = await other.browser.get(f"/assistance/equipe{path}")
            assert refused.status == 403, (role, path)


async def test_az_04_a_suspended_agent_is_out(desk: Desk) -> None:
    boss, agent = await joined_agent(desk, "supervisor"), await joined_agent(desk)
    page = await open_act(boss, agent, "suspendre")
    assert "Aucun acte de cet agent n'est en attente" in page.text
    refused = await boss.browser.post(page, urlsplit(page.path).path, {"reason": "absence"})
    assert "Saisissez les 6 chiffres du code." in refused.text
    assert (await agent.browser.get("/moi")).path == "/moi"
    done = await boss.browser.post(refused, page.path, {"reason": "absence", "code": boss.code()})
    assert done.path == f"/assistance/equipe/{agent.id}"
    assert "Accès suspendu" in done.text

    async def is_out() -> bool:
        return (await agent.browser.get("/moi")).path == "/connexion"

    await eventually(is_out)
    offered = set(re.findall(rf"/equipe/{agent.id}/(\w+)", done.html))
    assert offered == {"reprendre", "retirer"}


async def test_az_04_an_auditor_who_posts_an_act_by_hand_gets_403(desk: Desk) -> None:
    boss, auditor = await joined_agent(desk, "supervisor"), await joined_agent(desk, "auditor")
    path = f"/assistance/equipe/{boss.id}/suspendre"
    assert (await auditor.browser.get(path)).status == 403
    own = (await auditor.browser.get("/moi/mot-de-passe")).form("/moi/mot-de-passe")
    fields = {
        "csrf": own["csrf"],
        "key": own["key"],
        "reason": "departure",
        "code": auditor.code(),
    }
    headers = {"Sec-Fetch-Site": "same-origin"}
    refused = await auditor.browser.send_form(path, fields, headers=headers)
    assert refused.status == 403
    assert (await boss.browser.get("/moi")).path == "/moi"


async def test_nobody_acts_on_their_own_account(desk: Desk) -> None:
    boss = await joined_agent(desk, "supervisor")
    page = await boss.browser.get(f"/assistance/equipe/{boss.id}")
    assert "/suspendre" not in page.html
    form = await open_act(boss, boss, "suspendre")
    refused = await boss.browser.post(form, form.path, {"reason": "departure", "code": boss.code()})
    assert refused.status == 403


async def test_an_invitation_is_proposed_and_what_was_typed_comes_back(desk: Desk) -> None:
    boss = await joined_agent(desk, "supervisor")
    form = await boss.browser.get("/assistance/equipe/inviter")
    typed = {"address": "nina", "role": "agent", "language": "fr", "reason": "new_colleague"}
    code = boss.code()
    refused = await boss.browser.post(form, form.path, {**typed, "code": code})
    assert 'value="nina"' in refused.html
    assert refused.refused
    # The address was checked first: the code was not used up.
    done = await boss.browser.post(
        refused,
        "/assistance/equipe/inviter",
        {**typed, "address": "nina@agency.example.fr", "code": code},
    )
    assert done.path == "/assistance/equipe"
    assert "Acte proposé" in done.text
    assert "Invitations proposées nina@agency.example.fr , Agent" in done.text
    again = await boss.browser.get("/assistance/equipe/inviter")
    taken = await boss.browser.post(
        again, again.path, {**typed, "address": boss.address, "code": boss.code()}
    )
    assert taken.refused


async def test_an_unknown_agent_or_act_is_not_found(desk: Desk) -> None:
    boss = await joined_agent(desk, "supervisor")
    for path in ("0b0f8a52-3c1f-4b0e-9b0a-5b6f3f0f9d11", f"{boss.id}/promouvoir", "x"):
        assert (await boss.browser.get(f"/assistance/equipe/{path}")).status == 404


async def test_mq_05_an_act_that_is_sent_twice_with_its_code_is_one_act(desk: Desk) -> None:
    """Sent again some seconds later, after a lost answer: the same act, and the same answer."""
    boss = await joined_agent(desk, "supervisor")
    path, address = "/assistance/equipe/inviter", "twice@agency.example.fr"
    page = await boss.browser.get(path)
    given = {"address": address, "role": "agent", "language": "fr", "reason": "new_colleague"}
    fields = {**given, "code": boss.code()}
    first = await boss.browser.post(page, path, fields)
    desk.clock.advance(seconds=3)
    again = await boss.browser.post(page, path, fields)
    assert [(one.status, one.path) for one in (first, again)] == [(200, "/assistance/equipe")] * 2
    connection = await asyncpg.connect(desk.system.database.url("support"))
    try:
        sql = "select count(*) from support.proposals where details ->> 'address' = $1"
        assert await connection.fetchval(sql, address) == 1
    finally:
        await connection.close()


async def test_se_09_a_code_counts_for_the_act_that_it_was_given_for(desk: Desk) -> None:
    """The form of a refused act, sent again to another one's address, needs another code."""
    proposals = []
    for number in (1, 2):
        boss = await joined_agent(desk, "supervisor")
        path, address = "/assistance/equipe/inviter", f"bound{number}@agency.example.fr"
        page = await boss.browser.get(path)
        given = {"address": address, "role": "agent", "language": "fr", "reason": "new_colleague"}
        await boss.browser.post(page, path, {**given, "code": boss.code()})
        listed = await boss.browser.get("/assistance/approbations?voir=open")
        proposals.append(re.findall(r"/assistance/approbations/[0-9a-f-]{36}", listed.html))
    own, other = (set(found) for found in reversed(proposals))
    (own_act,), other_act = own - other, sorted(other)[0]
    page = await boss.browser.get(own_act)
    ticks = dict.fromkeys(("what", "who", "evidence"), "1")
    fields = {**page.form(f"{own_act}/arret"), **ticks, "code": boss.code()}
    fields.pop("reason", None)
    refused = await boss.browser.send_form(f"{own_act}/accord", fields)
    assert "votre propre acte" in refused.text
    again = await boss.browser.send_form(f"{other_act}/accord", fields, follow=True)
    assert "Ce code vient de servir" in again.text
