"""The pages of operators on real servers: what they show is the broker's own (B-06, MQ-07)."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial
from uuid import uuid4

import pytest
import pytest_asyncio
from playwright.async_api import expect

from operations.local.processes import free_port
from services.operations.letter_worker import MAX_TRIES
from shared.contracts.base import Event
from shared.contracts.registration.events import AccountDeactivated
from shared.messaging import topology
from shared.messaging.dead_letters import list_letters
from shared.messaging.envelope import wrap
from tests.support.actors.agent import joined_agent
from tests.support.actors.desk_agent import (
    DeskAgent,
    add_mail,
    end_sessions,
    fetch,
    journal_of,
    leave_act,
    order_act,
    signed_in_agent,
)
from tests.support.actors.http_browser import HttpResponse
from tests.support.pages.chromium import running
from tests.support.servers.bus_fixture import channel, forge
from tests.support.servers.desk import Desk
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="package")


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def operated(desk: Desk) -> AsyncIterator[Desk]:
    """The desk with the service that reads queues and letters, and a letter that nobody reads."""
    smtp = {"IMPEX_SMTP_URL": f"smtp://127.0.0.1:{free_port()}"}  # nobody listens
    async with desk.system.run("operations", "mailer", clock=desk.clock, **smtp):
        await forge(
            desk.system.broker.url("registration"),
            b"{}",
            key="registration.AccountCreated.v1",
            user="registration",
        )
        await eventually(lambda: desk.system.broker.depths().get("support.dead") == 1)
        yield desk


async def test_mq_07_queues_are_shown_without_scripts(operated: Desk) -> None:
    operator = await signed_in_agent(operated, "operator")
    page = await operator.browser.get("/exploitation")
    assert page.h1 == "Exploitation"
    lines = {row["data-queue"]: row for row in page.soup.select("tbody tr")}
    assert lines["support"].select_one("[data-dead]").get_text() == "1"  # type: ignore[union-attr]
    # Nobody needs to see what is at rest.
    assert "impex.discarded" not in lines
    everything = await operator.browser.get("/exploitation?voir=tout")
    assert "impex.discarded" in {row["data-queue"] for row in everything.soup.select("tbody tr")}
    assert [link.get_text() for link in page.soup.select("[data-follow-reload]")] == ["Actualiser"]


@pytest.mark.parametrize(
    ("page", "state"),
    [
        ("/exploitation", "/exploitation/etat"),
        ("/exploitation/lettres", "/exploitation/lettres/etat"),
        ("/exploitation/messages", "/exploitation/messages/etat"),
    ],
)
async def test_the_time_of_reading_has_seconds_from_the_first_on(
    operated: Desk, page: str, state: str
) -> None:
    operator = await signed_in_agent(operated, "operator")
    shown = (await operator.browser.get(page)).soup.select_one("[data-at]")
    followed = json.loads((await operator.browser.get(state)).body)["at"]
    assert shown is not None
    for text in (shown.get_text(), followed):
        assert re.fullmatch(r"\d\d:\d\d:\d\d", text), text


async def test_the_live_view_ends_with_the_session(operated: Desk) -> None:
    operator = await signed_in_agent(operated, "operator")
    state = json.loads((await operator.browser.get("/exploitation/etat")).body)
    assert {"queue", "cells", "atRest", "dead", "problem"} == set(state["rows"][0])
    async with operator.browser.session.get(f"{operated.base}/exploitation/suivi") as stream:
        assert stream.status == 200
        while not (await stream.content.readline()).startswith(b"event: queues"):
            pass
        await end_sessions(operated, operator.id)
        rest = await asyncio.wait_for(stream.content.read(), 10)
    assert rest.rstrip().endswith(b"event: end\ndata: {}")


@pytest.mark.browser
async def test_b_06_letters_and_mails_appear_on_an_open_page(operated: Desk) -> None:
    """Without a click; what has the focus keeps it."""
    operator = await signed_in_agent(operated, "operator")
    await _dead_letter(operated, _deactivated(), "registration", error_type="Live1")
    await _link_of(operator, "Live1")
    cookies = [
        {"name": one.key, "value": one.value, "url": operated.base}
        for one in operator.browser.session.cookie_jar
    ]
    async with running() as chromium:
        context = await chromium.new_context(base_url=operated.base, locale="fr-FR")
        await context.add_cookies(cookies)  # type: ignore[arg-type]
        page = await context.new_page()
        await page.goto(LETTERS)
        first = page.get_by_role("link", name="Live1")
        await expect(page.get_by_role("link", name="Actualiser")).to_be_hidden()
        await first.focus()
        await _dead_letter(operated, _deactivated(), "registration", error_type="Live2", **LIVE_2)
        await expect(page.get_by_role("link", name="Live2")).to_be_visible()
        await expect(first).to_be_focused()

        # Agents of other tests have more mails than one page shows.
        await page.goto("/exploitation/messages?etat=refused")
        mail_id = await add_mail(operated, str(uuid4()))
        await expect(page.locator(f'a[href$="{mail_id}"]')).to_be_visible()
        await end_sessions(operated, operator.id)
        await expect(page.get_by_text("Suivi arrêté")).to_be_visible()


LIVE_2 = {"fingerprint": "ValueError in services/support/live.py:f"}
HOSTILE = "<script>alert(1)</script>\"'\x1b[2J"
LETTERS = "/exploitation/lettres"


async def _dead_letter(desk: Desk, event: Event, publisher: str, **headers: object) -> str:
    """A letter in support's dead letters, as its service left it there; returns its id."""
    message_id, body = wrap(publisher, event, subject=str(uuid4()), now=desk.clock())
    failure: dict[str, object] = {
        "attempt": 6,
        "error_type": "ValueError",
        "error": "ValueError at services/support/x.py:f",
        "fingerprint": "ValueError in services/support/x.py:f",
        "frames": "services/support/x.py:f:12",
        "failed_at": desk.clock().isoformat(),
        "published_by": publisher,
    }
    await forge(
        desk.system.broker.url("support"),
        body,
        key="support",
        exchange=topology.DEAD,
        message_id=message_id,
        user="support",
        headers={**failure, **headers},
    )
    return message_id


