"""Requests to the desk as their person follows them, by a browser (V-01, V-02)."""

import re
from typing import Any

import msgspec
import pytest

from shared.contracts.base import Sealed
from shared.contracts.support.people_requests import (
    FollowUpLinkRequested,
    RequestClosed,
    RequestReceived,
    RequestReplied,
)
from shared.domain.answer_days import AnswerDays
from shared.domain.working_days import answer_day
from shared.i18n.dates import format_date
from shared.security.sealing import seal_context
from tests.support import eventually
from tests.support.actors.account_holder import AccountHolder, mailed_code, new_address
from tests.support.actors.http_browser import HttpBrowser, HttpResponse
from tests.support.mail.sent_mails import PublishedEvent
from tests.support.servers.portal import Portal

pytestmark = pytest.mark.asyncio(loop_scope="package")

NUMBER = re.compile(r"(?:TEL|COR|DEP|BOI|MSG)-[A-Z2-7]{5}-[A-Z2-7]{5}")
WRITE, MAILBOX, SENT = "/aide/ecrire", "/aide/messagerie", "/suivi/annulation"


def number_on(page: HttpResponse) -> str:
    found = NUMBER.search(page.text)
    assert found is not None, page.text
    return found[0]


def promised(portal: Portal, kind: str) -> str:
    """The day that a page promises now, in French."""
    days = AnswerDays.__dataclass_fields__[f"answer_days_{kind}"].default
    return format_date(answer_day(portal.clock(), days), "fr")


async def about(portal: Portal, kind: Any, number: str, count: int = 1) -> PublishedEvent:
    """The latest event of support about a request."""

    def found() -> list[PublishedEvent]:
        named = [one for one in portal.sent_mails.published if one.name == kind.__name__]
        mine = [one for one in named if one.data["number"] == number]
        return mine if len(mine) >= count else []

    return (await eventually(found, why=f"{kind.__name__} of {number}"))[-1]


async def link_of(portal: Portal, kind: Any, number: str) -> str:
    """The page of the link that was mailed."""
    event = await about(portal, kind, number)
    sealed = msgspec.convert(event.data["link_token"], Sealed)
    token = portal.sent_mails.opener.open(sealed, seal_context(kind, "link_token"))
    return f"/suivi/demande?jeton={token}"


async def mailed_to(portal: Portal, kind: Any, number: str) -> str:
    """The address that a mail goes to, of somebody without an account."""
    event = await about(portal, kind, number)
    sealed = msgspec.convert(event.data["address"], Sealed)
    return portal.sent_mails.opener.open(sealed, seal_context(kind, "address"))


async def written(browser: HttpBrowser, address: str, text: str = "Une question.") -> HttpResponse:
    """« Nous écrire », not signed in; returns the page that follows."""
    page = await browser.get(WRITE)
    given = {"text": text, "name": "Léa Petit", "address": address}
    return await browser.post(page, WRITE, given)


async def settled(portal: Portal, address: str) -> AccountHolder:
    person = AccountHolder(portal, address)
    await person.settle()
    return person


async def test_v_02_a_correction_has_number_day_mail_and_is_on_the_account_page(
    portal: Portal, address: str
) -> None:
    person = await settled(portal, address)
    page = await person.browser.get("/compte/correction")
    given = {"about": "person", "text": "Nom de naissance <b>Petit</b>"}
    sent = await person.browser.post(page, page.path, given)
    number = number_on(sent)
    assert promised(portal, "correction") in sent.text
    received = await about(portal, RequestReceived, number)
    assert received.subject == await person.account_id()
    account = await person.browser.get("/compte")
    assert "Demandes en cours" in account.text
    assert number in account.text
    listed = await person.browser.get("/compte/demandes")
    assert promised(portal, "correction") in listed.text
    one = await person.browser.get(f"/compte/demandes/demande?numero={number}")
    assert "Nom de naissance <b>Petit</b>" in one.text, "quoted, never as HTML"
    replied = await person.browser.post(one, one.path, {"text": "Depuis mardi."})
    assert "Votre réponse est envoyée" in replied.text
    assert "Depuis mardi." in replied.text
    await about(portal, RequestReplied, number)
    sure = await person.browser.get(f"/compte/demandes/demande/annulation?numero={number}")
    done = await person.browser.post(sure, sure.path)
    assert f"La demande {number} est annulée" in done.text
    closed = await about(portal, RequestClosed, number)
    assert closed.data["reason"] == "by_person"
    assert number not in (await person.browser.get("/compte")).text


async def test_v_01_a_lost_phone_has_number_day_mail_and_is_cancelled(
    portal: Portal, address: str
) -> None:
    person = await settled(portal, address)
    browser = portal.browser()
    await browser.post(
        await browser.get("/telephone-perdu"), "/telephone-perdu", {"address": address}
    )
    mail = await portal.sent_mails.to(address, kind="LostPhone")
    page = await browser.get(f"/telephone-perdu/confirmer?jeton={mail.token}")
    done = await browser.post(page, page.path, {"code": mailed_code(portal, mail.token)})
    number = number_on(done)
    assert number.startswith("TEL-")
    assert promised(portal, "lost_phone") in done.text
    received = await about(portal, RequestReceived, number)
    assert received.subject == await person.account_id()
    cancelled = await browser.post(done, SENT)
    assert f"La demande {number} est annulée" in cancelled.text
    await about(portal, RequestClosed, number)


