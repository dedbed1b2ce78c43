"""Lifetimes of pre-sessions, an acceptance without an answer, and the operator's texts."""

import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import asyncpg
import pytest

from services.gateway.sessions.presession_store import DELETE_EXPIRED
from shared.contracts.registration.requests import AcceptTerms
from shared.database import Connection
from shared.messaging.errors import RequestTimeout
from tests.support.actors.http_browser import HttpBrowser
from tests.support.intercept import Send, intercept
from tests.support.servers.portal import PASSWORD, Portal

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def age(portal: Portal, browser: HttpBrowser) -> Connection:
    """Let a browser's pre-session expire; returns a connection to the gateway's schema."""
    connection = await asyncpg.connect(
        portal.system.database.admin_url, server_settings={"search_path": "gateway"}
    )
    done = await connection.execute(
        "update presessions set created_at = created_at - interval '3 days',"
        " expires_at = created_at - interval '2 days' where token_hash = $1",
        sha256(browser.cookies["impex-presession"].encode()).digest(),
    )
    assert done == "UPDATE 1"
    return connection


async def test_a_presession_ends_with_its_request(
    portal: Portal, browser: HttpBrowser, address: str
) -> None:
    await portal.asked(browser, address)
    bound = browser.cookies["impex-presession"]
    connection = await age(portal, browser)
    page = await browser.get("/inscription/validation")
    assert page.path == "/inscription"
    assert "Cette demande n'existe plus : elle a expiré" in page.text, (
        "the page of the next day explains it"
    )
    assert browser.cookies.get("impex-presession") != bound
    assert "n'existe plus" not in (await browser.get("/inscription")).text, "once"
    now = portal.clock()
    await connection.execute(DELETE_EXPIRED, now)  # unless the portal has just done so itself
    left = await connection.fetchval("select count(*) from presessions where expires_at <= $1", now)
    assert left == 0
    await connection.close()


async def test_a_sign_in_to_a_request_that_has_ended_since_leads_to_the_form(
    portal: Portal, browser: HttpBrowser, address: str
) -> None:
    """Registration has stored its reply, which still names the request."""
    await portal.asked(portal.browser(), address)
    page = await browser.get("/connexion")
    fields = page.form("/connexion") | {"address": address, "password": PASSWORD}
    same_site = {"Sec-Fetch-Site": "same-origin"}
    first = await browser.send_form("/connexion", fields, headers=same_site)
    assert first.location == "/inscription/validation"
    connection = await asyncpg.connect(portal.system.database.admin_url)
    delete = "delete from registration.requests where address = $1"
    assert await connection.execute(delete, address) == "DELETE 1"
    await connection.close()
    for _ in range(2):
        again = await browser.send_form("/connexion", fields, headers=same_site, follow=True)
        assert (again.status, again.path) == (200, "/inscription"), again.text
        assert "Cette demande n'existe plus" in again.text


async def test_se_01_the_table_holds_hashes_only(
    portal: Portal, browser: HttpBrowser, address: str
) -> None:
    await browser.get("/inscription")
    connection = await asyncpg.connect(portal.system.database.admin_url)
    count = "select count(*) from gateway.presessions"
    before = await connection.fetchval(count)
    for path in ("/", "/connexion", "/inscription"):
        await portal.browser().get(path)
    assert await connection.fetchval(count) == before, "a robot fills no table"
    await portal.asked(browser, address)
    rows = str(await connection.fetch("select * from gateway.presessions"))
    assert browser.cookies["impex-presession"] not in rows
    assert address not in rows
    await connection.close()


@pytest.mark.parametrize("done", [True, False])
async def test_an_acceptance_without_an_answer_is_followed(
    portal: Portal,
    browser: HttpBrowser,
    address: str,
    monkeypatch: pytest.MonkeyPatch,
    done: bool,
) -> None:
    await portal.proved(browser, address)
    page = await browser.get("/inscription/conditions")

    async def lost(_: AcceptTerms, send: Send) -> None:
        if done:
            await send()
        raise RequestTimeout

    intercept(monkeypatch, AcceptTerms, lost)
    page = await browser.post(page, "/inscription/conditions", {"accept": "1"})
    monkeypatch.undo()
    assert page.path == "/inscription/creation"
    state = json.loads((await browser.send("GET", "/inscription/creation/etat")).body)
    assert state["state"] == ("created" if done else "creating")
    if done:
        assert "Votre compte existe." in page.text
        return
    assert "Nous créons votre compte" in page.text
    monkeypatch.setattr(
        "services.gateway.features.registration.creation.ACCEPTANCE_GRACE", timedelta(0)
    )
    page = await browser.get("/inscription/creation")
    assert page.path == "/inscription/conditions"
    page = await browser.post(page, "/inscription/conditions", {"accept": "1"})
    assert "Votre compte existe." in page.text


async def test_gd_01_the_operator_s_legal_texts_are_shown(
    another: Callable[..., Awaitable[Portal]], tmp_path: Path
) -> None:
    for name in ("privacy", "legal"):
        for language in ("fr", "en"):
            text = f"version: 7\ndate: 2026-01-31\n\n# {name} {language}\n\n<b>texte</b>\n"
            (tmp_path / f"{name}.{language}.md").write_text(text)
    portal = await another(IMPEX_LEGAL_DIR=str(tmp_path), IMPEX_UI_THEME="neutral")
    for path, name in (("/donnees-personnelles", "privacy"), ("/mentions-legales", "legal")):
        for language in ("fr", "en"):
            page = await portal.browser(language).get(path)
            assert page.status == 200
            assert f"{name} {language}" in page.text
            assert "<b>texte</b>" not in page.html
            assert "<b>texte</b>" in page.text
            assert "Modèle à remplacer" not in page.text
            assert page.soup.find(class_="fr-logo") is None
