"""Delivery status and creation, as streams and by polling."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import aio_pika
import aiohttp
import asyncpg
import pytest

from shared.contracts.mailer import MailAccepted, MailRefused
from shared.messaging.envelope import wrap
from tests.support import eventually
from tests.support.actors.http_browser import HttpBrowser
from tests.support.servers.portal import Portal, running_portal

pytestmark = pytest.mark.asyncio(loop_scope="package")

FOLLOW = "/inscription/validation/suivi"


@asynccontextmanager
async def stream(browser: HttpBrowser, path: str = FOLLOW) -> AsyncIterator[aiohttp.ClientResponse]:
    async with browser.session.get(browser.base + path, allow_redirects=False) as response:
        yield response


async def next_event(
    response: aiohttp.ClientResponse, seconds: float = 60
) -> tuple[str, dict[str, str]]:
    """The next event of a stream; ("end", {}) where it is over."""
    name = ""
    async with asyncio.timeout(seconds):
        async for raw in response.content:
            line = raw.decode().rstrip("\n")
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            if line.startswith("data: "):
                return name, json.loads(line.removeprefix("data: "))
    return "end", {}


async def report_delivery(portal: Portal, address: str, **fields: object) -> None:
    """Publish, as the mailer, the result of the latest message to an address."""
    connection = await asyncpg.connect(portal.system.database.admin_url)
    query = "select mail_event_id from registration.requests where address = $1"
    cause = str(await connection.fetchval(query, address))
    await connection.close()
    cls = MailRefused if "reason" in fields else MailAccepted
    event = cls(
        mail_id="m",
        cause=cause,
        template="validation",
        at=datetime.now(UTC),
        **fields,  # type: ignore[arg-type]
    )
    message_id, body = wrap("mailer", event, subject=None, now=datetime.now(UTC))
    broker = await aio_pika.connect(portal.system.broker.url("mailer"))
    channel = await broker.channel()
    exchange = await channel.get_exchange("impex.events", ensure=False)
    message = aio_pika.Message(
        body,
        message_id=message_id,
        type=event.TYPE,
        content_type="application/cloudevents+json",
        user_id="mailer",
    )
    await exchange.publish(message, routing_key=event.TYPE)
    await broker.close()


async def test_b_01_the_page_follows_the_message_and_the_proof(
    portal: Portal, browser: HttpBrowser, address: str
) -> None:
    page = await portal.asked(browser, address)
    mail = await portal.sent_mails.to(address)
    async with stream(browser) as live:
        assert live.status == 200
        assert live.headers["Content-Type"] == "text/event-stream; charset=utf-8"
        assert live.headers["X-Accel-Buffering"] == "no"
        assert live.headers["Cache-Control"] == "no-store"
        assert "Content-Security-Policy" in live.headers
        assert (await next_event(live))[1]["state"] == "waiting"
        await report_delivery(portal, address)
        name, data = await next_event(live)
        assert (name, data["state"]) == ("mail", "accepted")
        assert data["text"].startswith("Message remis au serveur de messagerie à ")
        await browser.post(page, "/inscription/validation", {"code": mail.code})
        assert await next_event(live) == (
            "due",
            {"due": "terms", "next": "/inscription/adresse-validee"},
        )
        assert await next_event(live) == ("end", {})


async def test_a_refused_message_is_reported_to_the_session_that_asked(
    portal: Portal, browser: HttpBrowser, address: str
) -> None:
    await portal.asked(browser, address)
    await portal.sent_mails.to(address)
    await report_delivery(portal, address, reason="unknown_mailbox")

    async def refused() -> bool:
        answer = await browser.send("GET", "/inscription/validation/etat")
        return bool(json.loads(answer.body)["state"] == "refused")

    await eventually(refused)
    page = await browser.get("/inscription/validation")
    assert "Le serveur de messagerie a refusé le message" in page.text
    assert "boîte inconnue" in page.text
    assert page.soup.find("a", href="/inscription/adresse")
    other = await portal.browser().send("GET", "/inscription/validation/etat")
    assert json.loads(other.body)["state"] is None


async def test_one_browser_has_two_streams_and_gets_their_slots_back(
    portal: Portal, browser: HttpBrowser, address: str
) -> None:
    await portal.asked(browser, address)
    async with stream(browser) as one, stream(browser) as two:
        await next_event(one)
        await next_event(two)
        third = await browser.send("GET", FOLLOW)
        assert third.status == 429
        assert third.headers["Retry-After"] == "30"

    # A reload connects before the disconnection of the former page is noticed: it waits, and is
    # accepted.
    async with stream(browser) as again, stream(browser) as parallel:
        assert (again.status, parallel.status) == (200, 200)


async def test_a_stream_is_for_the_requesting_browser_only(portal: Portal) -> None:
    async with stream(portal.browser()) as live:
        assert (live.status, live.headers["Location"]) == (303, "/connexion")
    assert (await portal.browser().send("HEAD", FOLLOW)).status == 405


async def test_streams_end_at_once_when_the_portal_stops(portal: Portal, address: str) -> None:
    browser = portal.browser()
    async with running_portal(
        portal.system, portal.sent_mails, "gateway", clock=portal.clock
    ) as second:
        browser.base = second.base
        await second.asked(browser, address)
        live = await browser.session.get(second.base + FOLLOW)
        await next_event(live)
        started = asyncio.get_running_loop().time()
    # Leaving drains the second gateway; the first stays up. Leaving waits up to 25 s for running
    # requests.
    assert asyncio.get_running_loop().time() - started < 20
    assert await next_event(live) == ("end", {})


async def test_g_14_the_creation_is_followed_to_its_end(
    portal: Portal, browser: HttpBrowser, address: str
) -> None:
    await portal.proved(browser, address)
    page = await browser.get("/inscription/conditions")
    state = json.loads((await browser.send("GET", "/inscription/creation/etat")).body)
    assert state == {
        "state": None,
        "text": "",
        "due": "terms",
        "next": "/inscription/conditions",
    }
    await browser.post(page, "/inscription/conditions", {"accept": "1"})
    state = json.loads((await browser.send("GET", "/inscription/creation/etat")).body)
    assert (state["state"], state["next"]) == ("created", "/connexion")
    async with stream(browser, "/inscription/creation/suivi") as live:
        name, data = await next_event(live)
        assert (name, data["state"]) == ("due", "created")
        assert await next_event(live) == ("end", {})
