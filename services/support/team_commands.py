"""Agents by the command line, for the first one and for whoever lost everything.

The command acts alone, as whoever has the machine can; every supervisor is told by mail, and the
agent gets a link by mail like any other.
"""

from datetime import datetime
from uuid import uuid4

from services.support import agent_store
from services.support.agents import Agent
from shared.contracts.base import Event
from shared.contracts.support.agents import (
    OWNER,
    AgentAccepted,
    AgentCredentialsRemoved,
    AgentSessionsEnded,
)
from shared.database import Connection
from shared.outbox import emit

#: States of which there is nothing to begin anew.
NOT_JOINED = ("proposed", "accepted", "invited")


async def add(
    tx: Connection, address: str, role: str, language: str, now: datetime
) -> Agent | None:
    """An agent who was agreed to; None where the address is an agent's already."""
    agent = Agent(
        id=str(uuid4()),
        address=address,
        first_name="",
        last_name="",
        language=language,
        role=role,
        state="accepted",
        since=now,
    )
    if not await agent_store.insert(tx, agent):
        return None
    for event in await announcements(tx, agent, "", "", now):
        await emit(tx, OWNER, event, subject=agent.id, now=now)
    return agent


async def reset(tx: Connection, address: str, now: datetime) -> Agent | None:
    """Let an agent give password and second factor anew by a mailed link; None without one."""
    agent = await agent_store.find_by_address(tx, address)
    if agent is None:
        return None
    for event in await begin_anew(tx, agent, "", now):
        await emit(tx, OWNER, event, subject=agent.id, now=now)
    return agent


async def begin_anew(tx: Connection, agent: Agent, by: str, now: datetime) -> list[Event]:
    """Password and second factor are void, sessions end, a link follows. `by` is an agent's id.

    Returns the events about the agent that the caller publishes.
    """
    await agent_store.set_state(tx, agent.id, "accepted", now)
    if agent.state in NOT_JOINED:
        return []
    return [
        AgentSessionsEnded(reason="reset", by=by, ended_at=now),
        AgentCredentialsRemoved(by=by, removed_at=now),
    ]


async def announcements(
    tx: Connection, agent: Agent, proposed_by: str, approved_by: str, now: datetime
) -> list[Event]:
    """A mail to every supervisor who may work: an agent nobody expected is seen (T2).

    `proposed_by` and `approved_by` are names, empty where the command line did it. The caller
    publishes the events, which are about the agent.
    """
    return [
        AgentAccepted(
            recipient=supervisor.address,
            language=supervisor.language,
            address=agent.address,
            role=agent.role,
            proposed_by=proposed_by,
            approved_by=approved_by,
            accepted_at=now,
        )
        for supervisor in await agent_store.active_in_role(tx, "supervisor")
    ]