def _deactivated(by: str = "desk") -> AccountDeactivated:
    return AccountDeactivated(deactivated_at=datetime(2026, 1, 15, tzinfo=UTC), by=by)


async def _link_of(operator: DeskAgent, words: str, where: str = LETTERS) -> str:
    """The address of the letter whose line has these words, once the list shows it."""
    found = ""

    async def listed() -> bool:
        nonlocal found
        page = await operator.browser.get(where)
        rows = [row for row in page.soup.select("tbody tr") if words in row.get_text(" ")]
        found = str(rows[0].select_one("a")["href"]) if rows and rows[0].select_one("a") else ""  # type: ignore[index]
        return bool(found)

    await eventually(listed, 15, why=f"a letter with {words}")
    return found


async def _opened(operator: DeskAgent, address: str) -> HttpResponse:
    """A page, once nobody else has its letters in hand."""
    page = await operator.browser.get(address)

    async def opened() -> bool:
        nonlocal page
        page = await operator.browser.get(address)
        return page.status != 503

    if page.status == 503:
        await eventually(opened, 20, why=address)
    return page


async def _posted(
    operator: DeskAgent, address: str, words: str, given: dict[str, str] | None = None
) -> HttpResponse:
    """What a form leads to, which has these words once nobody else has the letters in hand."""
    page = await _opened(operator, address)

    async def posted() -> bool:
        nonlocal page
        form = await _opened(operator, address)
        page = await operator.browser.post(form, address.partition("?")[0], given)
        return words in page.text

    await eventually(posted, 20, why=words)
    return page


async def test_b_06_a_letter_is_read_tried_and_replayed_on_the_page(operated: Desk) -> None:
    """B-06: nothing about people, whoever looks and however often; tried without a trace; replayed
    once, with who did it."""
    operator = await signed_in_agent(operated, "operator")
    message_id = await _dead_letter(
        operated, _deactivated(), "registration", error_type="B06Error", fingerprint="b06"
    )
    address = await _link_of(operator, "B06Error")
    pages = await asyncio.gather(*(operator.browser.get(address) for _ in range(50)))
    assert {page.status for page in pages} <= {200, 503}, "or in other hands for a moment"
    page = await _opened(operator, address)
    assert "registration.AccountDeactivated.v1" in page.text
    assert "services/support/x.py:f:12" in page.text
    assert message_id in page.text

    async def all_there() -> bool:
        letters = await list_letters(operated.system.broker.url("operator"), "support")
        return {"b06", "Undecodable in shared/messaging/envelope.py:_convert"} <= {
            one.fingerprint for one in letters
        }

    await eventually(all_there, 20)

    links = {link.get_text(): str(link["href"]) for link in page.soup.select("main a.fr-btn")}
    assert set(links) == {"Essayer sans effet", "Rejouer cette lettre", "Écarter cette lettre"}
    await _posted(operator, links["Essayer sans effet"], "Elle serait traitée. Rien n'a changé.")
    assert await _handled(operated, message_id) == 0

    other = await signed_in_agent(operated, "operator")
    late = await _opened(other, links["Rejouer cette lettre"])
    await _posted(operator, links["Rejouer cette lettre"], "Rejeu demandé")
    await eventually(lambda: _handled(operated, message_id), 15)

    async def refused() -> bool:
        again = await other.browser.post(late, links["Rejouer cette lettre"].partition("?")[0])
        return "plus aucune lettre n'est là" in again.text

    await eventually(refused, 15, why="the second operator reads that the letter is gone")
    assert await journal_of(operated, other.id) == []
    ordered = [facts for kind, facts in await journal_of(operated, operator.id) if "Replay" in kind]
    assert [(one["service"], one["count"]) for one in ordered] == [("support", 1)]
    gone = await _opened(operator, address)
    assert (gone.status, gone.h1) == (404, "Cette lettre n'est plus là")


