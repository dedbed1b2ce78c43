"""Error pages, and how the server treats misbehaving clients."""

import asyncio
import html
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest

from services.gateway.http import forms, rendering, server
from shared.contracts.registration.requests import RequestAccount
from tests.support import eventually
from tests.support.actors.account_holder import AccountHolder
from tests.support.actors.http_browser import HttpBrowser
from tests.support.intercept import Send, intercept
from tests.support.servers.portal import PASSWORD, Portal, running_portal, separate_system
from tests.support.servers.shared_servers import TestServers

pytestmark = pytest.mark.asyncio(loop_scope="package")


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_lg_07_a_broken_view_gives_a_page_with_a_reference(
    portal: Portal, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    render = rendering.Renderer.render

    def broken(
        self: rendering.Renderer, template: str, lang: str, variables: dict[str, object]
    ) -> str:
        if template != "error.html":
            raise RuntimeError("a secret detail")
        return render(self, template, lang, variables)

    monkeypatch.setattr(rendering.Renderer, "render", broken)
    browser = portal.browser(language)
    for path in ("/", "/connexion", "/inscription", "/aide", "/conditions", "/plan"):
        page = await browser.get(path)
        assert page.status == 500
        assert page.soup.html
        assert page.soup.html["lang"] == language
        reference = page.headers["X-Request-Id"]
        assert reference in page.text
        assert "01.55.87.40.90" in page.text
        # A token may hold any letters.
        written = re.sub(r'value="t1/[^"]*"', "", page.html)
        for leak in ("secret detail", "Traceback", "RuntimeError", ".py"):
            assert leak not in written


async def test_lg_07_even_a_broken_error_page_gives_a_reference(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> str:
        raise RuntimeError("a secret detail")

    monkeypatch.setattr(rendering.Renderer, "render", broken)
    answer = await portal.browser().get("/")
    assert answer.status == 500
    assert answer.html == f"Erreur - Error {answer.headers['X-Request-Id']}\n"
    assert "Content-Security-Policy" in answer.headers


async def raw(portal: Portal, data: bytes, *, seconds: float = 60) -> bytes:
    """What the portal answers to bytes, until it closes."""
    parts = urlsplit(portal.base)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        writer.write(data)
        await writer.drain()
        async with asyncio.timeout(seconds):
            return await reader.read()
    finally:
        writer.close()


@asynccontextmanager
async def no_database(portal: Portal) -> AsyncIterator[None]:
    """The database refuses connections for as long as this lasts."""
    database = portal.system.database
    admin = await asyncpg.connect(re.sub(r"/[^/]+$", "/postgres", database.admin_url))
    await admin.execute(f'alter database "{database.name}" allow_connections false')
    try:
        await admin.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = $1",
            database.name,
        )
        yield
    finally:
        await admin.execute(f'alter database "{database.name}" allow_connections true')
        await admin.close()


@pytest.mark.parametrize(
    "data",
    [
        b"not http at all\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nBad\x00Header: 1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 9_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X-Y: 1\r\n" * 200 + b"\r\n",
        b"GET /" + b"a" * 9_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
async def test_a_request_that_is_not_http_gets_a_plain_answer(portal: Portal, data: bytes) -> None:
    answer = await raw(portal, data)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400") or head.startswith(b"HTTP/1.0 400")
    assert b"Server:" not in head
    assert b"content-security-policy" in head.lower()
    assert "Demande non valable" in body.decode()
    assert "Invalid request" in body.decode()


async def test_wf_12_a_body_with_two_lengths_is_refused(portal: Portal) -> None:
    answer = await raw(
        portal,
        b"POST /connexion HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        b"GET /aide HTTP/1.1\r\nHost: x\r\n\r\n",
    )
    assert re.match(rb"HTTP/1\.[01] 400", answer)
    assert answer.count(b"HTTP/1.") == 1


async def test_wf_11_a_slow_head_is_cut_off(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert server.HEAD_SECONDS == 10
    monkeypatch.setattr(server, "HEAD_SECONDS", 1)
    started = asyncio.get_running_loop().time()
    assert await raw(portal, b"GET / HTTP/1.1\r\nHost: x\r\n") == b""
    assert 0.9 < asyncio.get_running_loop().time() - started < 4


async def test_wf_11_a_slow_body_is_refused(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert forms.BODY_SECONDS == 10
    monkeypatch.setattr(forms, "BODY_SECONDS", 1)
    answer = await raw(
        portal,
        b"POST /connexion HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\n\r\naddress=",
        seconds=16,
    )
    assert answer.startswith(b"HTTP/1.1 408")
    assert "L'envoi a pris trop de temps" in html.unescape(answer.decode())


async def test_lg_03_a_client_that_disconnects_is_no_error(
    portal: Portal, capfd: pytest.CaptureFixture[str]
) -> None:
    capfd.readouterr()
    parts = urlsplit(portal.base)
    _, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(
        b"POST /connexion?half HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\n\r\naddress="
    )
    await writer.drain()
    writer.close()
    log = ""

    def answered() -> bool:
        nonlocal log
        log += capfd.readouterr().err
        return '"method":"POST"' in log

    await eventually(answered)
    assert "unexpected_error" not in log


async def test_wf_11_a_posted_form_is_processed_though_the_client_disconnected(
    portal: Portal, browser: HttpBrowser, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is posted again while the first is being processed: one mail."""
    received, both = asyncio.Event(), asyncio.Barrier(2)

    async def together(_request: RequestAccount, send: Send) -> Any:
        received.set()
        await both.wait()
        return await send()

    intercept(monkeypatch, RequestAccount, together)
    page = await browser.get("/inscription")
    fields = {
        **page.form("/inscription"),
        "first_name": "Pierre",
        "last_name": "Durand",
        "address": address,
        "password": PASSWORD,
    }
    sending = asyncio.create_task(browser.send_form("/inscription", fields))
    async with asyncio.timeout(60):
        await received.wait()
        sending.cancel()
        answer = await browser.send_form("/inscription", fields)
    assert answer.status == 303
    monkeypatch.undo()
    await portal.asked(portal.browser(), f"after-{address}")
    await portal.sent_mails.to(f"after-{address}")
    assert len([one for one in portal.sent_mails.all if one.address == address]) == 1


async def test_an_outage_of_registration_returns_the_form_which_can_be_sent_again(
    test_servers: TestServers, tmp_path: Path
) -> None:
    async with (
        separate_system(test_servers, tmp_path) as (system, sent_mails),
        running_portal(system, sent_mails, "gateway") as portal,
    ):
        browser = portal.browser()
        async with system.run("registration"):
            page = await browser.get("/inscription")
        values = {
            "first_name": "Pierre",
            "last_name": "O'Brien",
            "address": "pierre@pharmacie.example.fr",
            "password": PASSWORD,
        }
        unavailable = await browser.post(page, "/inscription", values)
        assert unavailable.status == 503
        assert "votre saisie est encore sur cette page, sauf le mot de passe" in unavailable.text
        returned = unavailable.form("/inscription")
        assert returned["last_name"] == "O'Brien"
        assert returned["password"] == ""
        assert returned["key"] == page.form("/inscription")["key"]
        async with system.run("registration"):
            page = await browser.post(unavailable, "/inscription", {"password": PASSWORD})
            assert page.path == "/inscription/validation"
            mail = await sent_mails.to("pierre@pharmacie.example.fr")
        assert (await browser.get("/aide")).status == 200
        assert (await browser.get("/inscription/validation")).status == 503
        async with system.run("registration"):
            page = await browser.post(page, "/inscription/validation", {"code": mail.code})
            assert page.path == "/inscription/adresse-validee"
        assert len(sent_mails.all) == 1


async def test_every_form_returns_its_input_while_registration_is_unavailable(
    test_servers: TestServers, tmp_path: Path
) -> None:
    """No input is lost, also for a browser whose next step must be requested."""
    async with (
        separate_system(test_servers, tmp_path) as (system, sent_mails),
        running_portal(system, sent_mails, "gateway") as portal,
    ):
        browser = portal.browser()
        async with system.run("registration"):
            await portal.asked(browser, "pierre@pharmacie.example.fr")
            correct = await browser.get("/inscription/adresse")
        sign_in = await portal.browser().get("/connexion")
        typed = {"address": "pierre@pharmacie.example.org", "password": PASSWORD}
        for page, action in ((sign_in, "/connexion"), (correct, "/inscription/adresse")):
            owner = browser if page is correct else portal.browsers[-1]
            unavailable = await owner.post(page, action, typed)
            assert unavailable.status == 503, action
            assert "votre saisie est encore sur cette page" in unavailable.text
            returned = unavailable.form(action)
            assert (returned["address"], returned["password"]) == (typed["address"], "")
            assert returned["key"] == page.form(action)["key"]
        link = await browser.get("/inscription/validation")
        again = link.soup.find("a", href="/inscription/validation")
        assert (link.status, again and again.get_text()) == (503, "Recharger la page")
        async with system.run("registration"):
            page = await browser.post(unavailable, "/inscription/adresse", typed)
            assert page.path == "/inscription/validation"
            assert "pierre@pharmacie.example.org" in page.text


async def test_a_database_outage_returns_the_form_to_a_bound_browser(
    portal: Portal, browser: HttpBrowser, address: str
) -> None:
    await portal.asked(browser, address)
    correct = await browser.get("/inscription/adresse")
    async with no_database(portal):
        unavailable = await browser.post(
            correct, "/inscription/adresse", {"address": f"new-{address}", "password": PASSWORD}
        )
        assert unavailable.status == 503
        assert unavailable.form("/inscription/adresse")["address"] == f"new-{address}"
        assert PASSWORD not in unavailable.html

    async def moved() -> bool:
        values = {"address": f"new-{address}", "password": PASSWORD}
        page = await browser.post(unavailable, "/inscription/adresse", values)
        return page.status == 200 and f"new-{address}" in page.text

    await eventually(moved, 60)


async def test_a_database_outage_ends_no_session(portal: Portal, address: str) -> None:
    """SE-04: the page requests the time left, and must not get that the session is over."""
    person = AccountHolder(portal, address)
    await person.settle()
    async with no_database(portal):
        assert (await person.browser.send("GET", "/session/etat")).status >= 500

    async def back() -> bool:
        return (await person.browser.send("GET", "/session/etat")).status == 200

    await eventually(back, 60)
    assert (await person.browser.get("/accueil")).path == "/accueil"


async def test_help_is_available_during_a_database_outage(
    portal: Portal, browser: HttpBrowser, address: str
) -> None:
    await portal.asked(browser, address)
    async with no_database(portal):
        page = await browser.get("/inscription/validation")
        assert page.status == 503
        assert page.headers["Retry-After"] == "30"
        assert "Ce service ne répond pas" in page.text
        for path in ("/", "/aide", "/connexion"):
            assert (await browser.get(path)).status == 200

    async def back() -> bool:
        return (await browser.get("/inscription/validation")).status == 200

    await eventually(back, 60)


async def test_pages_that_do_without_a_slow_statement_are_shown(
    portal: Portal, browser: HttpBrowser, address: str
) -> None:
    """A statement that waits for somebody else's lock is cut as one that a lost server lost."""
    await portal.asked(browser, address)
    owner = await asyncpg.connect(portal.system.database.owner_url)
    try:
        async with owner.transaction():
            await owner.execute("LOCK TABLE gateway.presessions IN ACCESS EXCLUSIVE MODE")
            paths = ("/", "/connexion", "/inscription/validation")
            pages = await asyncio.gather(*(browser.get(path) for path in paths))
            assert [page.status for page in pages] == [200, 200, 503]
    finally:
        await owner.close()
    assert (await browser.get("/inscription/validation")).status == 200
