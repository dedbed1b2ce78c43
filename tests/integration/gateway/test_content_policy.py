"""WF-02, WF-03, GD-04, SE-12: no page violates its content policy in Chromium."""

from urllib.parse import urlsplit

import pytest
from playwright.async_api import Page

from tests.integration.gateway.test_pages import ALONE
from tests.support.actors.chromium_user import tick
from tests.support.pages.chromium import running
from tests.support.servers.portal import PASSWORD, Portal

pytestmark = [
    pytest.mark.asyncio(loop_scope="package"),
    pytest.mark.browser,
    pytest.mark.timeout(300),
]


class PageMonitor:
    """Records violations, errors and requests to other hosts."""

    def __init__(self, page: Page, base: str) -> None:
        self.objections: list[str] = []
        self._host = urlsplit(base).netloc
        page.on("console", lambda message: self._console(message.type, message.text))
        page.on("pageerror", lambda error: self.objections.append(str(error)))
        page.on("request", lambda request: self._request(request.url))

    def _console(self, kind: str, text: str) -> None:
        # A page that answers 400 shows as an error in the console, rightly.
        if kind in ("error", "warning") and "400 (Bad Request)" not in text:
            self.objections.append(text)

    def _request(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob") and parts.netloc != self._host:
            self.objections.append(f"asked {url}")
        if parts.path == "/csp-rapport":
            self.objections.append("reported a violation")


async def test_wf_02_no_violation_on_any_page(portal: Portal, address: str) -> None:
    async with running() as chromium:
        page = await chromium.new_page(base_url=portal.base, locale="fr-FR")
        monitor = PageMonitor(page, portal.base)
        for path in ALONE:
            await page.goto(path, wait_until="load")
            assert monitor.objections == [], path
        await page.goto("/inscription")
        for name, value in {
            "first_name": "Pierre",
            "last_name": "Durand",
            "address": address,
            "password": PASSWORD,
        }.items():
            await page.fill(f"#{name}", value)
        await page.click("#continuer")
        await page.wait_for_url("**/inscription/validation")
        mail = await portal.sent_mails.to(address)
        await page.goto(f"/inscription/lien?jeton={mail.token}")
        await page.goto("/inscription/adresse")
        await page.goto("/inscription/validation")
        await page.fill("#code", mail.code)
        await page.press("#code", "Enter")
        await page.wait_for_url("**/inscription/adresse-validee")
        await page.goto("/inscription/conditions")
        await tick(page.locator("#accept"))
        await page.click("main form button.fr-btn:not(.fr-btn--secondary)")
        await page.wait_for_url("**/inscription/creation")
        await page.wait_for_load_state("load")
        assert monitor.objections == []
        stored = await page.evaluate("[...Object.keys(localStorage)]")
        assert set(stored) <= {"scheme"}