async def test_a_message_without_an_account_is_followed_by_its_mailed_link(
    portal: Portal, address: str
) -> None:
    browser = portal.browser()
    number = number_on(await written(browser, address, "Où déposer ?\r\n<i>Merci</i>"))
    assert await mailed_to(portal, RequestReceived, number) == address
    elsewhere = portal.browser()
    page = await elsewhere.get(await link_of(portal, RequestReceived, number))
    assert f"Demande {number}" in page.h1
    assert "<i>Merci</i>" in page.text, "quoted, never as HTML"
    empty = await elsewhere.post(page, page.path, {"text": " "})
    assert empty.refused
    assert "Écrivez votre réponse." in empty.text
    again = await elsewhere.post(empty, page.path, {"text": "Alors ?"})
    assert "Alors ?" in again.text
    sure = await elsewhere.get(f"/suivi/demande/annulation?{again.query}")
    assert f"Annuler la demande {number}" in sure.h1
    done = await elsewhere.post(sure, sure.path)
    assert "est annulée" in done.text
    late = await elsewhere.get(f"/suivi/demande?{again.query}")
    assert late.soup.find("form", id="saisie") is None
    assert "annulée depuis une page du portail" in late.text


async def test_nobody_learns_whether_a_number_or_an_address_exists(
    portal: Portal, address: str
) -> None:
    person = await settled(portal, address)
    stranger = portal.browser()
    number = number_on(await written(stranger, new_address()))
    await about(portal, RequestReceived, number)
    pages = []
    for typed in (number.lower().replace("-", " "), "MSG-AAAAA-AAAAA"):
        browser = portal.browser()
        page = await browser.get("/suivi")
        sent = await browser.post(page, "/suivi", {"number": typed})
        pages.append(NUMBER.sub("", sent.text))
    assert pages[0] == pages[1]
    await about(portal, FollowUpLinkRequested, number)
    wrong = await stranger.post(await stranger.get("/suivi"), "/suivi", {"number": "12"})
    assert wrong.refused
    answers = []
    for dead in (address, new_address()):
        browser = portal.browser()
        given = {"account_address": dead, "name": "X", "address": new_address(), "text": "Rien."}
        sent = await browser.post(await browser.get(MAILBOX), MAILBOX, given)
        answers.append(NUMBER.sub("", sent.text))
    assert answers[0] == answers[1]
    foreign = await person.browser.get(f"/compte/demandes/demande?numero={number}")
    assert foreign.status == 404
    assert (await person.browser.get("/compte/demandes/demande?numero=x")).status == 404


async def test_a_signed_in_holder_writes_without_giving_name_or_address(
    portal: Portal, address: str
) -> None:
    person = await settled(portal, address)
    for path in (WRITE, MAILBOX):
        page = await person.browser.get(path)
        assert page.soup.find("input", id="address") is None
        number = number_on(await person.browser.post(page, path, {"text": "Bonjour."}))
        received = await about(portal, RequestReceived, number)
        assert received.subject == await person.account_id()
        assert received.data.get("address") is None


async def test_an_address_gets_five_requests_a_day_by_anybody(portal: Portal, address: str) -> None:
    for number in range(5):
        page = await written(portal.browser(), address.upper() if number % 2 else address)
        assert page.status == 200
    sixth = await written(portal.browser(), address, "une de trop")
    assert sixth.status == 429
    assert "une de trop" in sixth.html
    assert "Trop de demandes avec cette adresse" in sixth.text


async def test_only_the_browser_that_sent_a_request_cancels_it_without_a_link(
    portal: Portal, address: str
) -> None:
    browser, other = portal.browser(), portal.browser()
    page = await written(browser, address)
    theirs = await written(other, new_address())
    sealed = page.form(SENT)["sent"]
    refused = await other.post(theirs, SENT, {"sent": sealed})
    assert refused.path == "/suivi"
    assert "Ce navigateur ne peut plus annuler" in refused.text
    await about(portal, RequestReceived, number_on(page))  # until then the page says to try again
    for _ in range(2):
        done = await browser.post(page, SENT)
        assert f"La demande {number_on(page)} est annulée" in done.text


async def test_links_that_are_worn_out_lead_to_another_one(portal: Portal, address: str) -> None:
    browser = portal.browser()
    for token, words in (
        ("x", "Ouvrez-le de nouveau depuis le message"),
        ("y" * 43, "n'est plus valable"),
    ):
        page = await browser.get(f"/suivi/demande?jeton={token}")
        assert words in page.soup.select_one("main").get_text()  # type: ignore[union-attr]
        assert page.soup.find("a", href="/suivi") is not None
    number = number_on(await written(browser, address))
    link = await link_of(portal, RequestReceived, number)
    portal.clock.advance(days=61)
    assert "a expiré" in (await portal.browser().get(link)).text
