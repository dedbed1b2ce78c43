"""Whether a proposal about the team can be approved by anybody."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.gateway.desk.features.team.team_texts import is_approvable
from shared.contracts.support.agents import AgentView

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def agent(**more: Any) -> AgentView:
    """A supervisor who may approve, but for `more`."""
    known = {
        "agent_id": "second",
        "address": "second@agency.example",
        "first_name": "Zoé",
        "last_name": "Martin",
        "language": "fr",
        "role": "supervisor",
        "state": "active",
        "since": NOW,
        **more,
    }
    return AgentView(**known)


@pytest.mark.parametrize(
    ("second", "approvable"),
    [
        (agent(), True),
        (agent(newcomer_until=NOW), True),
        (agent(newcomer_until=NOW + timedelta(seconds=1)), False),
        (agent(agent_id="own"), False),
        (agent(role="agent"), False),
        (agent(state="suspended"), False),
    ],
)
def test_az_04_another_supervisor_who_is_no_newcomer_approves(
    second: AgentView, approvable: bool
) -> None:
    assert is_approvable((agent(agent_id="own"), second), "own", NOW) is approvable