async def _handled(desk: Desk, message_id: str) -> int:
    sql = "select count(*) from support.journal_entries where id = $1"
    return int((await fetch(desk, sql, message_id))[0]["count"])


async def test_b_06_all_of_a_fault_are_discarded_with_a_reason_and_a_code(
    operated: Desk,
) -> None:
    operator = await joined_agent(operated, "operator")
    for _ in range(3):
        await _dead_letter(
            operated, _deactivated(), "registration", error_type="Discard3", fingerprint="d3"
        )
    address = await _link_of(operator, "Discard3")  # type: ignore[arg-type]

    async def three() -> bool:
        return "3 lettres ont ce motif" in (await operator.browser.get(address)).text

    await eventually(three, 40)
    action = f"{address}/ecarter"
    form = await _opened(operator, action)  # type: ignore[arg-type]
    refused = await operator.browser.post(form, action, {"code": "000000"})
    assert "Écrivez pourquoi." in refused.text
    refused = await operator.browser.post(form, action, {"note": HOSTILE})
    assert "Saisissez les 6 chiffres du code." in refused.text
    assert "<script>alert" not in refused.html
    assert operator.phone is not None
    operated.clock.advance(seconds=30)
    given = {"note": "a bug\0of the version before", "code": operator.phone.code()}
    done = await operator.browser.post(form, action, given)
    assert "Mise à l'écart demandée" in done.text, done.text

    async def discarded() -> bool:
        return operated.system.broker.depths().get(topology.DISCARDED, 0) >= 3

    await eventually(discarded, 15)
    facts = [one for kind, one in await journal_of(operated, operator.id) if "Discard" in kind]
    assert [(one["service"], one["count"], one["reason"]) for one in facts] == [
        ("support", 3, "a bug of the version before")
    ]
    kept = await _link_of(operator, "Discard3", f"{LETTERS}?ou=ecartees")  # type: ignore[arg-type]
    page = await _opened(operator, kept)  # type: ignore[arg-type]
    assert "a bug of the version before" in page.text
    assert page.soup.select("main a.fr-btn") == []


async def test_an_act_that_fails_every_time_ends_and_the_page_shows_why(operated: Desk) -> None:
    """The exchange of its service is gone."""
    operator, broker = await signed_in_agent(operated, "operator"), operated.system.broker
    async with channel(broker.admin_url) as admin:
        await admin.queue_declare("ghost.dead", durable=True)
        await admin.exchange_declare("ghost.retry", durable=True)
        await admin.queue_bind("ghost.dead", "ghost.retry", "ghost")
        await forge(
            broker.url("operator"), b"{}", key="ghost", exchange="ghost.retry", user="operator"
        )
        await admin.exchange_delete("ghost.retry")
    (letter,) = await list_letters(broker.url("operator"), "ghost")
    await order_act(operated, operator.id, "ghost", letter.fault, tries=MAX_TRIES - 2)
    sql = "select tries, ended_at, failure from operations.letter_acts where service = 'ghost'"

    async def tried() -> bool:
        return bool((await fetch(operated, sql))[0]["tries"] == MAX_TRIES - 1)

    await eventually(tried, 15)
    operated.clock.advance(seconds=61)

    async def ended() -> bool:
        return (await fetch(operated, sql))[0]["ended_at"] is not None

    await eventually(ended, 15)
    (row,) = await fetch(operated, sql)
    assert row["tries"] == MAX_TRIES
    assert "no exchange 'ghost.retry'" in row["failure"]
    page = await operator.browser.get(LETTERS)
    assert "arrêté après plusieurs échecs" in page.text
    assert "no exchange 'ghost.retry'" in page.text
    assert len(await list_letters(broker.url("operator"), "ghost")) == 1
    async with channel(broker.admin_url) as admin:
        await admin.queue_delete("ghost.dead")


