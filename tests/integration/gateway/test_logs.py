"""What is logged, and what never is (LG-01 to LG-04)."""

import asyncio
import json
from urllib.parse import quote, urlencode

import pytest
from yarl import URL

from tests.support.actors.http_browser import HttpBrowser
from tests.support.servers.portal import PASSWORD, Portal

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_lg_04_input_never_adds_a_log_line(
    portal: Portal, browser: HttpBrowser, capfd: pytest.CaptureFixture[str]
) -> None:
    capfd.readouterr()
    payload = '\n{"event":"x","action":"forged"}'
    page = await browser.get("/inscription")
    await browser.post(
        page, "/inscription", {"first_name": payload, "last_name": payload, "address": payload}
    )
    await browser.send("GET", "/" + quote(payload) + "?" + urlencode({"q": payload}))
    lines = capfd.readouterr().err.splitlines()
    assert lines
    assert all(line.startswith('{"time"') for line in lines)
    assert "forged" not in {json.loads(line).get("action") for line in lines}


async def test_lg_02_logs_contain_no_secret_and_name_the_event(
    portal: Portal, browser: HttpBrowser, address: str, capfd: pytest.CaptureFixture[str]
) -> None:
    capfd.readouterr()
    page = await portal.asked(browser, address)
    mail = await portal.sent_mails.to(address)
    await browser.get(f"/inscription/lien?jeton={mail.token}")
    await browser.post(page, "/inscription/validation", {"code": mail.code})
    await browser.get("/inscription/creation")
    fields = {**page.form("/inscription/validation"), "csrf": "x"}
    await browser.send_form("/inscription/validation", fields)
    log = capfd.readouterr().err
    for secret in (
        PASSWORD,
        mail.token,
        f'"{mail.code}"',
        address,
        browser.cookies["impex-presession"],
        browser.cookies["impex-form"],
        page.form("/inscription/validation")["csrf"],
    ):
        assert secret not in log
    actions = {json.loads(line).get("action") for line in log.splitlines()}
    assert {"http_request", "session_created", "sequence_fail", "malicious_csrf"} <= actions


async def test_lg_01_lg_03_each_scenario_leaves_its_event(
    portal: Portal, address: str, capfd: pytest.CaptureFixture[str]
) -> None:
    async def wrong_password() -> None:
        browser = portal.browser()
        page = await browser.get("/connexion")
        for _ in range(6):
            given = {"address": address, "password": "Wr0ng-pass"}
            page = await browser.post(page, "/connexion", given)

    async def no_token() -> None:
        await portal.browser().send_form("/connexion", {})

    async def extra_field() -> None:
        await portal.browser().send_form("/connexion", {"role": "agent"})

    async def jump() -> None:
        await portal.browser().get("/inscription/conditions")

    async def invented_cookie() -> None:
        await portal.browser().send("GET", "/", headers={"Cookie": "impex-form=x"})

    async def former_cookie() -> None:
        cookie = f"impex-presession={'x' * 43}"
        await portal.browser().send("GET", "/", headers={"Cookie": cookie})

    async def asked() -> None:
        await portal.asked(portal.browser(), address)

    async def not_http() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", URL(portal.base).port)
        writer.write(b"x\r\n\r\n")
        await reader.read()
        writer.close()

    for scenario, actions in (
        (wrong_password, {"authn_login_fail", "authn_login_lock", "excess_rate_limit_exceeded"}),
        (no_token, {"malicious_csrf"}),
        (extra_field, {"input_validation_fail"}),
        (jump, {"sequence_fail"}),
        (invented_cookie, {"session_unknown"}),
        (former_cookie, {"session_use_after_expire"}),
        (asked, {"session_created"}),
        (not_http, {"input_validation_fail"}),
    ):
        capfd.readouterr()
        await scenario()
        found = {json.loads(line).get("action") for line in capfd.readouterr().err.splitlines()}
        assert actions <= found, scenario.__name__
