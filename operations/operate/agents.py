"""`impex agent add`, `reset` and `list`: who works at the desk.

They act on the schema of support, as support; its mails follow from there within seconds.
"""

import argparse
import os

from operations.operate.endpoints import as_service
from operations.printing import print_json, print_rows, say
from services.support import agent_store, team_commands
from services.support.agents import Agent, parse_agent_address
from services.support.settings import validate_domains
from shared.database import Connection
from shared.errors import ConfigurationError
from shared.runtime.service import utc_now

DOMAINS = "IMPEX_AGENT_DOMAINS"


def main_add(options: argparse.Namespace) -> int:
    """Add an agent, who gets a link by mail; exit code 1 where the address is an agent's."""
    address = _address(options.address)

    async def add(connection: Connection) -> Agent | None:
        async with connection.transaction():
            return await team_commands.add(
                connection, address, options.role, options.language, utc_now()
            )

    if as_service("support", add) is None:
        say(f"{address} is an agent already: impex agent list, impex agent reset {address}")
        return 1
    say(f"{address} is invited as {options.role}: a link is on its way, good once for 48 hours.")
    return 0


def main_reset(options: argparse.Namespace) -> int:
    """Let an agent give password and second factor anew; exit code 1 without such an agent."""

    async def reset(connection: Connection) -> Agent | None:
        async with connection.transaction():
            return await team_commands.reset(connection, options.address, utc_now())

    if as_service("support", reset) is None:
        say(f"{options.address} is no agent's address: impex agent list")
        return 1
    say(
        f"Password and second factor of {options.address} are void and its sessions end; what it "
        "proposed or approved and is not done stops. A link is on its way, good once for 24 hours."
    )
    return 0


def main_list(options: argparse.Namespace) -> int:
    """List all agents; exit code 0 whatever their number."""
    agents = as_service("support", agent_store.list_all)
    if options.json:
        print_json(
            [
                {
                    "id": agent.id,
                    "address": agent.address,
                    "name": f"{agent.first_name} {agent.last_name}".strip(),
                    "role": agent.role,
                    "state": agent.state,
                    "since": agent.since.isoformat(),
                    "last_sign_in": agent.seen_at and agent.seen_at.isoformat(),
                }
                for agent in agents
            ]
        )
    elif not agents:
        say("There is no agent: impex agent add ADDRESS --role supervisor")
    else:
        print_rows(
            ("address", "name", "role", "state", "since", "last sign-in"),
            [
                (
                    agent.address,
                    f"{agent.first_name} {agent.last_name}".strip() or "-",
                    agent.role,
                    agent.state,
                    f"{agent.since:%Y-%m-%d %H:%M}",
                    f"{agent.seen_at:%Y-%m-%d %H:%M}" if agent.seen_at else "-",
                )
                for agent in agents
            ],
        )
    return 0


def _address(typed: str) -> str:
    """The address, of a permitted domain where the setting says which."""
    domains = tuple(part.strip() for part in os.environ.get(DOMAINS, "").split(",") if part.strip())
    problem = validate_domains(domains)
    if problem is not None:
        raise ConfigurationError([(DOMAINS, problem)])
    try:
        return parse_agent_address(typed, domains)
    except ValueError as error:
        raise ConfigurationError([("ADDRESS", str(error))]) from None
