"""`impex dead list` and `impex dead replay`: the messages that could not be handled.

Shows why and since when, never the content. Replaying sends a message to its service again as a
first try; a message that was handled already has no second effect. A message that the owner of its
type did not publish stays.
"""

import argparse
import asyncio
import getpass
from contextlib import suppress
from dataclasses import asdict

from operations import service_registry
from operations.operate.endpoints import resolve_broker
from operations.printing import print_json, print_rows, say
from shared.errors import ConfigurationError
from shared.messaging.dead_letters import DeadLetter, list_dead, replay


def main_list(options: argparse.Namespace) -> int:
    """List the dead letters of one service or of all; exit code 0 whatever their number."""
    url = resolve_broker().operator_url
    names = _hearing(options.service)
    # A service that never ran has no queue of dead letters; for a named one that is an error.
    ignored = () if options.service else (ConfigurationError,)

    async def collect() -> list[DeadLetter]:
        found = []
        for name in names:
            with suppress(*ignored):
                found += await list_dead(url, name)
        return found

    letters = asyncio.run(collect())
    if options.json:
        print_json([asdict(letter) for letter in letters])
    elif not letters:
        say("No dead letters.")
    else:
        print_rows(
            ("service", "id", "type", "tries", "age", "error"),
            [
                (one.service, one.id, one.type, one.attempt, _age(one.age), _why(one))
                for one in letters
            ],
        )
        say("\nimpex dead replay SERVICE --id ID sends one again, --all all of them.")
    return 0


def main_replay(options: argparse.Namespace) -> int:
    """Send letters again; exit code 1 when the one that was named was not found."""
    _hearing(options.service)
    url = resolve_broker().operator_url
    count = asyncio.run(
        replay(
            url,
            options.service,
            message_id=options.id,
            message_type=options.type,
            replayed_by=getpass.getuser(),
        )
    )
    say(f"{count} {'message' if count == 1 else 'messages'} sent to {options.service} again.")
    left = asyncio.run(list_dead(url, options.service))
    if forged := sum(not letter.publisher_verified for letter in left):
        say(f"{forged} not said by the owner of the type: never sent again, see docs/runbook.md.")
    return 0 if count or options.id is None else 1


def _hearing(service: str | None) -> list[str]:
    """`service`, or every service that hears events, and so has a queue of dead letters."""
    known = [one.name for one in service_registry.services() if one.hears]
    if service and service not in known:
        sentence = f"must be one of {', '.join(known)}, not {service}"
        raise ConfigurationError([("SERVICE", sentence)])
    return [service] if service else known


def _why(letter: DeadLetter) -> str:
    return f"{letter.error_type}: {letter.error}" if letter.error_type else letter.error


def _age(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
