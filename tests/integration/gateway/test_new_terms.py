"""New terms at the sign-in: left for later until they bind, then before everything else (V-03)."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from shared.contracts.registration.requests import SignIn
from tests.support.actors.account_holder import AccountHolder, codes_on
from tests.support.actors.http_browser import HttpResponse
from tests.support.intercept import Send, intercept
from tests.support.servers.portal import Portal

pytestmark = pytest.mark.asyncio(loop_scope="package")

HERE = "/connexion/conditions"
#: What a holder keeps without accepting.
OPEN = ("/compte/mes-donnees", "/compte/mes-donnees.json", "/compte/depart")
CLOSED = ("/accueil", "/accueil/dossiers.csv", "/compte", "/compte/correction", "/informations")


@pytest.fixture
def patch() -> Any:
    """Undone after the test."""
    with pytest.MonkeyPatch.context() as patched:
        yield patched


def make_due(portal: Portal, patch: pytest.MonkeyPatch, days: float) -> None:
    """From the next sign-in on, terms are due that bind in so many days."""
    at = portal.clock() + timedelta(days=days)

    async def due(_request: SignIn, send: Send) -> Any:
        return msgspec.structs.replace(await send(), terms_bind_at=at)

    intercept(patch, SignIn, due)


async def sign_in(
    portal: Portal, patch: pytest.MonkeyPatch, address: str, *, days: float
) -> tuple[AccountHolder, HttpResponse]:
    """Sign in while terms are due that bind in so many days; the page that follows."""
    person = AccountHolder(portal, address)
    await person.settle()
    make_due(portal, patch, days)
    person.browser = portal.browser()
    return person, await person.sign_in()


async def test_v_03_until_they_bind_they_may_be_left_for_later(
    portal: Portal, patch: pytest.MonkeyPatch, address: str
) -> None:
    person, page = await sign_in(portal, patch, address, days=30)
    assert page.path == HERE, page.text
    assert "Les CGU ont changé le" in page.text
    assert "Elles s'appliqueront à partir du" in page.text
    later = page.soup.find("a", string="Plus tard")
    assert later is not None
    assert (await person.browser.get(str(later["href"]))).path == "/accueil"
    for path in (*OPEN, *CLOSED):
        assert (await person.browser.get(path)).path == path


async def test_v_03_once_they_bind_only_data_and_departure_stay_open(
    portal: Portal, patch: pytest.MonkeyPatch, address: str
) -> None:
    person, page = await sign_in(portal, patch, address, days=-1)
    assert page.path == HERE, page.text
    assert page.soup.find("a", string="Plus tard") is None
    for path in CLOSED:
        assert (await person.browser.get(path)).path == HERE, path
    for path in OPEN:
        assert (await person.browser.get(path)).path == path
    refused = await person.browser.post(page, HERE)
    assert refused.refused
    assert "Cochez la case pour continuer." in refused.text
    page = await person.browser.get("/compte/depart")
    assert page.soup.find("form", action="/deconnexion") is not None


@pytest.mark.parametrize("days", [30, -1])
async def test_v_03_accepting_leads_on_and_holds_in_every_session(
    portal: Portal, patch: pytest.MonkeyPatch, address: str, days: int
) -> None:
    person, page = await sign_in(portal, patch, address, days=days)
    first = person.browser
    person.browser = portal.browser()
    assert (await person.sign_in()).path == HERE
    done = await first.post(page, HERE, {"accept": "1"})
    assert done.path == "/accueil", done.text
    for browser in (first, person.browser):
        assert (await browser.get("/compte")).path == "/compte"
        assert (await browser.get(HERE)).path == "/accueil"


async def test_v_03_recovery_codes_of_an_enrolment_come_before_the_terms(
    portal: Portal, patch: pytest.MonkeyPatch, address: str
) -> None:
    """Asked again, an accepted page leads where its acceptance led."""
    person = AccountHolder(portal, address)
    await person.create()
    make_due(portal, patch, -1)
    page = await person.enrol()
    assert len(codes_on(page)) == 10
    page = await person.browser.post(page, page.path, {"kept": "1"})
    assert page.path == HERE
    for _ in range(2):
        assert (await person.browser.post(page, HERE, {"accept": "1"})).path == "/informations"
