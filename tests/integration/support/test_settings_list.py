"""The settings of every service, for supervisors, operators and auditors (AZ-01, LG-03)."""

import pytest

from shared.contracts.settings import DESCRIBE_SETTINGS
from shared.contracts.support.settings import ListSettings
from tests.support.harness.support import OpenHarness, SupportHarness
from tests.support.harness.support_settings import KEYS

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_every_service_that_answers_is_listed_and_the_others_are_named(
    harness_with: OpenHarness,
) -> None:
    async with harness_with(IMPEX_REQUEST_DAYS="800") as harness:
        operator, owners = await harness.joined("e@ansm.example", "operator"), harness.owners
        assert owners is not None
        owners.away = {"mfa", "profile"}
        view = await harness.ask(ListSettings(agent_id=operator.id))
        assert view.away == ("mfa", "profile")
        names = [one.service for one in view.services]
        assert names == ["support", *sorted(set(DESCRIBE_SETTINGS) - owners.away)]
        own = {row.name: row for row in view.services[0].rows}
        kept = own["IMPEX_REQUEST_DAYS"]
        assert (kept.value, kept.default, kept.changed) == ("800", "730", True)
        assert not any(value in str(view) for value in KEYS.values())


async def test_az_01_agents_do_not_read_settings(harness: SupportHarness) -> None:
    agent = await harness.joined("a@ansm.example", "agent")
    assert await harness.outcome(ListSettings(agent_id=agent.id)) == "forbidden"