async def test_an_act_whose_process_was_killed_is_finished_by_another_one(operated: Desk) -> None:
    """It had sent one of three letters; others wait for the end of its lease."""
    operator = await signed_in_agent(operated, "operator")
    left = {"error_type": "Killed", "fingerprint": "killed"}
    ids = [await _dead_letter(operated, _deactivated(), "registration", **left) for _ in range(2)]
    url = operated.system.broker.url("operator")
    fault = next(one.fault for one in await list_letters(url, "support") if one.id in ids)
    await leave_act(operated, operator.id, "support", fault, done=1)
    sql = "select done, ended_at, failure from operations.letter_acts where fault = $1"
    assert (await fetch(operated, sql, fault))[0]["ended_at"] is None
    assert [await _handled(operated, one) for one in ids] == [0, 0]
    operated.clock.advance(seconds=61)

    async def ended() -> bool:
        return (await fetch(operated, sql, fault))[0]["ended_at"] is not None

    await eventually(ended, 15)
    (row,) = await fetch(operated, sql, fault)
    assert (row["done"], row["failure"]) == (3, "")
    for one in ids:
        await eventually(partial(_handled, operated, one), 15)


async def test_b_06_a_hostile_or_forged_letter_is_shown_as_text_and_only_discarded(
    operated: Desk,
) -> None:
    """What anybody may have written is escaped, and what its owner did not publish is not sent."""
    operator = await signed_in_agent(operated, "operator")
    await _dead_letter(
        operated,
        _deactivated(HOSTILE),
        "registration",
        error_type=f"Forged{HOSTILE}",
        error=f"published by mfa, not by registration{HOSTILE} pierre@example.fr",
        frames=HOSTILE,
        fingerprint="forged",
        publisher_verified=False,
    )
    address = await _link_of(operator, "Forged")
    listed, page = await operator.browser.get(LETTERS), await _opened(operator, address)
    for one in (listed, page):
        assert "<script>alert" not in one.html
        assert "pierre@example.fr" not in one.html
    assert "Lettre forgée" in page.text
    links = [link.get_text() for link in page.soup.select("main a.fr-btn")]
    assert links == ["Écarter cette lettre"]
    again = f"{address}/rejouer?lettre={code_on(page)}"
    await _posted(operator, again, "n'a pas publié cette lettre")


async def test_a_refused_mail_is_found_shown_and_sent_again(operated: Desk) -> None:
    """What `impex mail` does; the address is masked, and stands in no URL."""
    operator = await signed_in_agent(operated, "operator")
    mail_id = await add_mail(operated, str(uuid4()))
    listed = await operator.browser.get("/exploitation/messages?etat=refused&depuis=24h")
    address = f"/exploitation/messages/{mail_id}"
    assert listed.soup.find("a", href=address) is not None
    assert "elodie@labo.fr" not in listed.html
    assert "e***@labo.fr" in listed.text
    search = "/exploitation/messages/recherche"
    found = await operator.browser.post(listed, search, {"address": "Elodie@labo.fr"})
    assert found.soup.find("a", href=address) is not None
    for nobody in (HOSTILE, "elodie\0@labo.fr"):
        found = await operator.browser.post(listed, search, {"address": nobody})
        assert "Aucun message de ce genre." in found.text

    page = await operator.browser.get(address)
    assert "refusé" in page.text
    sent = await operator.browser.post(page, address)
    assert "Message remis à l'envoi" in sent.text, sent.text

    async def goes_out() -> bool:
        sql = "select state from mailer.deliveries where mail_id = $1"
        return (await fetch(operated, sql, mail_id))[0]["state"] != "refused"

    await eventually(goes_out, 15)
    again = await operator.browser.post(page, address)
    assert "Acte refusé" in again.text or "Message remis" in again.text
    gone = await operator.browser.get(f"/exploitation/messages/{uuid4()}")
    assert (gone.status, gone.h1) == (404, "Ce message n'est plus là")
    kinds = [kind for kind, _ in await journal_of(operated, operator.id)]
    assert "support.MailSendOrdered.v1" in kinds


