"""The journal at the desk: who reads it, an export proposed and downloaded (AZ-04, GD-05)."""

import csv
import io
from datetime import timedelta
from urllib.parse import parse_qsl
from uuid import uuid4

import asyncpg
import pytest

from tests.support import eventually
from tests.support.actors.agent import DeskAgent, joined_agent
from tests.support.actors.desk_agent import signed_in_agent
from tests.support.servers.desk import Desk

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def insert_export(desk: Desk, proposer: DeskAgent, approver: DeskAgent) -> str:
    """An export of today that both agreed to."""
    export_id, now = str(uuid4()), desk.clock()
    connection = await asyncpg.connect(
        desk.system.database.url("support"), server_settings={"search_path": "support"}
    )
    await connection.execute(
        "INSERT INTO journal_exports SELECT $1, $2::timestamptz::date - 1,"
        " $2::timestamptz::date + 1, 'legal_duty', $3, $4, max(number), $2, $5"
        " FROM journal_entries",
        export_id, now, proposer.id, approver.id, now + timedelta(days=7),
    )  # fmt: skip
    await connection.close()
    return export_id


async def test_az_04_supervisors_and_auditors_read_the_journal_and_nobody_else(desk: Desk) -> None:
    statuses = {}
    for role in ("agent", "supervisor", "operator", "auditor"):
        agent = await joined_agent(desk, role)
        page = await agent.browser.get("/assistance/journal")
        by_agent = await agent.browser.get(f"/assistance/journal?agent={agent.id}")
        statuses[role] = (page.status, by_agent.status)
        assert ("Identifiant d'un agent" in page.text) is (role == "auditor")
    assert statuses == {
        "agent": (403, 403),
        "supervisor": (200, 403),
        "operator": (403, 403),
        "auditor": (200, 200),
    }


async def test_what_agents_do_is_on_the_page_with_who_and_when(desk: Desk) -> None:
    auditor = await joined_agent(desk, "auditor")

    async def shown() -> bool:
        page = await auditor.browser.get(f"/assistance/journal?agent={auditor.id}")
        return "Agent inscrit" in page.text and "Zoé Martin (Audit)" in page.text

    await eventually(shown, 30, every=0.2)
    page = await auditor.browser.get("/assistance/journal?du=2026-06-02&au=2026-06-01")
    assert page.status == 400


#: A query, the fields that are wrong with it, and what each says.
WRONG_FILTERS = """
du=2026-02-31                    | du     | Saisissez un jour
du=31/02/2026                    | du     | Saisissez un jour
du=0001-01-01&au=0001-01-01      | du au  | Saisissez un jour
au=9999-12-31                    | au     | Saisissez un jour
du=2026-11-20&au=2026-11-10      | au     | Le dernier jour précède le premier.
du=2020-01-01&au=2026-01-01      | au     | Choisissez 31 jours au plus.
compte=elodie@labo.fr            | compte | Cet identifiant n'est pas complet
compte=%00                       | compte | Cet identifiant n'est pas complet
agent=zzz                        | agent  | Cet identifiant n'est pas complet
"""


@pytest.mark.parametrize("row", WRONG_FILTERS.strip().splitlines())
async def test_t_17_a_filter_that_means_nothing_is_named_and_kept(desk: Desk, row: str) -> None:
    """It is neither left out silently nor an error of the service."""
    query, fields, message = (cell.strip() for cell in row.split("|"))
    auditor = await signed_in_agent(desk, "auditor")
    page = await auditor.browser.get(f"/assistance/journal?{query}")
    assert page.status == 400
    for field in fields.split():
        box = page.soup.select_one(f"#{field}-messages")
        assert box is not None
        assert message in box.text.replace("\u00a0", " ")
        assert page.soup.select_one(f"#erreurs a[href='#{field}']") is not None
    for field, value in parse_qsl(query):
        shown = page.soup.select_one(f"#{field}")
        assert shown is not None
        assert shown["value"] == value.replace("\0", "\ufffd")
    assert "Aucune entrée" not in page.text


async def test_t_03_signs_that_came_with_a_paste_are_left_out_of_filters(desk: Desk) -> None:
    auditor = await signed_in_agent(desk, "auditor")
    query = f"du=01/11/2026&au=%E2%80%8B2026-11-20&agent={auditor.id.upper()}%E2%80%8B"
    page = await auditor.browser.get(f"/assistance/journal?{query}")
    assert page.status == 200
    shown = page.soup.select_one("#du")
    assert shown is not None
    assert shown["value"] == "2026-11-01"


async def test_gd_05_an_export_is_proposed_with_a_code_and_downloaded_once_agreed(
    desk: Desk,
) -> None:
    supervisor = await joined_agent(desk, "supervisor")
    approver = await joined_agent(desk, "auditor")
    path = "/assistance/journal/exports"
    page = await supervisor.browser.get(path)
    today = desk.clock().date().isoformat()
    form = {"first_day": today, "last_day": "", "reason": "legal_duty", "code": ""}
    refused = await supervisor.browser.post(page, path, form)
    assert "Choisissez le dernier jour." in refused.text
    form |= {"last_day": "2020-01-01", "code": supervisor.code()}
    refused = await supervisor.browser.post(refused, path, form)
    assert "Le dernier jour précède le premier." in refused.text
    form |= {"last_day": today, "code": supervisor.code()}
    done = await supervisor.browser.post(refused, path, form)
    assert "Export demandé." in done.text
    assert "Aucun export disponible." in done.text
    export_id = await insert_export(desk, supervisor, approver)
    page = await supervisor.browser.get(path)
    assert f"{path}/{export_id}" in page.html
    file = await supervisor.browser.get(f"{path}/{export_id}")
    rows = list(csv.DictReader(io.StringIO(file.body.decode("utf-8-sig")), delimiter=";"))
    assert "support.AgentJoined.v1" in {row["type"] for row in rows}
    assert (await supervisor.browser.get(f"{path}/{uuid4()}")).status == 404
    stranger = await joined_agent(desk, "agent")
    assert (await stranger.browser.get(f"{path}/{export_id}")).status == 403
