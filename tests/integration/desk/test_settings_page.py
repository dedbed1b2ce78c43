"""The settings of every service on one page: what each answers, and who does not (LG-03)."""

import pytest

from tests.support.actors.desk_agent import signed_in_agent
from tests.support.servers.desk import Desk
from tests.support.servers.system import keys

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_services_that_answer_show_what_they_run_with(desk: Desk) -> None:
    """Here support, mfa and the desk itself run; the others are named."""
    operator = await signed_in_agent(desk, "operator")
    page = await operator.browser.get("/assistance/reglages")
    assert page.h1 == "Réglages"
    away = "dossiers, gateway, mailer, operations, profile, push, registration"
    assert f"leurs réglages manquent : {away}." in page.text
    rows = {
        row.select_one("th").find(string=True): row.get_text(" ", strip=True)  # type: ignore[union-attr]
        for row in page.soup.select("tbody tr")
    }
    assert "support" in rows["IMPEX_REQUEST_DAYS"]
    assert "730" in rows["IMPEX_REQUEST_DAYS"]
    assert "desk" in rows["IMPEX_DESK_PORT"]
    assert "IMPEX_DORMANT_MONTHS" not in rows, "registration does not answer"
    assert "défini" in rows["IMPEX_SUPPORT_PEPPER_KEYS"]
    for name, value in keys().items():
        assert value not in page.html, name
    assert desk.system.database.url("support") not in page.html