async def test_all_refused_mails_are_sent_again_with_a_code_alone(operated: Desk) -> None:
    """Offered where one can be: a code or link is deleted with the refusal."""
    operator = await joined_agent(operated, "operator")
    await fetch(operated, "delete from mailer.deliveries")  # those of other tests
    await add_mail(operated, str(uuid4()), template="validation")
    action = "/exploitation/messages/renvoi"
    lost = await operator.browser.get("/exploitation/messages")
    assert "1 message refusé ne peut pas être renvoyé : son code" in lost.text
    assert lost.soup.find("a", href=action) is None
    mail_id = await add_mail(operated, str(uuid4()))
    page = await operator.browser.get("/exploitation/messages")
    assert page.soup.find("a", href=action) is not None
    form = await operator.browser.get(action)
    refused = await operator.browser.post(form, action, {"since": "24h"})
    assert "Saisissez les 6 chiffres du code." in refused.text
    assert operator.phone is not None
    operated.clock.advance(seconds=30)
    given = {"since": "24h", "code": operator.phone.code()}
    assert "Renvoi demandé" in (await operator.browser.post(form, action, given)).text

    async def goes_out() -> bool:
        sql = "select state from mailer.deliveries where mail_id = $1"
        return (await fetch(operated, sql, mail_id))[0]["state"] != "refused"

    await eventually(goes_out, 15)


async def test_a_held_mail_is_given_up_with_a_reason_alone(operated: Desk) -> None:
    """What `impex mail drop` does, after a page that asks why; with its line in the journal."""
    operator = await signed_in_agent(operated, "operator")
    mail_id = await add_mail(operated, str(uuid4()), "held")
    address = f"/exploitation/messages/{mail_id}"
    page = await operator.browser.get(address)
    assert page.soup.find("a", href=f"{address}/abandon") is not None
    form = await operator.browser.get(f"{address}/abandon")
    assert (form.status, form.h1) == (200, "Abandonner ce message")
    assert await _state(operated, mail_id) == "held"
    for note, said in ((" ", "Écrivez pourquoi."), ("a" * 201, "200 caractères au plus")):
        refused = await operator.browser.post(form, f"{address}/abandon", {"note": note})
        assert said in refused.text
    given = {"note": "Arrivé, dit la personne."}
    done = await operator.browser.post(form, f"{address}/abandon", given)
    assert "Abandon demandé" in done.text, done.text
    assert done.h1 == "Messages non acceptés"

    async def given_up() -> bool:
        return await _state(operated, mail_id) == "dropped"

    await eventually(given_up, 15)
    entry = ("support.MailDropOrdered.v1", {"mail_id": mail_id, "reason": given["note"]})
    assert entry in await journal_of(operated, operator.id)
    page = await operator.browser.get(address)
    assert page.soup.find("a", href=f"{address}/abandon") is None
    late = await operator.browser.get(f"{address}/abandon")
    assert "Seul un message différé ou retenu" in late.text
    assert late.soup.find("input", {"name": "note"}) is None


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("delete from mailer.deliveries where mail_id = $1", "ce message n'est plus là"),
        (
            "update mailer.deliveries set state = 'refused', ended_at = now() where mail_id = $1",
            "seul un message différé ou retenu",
        ),
    ],
)
async def test_a_mail_that_left_meanwhile_is_not_given_up(
    operated: Desk, sql: str, said: str
) -> None:
    operator = await signed_in_agent(operated, "operator")
    mail_id = await add_mail(operated, str(uuid4()), "held")
    address = f"/exploitation/messages/{mail_id}/abandon"
    form = await operator.browser.get(address)
    await fetch(operated, sql, mail_id)
    refused = await operator.browser.post(form, address, {"note": "double"})
    assert said in refused.text.replace("’", "'"), refused.text
    assert refused.h1 == "Abandonner ce message"
    kinds = [kind for kind, _ in await journal_of(operated, operator.id)]
    assert "support.MailDropOrdered.v1" not in kinds
    gone = await operator.browser.get(f"/exploitation/messages/{uuid4()}/abandon")
    assert (gone.status, gone.h1) == (404, "Ce message n'est plus là")


async def _state(desk: Desk, mail_id: str) -> str:
    sql = "select state from mailer.deliveries where mail_id = $1"
    return str((await fetch(desk, sql, mail_id))[0]["state"])


def code_on(page: HttpResponse) -> str:
    return next(
        one.find_next("dd").get_text()  # type: ignore[union-attr]
        for one in page.soup.select("dt")
        if one.get_text() == "Code"
    )
