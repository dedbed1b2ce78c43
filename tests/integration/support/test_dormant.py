"""Accounts that nobody signs in to, as the desk lists them: masked, by outcome (G-36, AZ-01)."""

from datetime import timedelta

import msgspec
import pytest

from services.support.handlers.dormant import PAGE_SIZE
from shared.contracts.registration.desk import DormantAccountRecord
from shared.contracts.support.dormant import DormantRow, DormantView, ListDormant
from shared.security.sealing import seal_context
from tests.support.harness.request_desk import new_account
from tests.support.harness.support import SupportHarness

pytestmark = pytest.mark.asyncio(loop_scope="package")


def record(harness: SupportHarness, outcome: str = "warned", **more: str) -> DormantAccountRecord:
    values = {"address": "marie.durand@labo.fr", "first_name": "Marie", "last_name": "Durand"}
    return DormantAccountRecord(
        account_id=new_account(),
        **{**values, **more},
        last_used_at=harness.now - timedelta(days=800),
        warned_at=harness.now - timedelta(days=3),
        deactivation_at=harness.now + timedelta(days=27),
        outcome=outcome,
        ended_at=None if outcome == "warned" else harness.now,
    )


def opened(harness: SupportHarness, view: DormantView) -> list[DormantRow]:
    assert harness.desk is not None
    text = harness.desk.open(view.rows, seal_context(DormantView, "rows"))
    return msgspec.json.decode(text, type=list[DormantRow])


async def test_g_36_dormant_accounts_are_listed_masked_by_outcome(harness: SupportHarness) -> None:
    agent, owners = await harness.joined("d@ansm.example", "auditor"), harness.owners
    assert owners is not None
    ended = [record(harness, outcome) for outcome in ("spared", "deactivated")]
    anonymous = record(harness, "withdrawn", address="", first_name="", last_name="")
    owners.dormant = [*(record(harness) for _ in range(PAGE_SIZE + 1)), *ended, anonymous]
    view = await harness.ask(ListDormant(agent_id=agent.id))
    assert (view.warned, view.spared, view.deactivated, view.withdrawn) == (26, 1, 1, 1)
    assert (view.months, view.page, view.pages, view.away) == (24, 1, 2, False)
    rows = opened(harness, view)
    assert [row.account_id for row in rows] == [
        one.account_id for one in owners.dormant[:PAGE_SIZE]
    ]
    assert {(row.person, row.address) for row in rows} == {("M… DURAND", "m…@labo.fr")}
    last = await harness.ask(ListDormant(agent_id=agent.id, page=2))
    assert len(opened(harness, last)) == 1
    gone = await harness.ask(ListDormant(agent_id=agent.id, outcome="withdrawn"))
    assert [(row.person, row.address) for row in opened(harness, gone)] == [("", "")]


async def test_g_36_switched_off_and_without_registration_that_is_shown(
    harness: SupportHarness,
) -> None:
    agent, owners = await harness.joined("s@ansm.example", "supervisor"), harness.owners
    assert owners is not None
    owners.dormant_months = 0
    off = await harness.ask(ListDormant(agent_id=agent.id))
    assert (off.months, off.away, opened(harness, off)) == (0, False, [])
    owners.away = {"registration"}
    assert (await harness.ask(ListDormant(agent_id=agent.id))).away


async def test_az_01_agents_and_operators_do_not_read_it(harness: SupportHarness) -> None:
    for role in ("agent", "operator"):
        agent = await harness.joined(f"{role}@ansm.example", role)
        assert await harness.outcome(ListDormant(agent_id=agent.id)) == "forbidden"
    auditor = await harness.joined("d@ansm.example", "auditor")
    unknown = ListDormant(agent_id=auditor.id, outcome="asleep")
    assert await harness.outcome(unknown) == "unknown_choice"
