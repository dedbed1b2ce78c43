"""What operators see on an open page while a server or a service is away: that it is old."""

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from uuid import uuid4

import asyncpg
import pytest
from playwright.async_api import Page, expect

from operations.local.processes import free_port
from tests.support.actors.desk_agent import add_mail, signed_in_agent
from tests.support.cheap_hashes import cheap_hashes
from tests.support.pages.chromium import running
from tests.support.servers.desk import SERVICES, Desk, running_desk
from tests.support.servers.shared_servers import Database
from tests.support.servers.system import System
from tests.support.waiting import eventually

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
STALE = "[data-stale]"


@asynccontextmanager
async def away(database: Database) -> AsyncIterator[None]:
    """The database refuses connections for as long as this lasts."""
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


@asynccontextmanager
async def tabs(desk: Desk) -> AsyncIterator[Callable[[str], Awaitable[Page]]]:
    """Opens a page for an operator; its time passes by `clock.fast_forward` too."""
    operator = await signed_in_agent(desk, "operator")
    cookies = [
        {"name": one.key, "value": one.value, "url": desk.base}
        for one in operator.browser.session.cookie_jar
    ]
    async with running() as chromium:
        context = await chromium.new_context(base_url=desk.base, locale="fr-FR")
        await context.add_cookies(cookies)  # type: ignore[arg-type]

        async def opened(path: str) -> Page:
            page = await context.new_page()
            await page.clock.install()
            await page.goto(path)
            return page

        yield opened


async def _waits_in_vain(page: Page) -> None:
    """Let a quarter of a minute pass again and again until the page says that nothing comes."""

    async def marked() -> bool:
        await page.clock.fast_forward(16_000)
        return await page.locator(STALE).is_visible()

    await eventually(marked, 60, every=0.5, why="the mark")


async def test_lg_03_pages_and_forms_name_what_is_unavailable(system: System) -> None:
    """The database, then the service that the pages ask, each with what to do."""
    with cheap_hashes():
        async with running_desk(system, "mfa") as desk:
            operator = await signed_in_agent(desk, "operator")
            async with away(system.database):
                page = await operator.browser.get("/exploitation")
                assert (page.status, page.h1) == (503, "PostgreSQL ne répond pas")
                assert "« impex queues » et « impex dead list »" in page.text
                assert page.headers["Retry-After"] == "30"
                state = await operator.browser.send("GET", "/exploitation/etat")
                assert (state.status, state.headers["Retry-After"]) == (503, "30")
                assert json.loads(state.body) == {"away": page.h1}, "for the page's script"
            async with system.run("support", "mailer", clock=desk.clock):
                mail_id = await add_mail(desk, str(uuid4()), "held")
                path = f"/exploitation/messages/{mail_id}/abandon"
                form = await operator.browser.get(path)
                assert form.status == 200, form.text
            answer = await operator.browser.post(form, path, {"note": "ticket 12"})
            assert answer.status == 503
            assert "Le service « support » ne répond pas. Réessayez" in answer.text
            assert answer.form(path)["note"] == "ticket 12"
            page = await operator.browser.get("/exploitation/messages")
            assert (page.status, page.h1) == (503, "Le service « support » ne répond pas")
            assert "impex logs --service support" in page.text


async def test_lg_03_open_pages_are_marked_as_old_during_an_outage(system: System) -> None:
    """Of the database, then of the services that are asked; they resume by themselves. One page's
    stream never opens: it asks again and again, and says the same as the others."""
    smtp = {"IMPEX_SMTP_URL": f"smtp://127.0.0.1:{free_port()}"}  # nobody listens
    with cheap_hashes():
        async with running_desk(system, *SERVICES) as desk, tabs(desk) as opened:
            async with system.run("operations", "mailer", clock=desk.clock, **smtp):
                mail_id = await add_mail(desk, str(uuid4()))
                mails = await opened("/exploitation/messages")
                queues = await opened("/exploitation")
                asking = await opened("/exploitation/messages")
                await asking.route("**/suivi", lambda route: route.abort())
                await asking.reload()
                link = mails.locator(f'a[href$="{mail_id}"]')
                await expect(link).to_be_visible()
                async with away(system.database):
                    for page in (mails, queues, asking):
                        await _waits_in_vain(page)
                    await expect(mails.locator(STALE)).to_contain_text("la page reprend")
                    for page in (mails, queues, asking):
                        await expect(page.locator(STALE)).to_contain_text("PostgreSQL ne répond")
                    await expect(link).to_be_visible()
                for page in (mails, queues, asking):
                    await expect(page.locator(STALE)).to_be_hidden()
                await asking.close()
            await expect(queues.locator(STALE)).to_be_visible()
            await expect(mails.get_by_text("« mailer » ne répond pas")).to_be_visible()
            await expect(mails.locator(STALE)).to_be_hidden()
            mails = await opened("/exploitation/messages")
            names = await mails.locator("[data-part] .fr-btns-group a").all_inner_texts()
            assert names == ["Tous", "En attente", "Différés", "Refusés", "Retenus"]
            await expect(mails.locator("[data-at]")).to_be_hidden()
            unread = await opened("/exploitation?voir=tout")
            alert = unread.get_by_text("Les files ne peuvent pas être lues")
            await expect(alert).to_be_visible()
            await expect(unread.get_by_text("Tout est au repos")).to_be_hidden()
            async with system.run("operations", clock=desk.clock):
                await expect(queues.locator(STALE)).to_be_hidden()
                await expect(alert).to_have_count(0)
                await expect(unread.locator("tbody tr").first).to_be_visible()
                await expect(unread.locator("[data-at]")).to_be_visible()
