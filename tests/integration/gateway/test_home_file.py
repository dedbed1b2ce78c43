"""The file of dossiers on real services: whole, in the page's order, safe to open (IN-06)."""

import csv
import io
import re

import aiohttp
import msgspec
import pytest
import pytest_asyncio

from shared.contracts.dossiers import DossierRowsView, ReadDossiers
from shared.messaging.errors import ServiceUnavailable
from tests.support.actors.account_holder import AccountHolder
from tests.support.actors.dossier_holder import HOSTILE, numbers, settled
from tests.support.actors.filing_app import FilingApp
from tests.support.intercept import Send, intercept
from tests.support.servers.portal import Portal

pytestmark = pytest.mark.asyncio(loop_scope="package")


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def holder(portal: Portal, filing_app: FilingApp) -> AccountHolder:
    """A holder with dossiers."""
    return await settled(portal, filing_app)


async def test_g_42_in_06_the_file_holds_the_rows_of_the_page_in_its_order(
    holder: AccountHolder,
) -> None:
    """All of them, with the filters, safe to open; the date in Paris in its name."""
    query = "recherche=lilas+exemple&tri=medicament&sens=decroissant&taille=10"
    page = await holder.browser.get(f"/accueil?{query}")
    link = page.soup.select_one("main a.fr-link--download")
    assert link is not None
    file = await holder.browser.send("GET", str(link["href"]))
    assert file.headers["Content-Type"] == "text/csv; charset=utf-8; header=present"
    today = holder.portal.clock().strftime("%Y")
    assert re.fullmatch(
        rf'attachment; filename="impexweb-declarations-deposees-{today}-\d\d-\d\d.csv"',
        file.headers["Content-Disposition"],
    )
    assert file.headers["Cache-Control"] == "no-store"
    assert file.headers["X-Content-Type-Options"] == "nosniff"
    assert file.body.startswith(b'\xef\xbb\xbf"Type";"N\xc2\xb0 de fiche";')
    read = list(csv.reader(io.StringIO(file.body.decode("utf-8-sig"), newline=""), delimiter=";"))
    assert [line[1] for line in read[1:]] == [n if n[0] != "–" else "" for n in numbers(page)]
    whole = await holder.browser.send("GET", "/accueil/dossiers.csv")
    lines = list(csv.reader(io.StringIO(whole.body.decode("utf-8-sig"), newline=""), delimiter=";"))
    assert len(lines) == 32
    (hostile,) = (line for line in lines if line[1] == "DEI-007")
    assert (hostile[4], hostile[6], hostile[2]) == (HOSTILE, "'=1+1", "2026-01-22")


async def test_g_42_a_file_that_cannot_be_finished_does_not_look_whole(
    holder: AccountHolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list becomes unavailable after the first part: the browser detects that the rest is
    missing.
    """
    asked = 0

    async def first_only(query: ReadDossiers, send: Send) -> DossierRowsView:
        nonlocal asked
        asked += 1
        if query.after:
            raise ServiceUnavailable("unavailable in the middle")
        return msgspec.structs.replace(await send(), after="more")

    intercept(monkeypatch, ReadDossiers, first_only)
    with pytest.raises(aiohttp.ClientError):
        await holder.browser.send("GET", "/accueil/dossiers.csv")
    assert asked == 2
    assert (await holder.browser.get("/accueil")).status == 200
