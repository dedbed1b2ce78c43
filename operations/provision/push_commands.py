"""`impex partner deliveries` and `keys`: what is pushed to partners, and how they verify it."""

import argparse
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from operations.operate import acts
from operations.operate.endpoints import as_service
from operations.printing import print_json, print_rows, say
from operations.provision.partner_sheet import key_rows
from operations.provision.receivers import PUSH
from services.push import operator_deliveries
from services.push.operator_deliveries import MAX_LISTED, ListedDelivery
from shared.database import Connection
from shared.errors import ImpexError
from shared.runtime.service import utc_now


def main_deliveries(options: argparse.Namespace) -> int:
    """List a partner's deliveries, or post some again; exit code 1 for an unknown name or id, with
    `--all-failed` also where none was given up."""
    name: str = options.name
    if options.replay is not None:
        return _replay(name, options.replay)
    if options.all_failed:
        return _replay_failed(name)

    async def read(tx: Connection) -> list[ListedDelivery]:
        await _require(tx, name)
        return await operator_deliveries.list_deliveries(tx, name, state=options.state)

    found = as_service(PUSH, read)
    if options.json:
        print_json([_document(one) for one in found])
    elif not found:
        say(f"No event for {name}{f' is {options.state}' if options.state else ''}.")
    else:
        print_rows(
            ("event", "type", "received", "state", "attempts", "last answer", "next"),
            [_row(one) for one in found],
            fit=True,
            whole=("event", "received", "next"),
        )
        if len(found) == MAX_LISTED:
            say(f"\nOnly the latest {MAX_LISTED}.")
        say(f"\nTimes are UTC. impex partner deliveries {name} --replay EVENT posts one again.")
    return 0


def main_keys(options: argparse.Namespace) -> int:
    """Print the public keys; exit code 1 where the service never started."""
    keys = as_service(PUSH, operator_deliveries.read_public_keys)
    rows = key_rows(keys)
    if options.json:
        print_json(rows)
    elif rows:
        print_rows(("keyid", "algorithm", "public key"), [tuple(row.values()) for row in rows])
    else:
        say("There is none yet: the service push has not started.")
    return 0 if rows else 1


def _replay(name: str, text: str) -> int:
    try:
        message_id = UUID(text)
    except ValueError:
        raise _not_there(name, text) from None

    async def again(tx: Connection) -> bool:
        await _require(tx, name)
        return await operator_deliveries.replay(tx, name, message_id, utc_now())

    if not as_service(PUSH, again):
        raise _not_there(name, text)
    acts.log_act(
        "delivery_replayed",
        "An event is pushed again.",
        partner=name,
        message_id=str(message_id),
    )
    say(f"{message_id} is posted to {name} again.")
    return 0


def _replay_failed(name: str) -> int:
    async def again(tx: Connection) -> int:
        await _require(tx, name)
        return await operator_deliveries.replay_failed(tx, name, utc_now())

    count = as_service(PUSH, again)
    if count:
        acts.log_act("deliveries_replayed", "Events are pushed again.", partner=name, count=count)
    say(f"{count} {'event is' if count == 1 else 'events are'} posted to {name} again.")
    return 0 if count else 1


async def _require(tx: Connection, name: str) -> None:
    if not await operator_deliveries.is_known(tx, name):
        raise ImpexError(f"{name[:60]} is not a partner whose events are pushed")


def _not_there(name: str, text: str) -> ImpexError:
    return ImpexError(f"there is no event {text[:60]} for {name} that could be posted now")


def _row(one: ListedDelivery) -> tuple[object, ...]:
    return (
        one.message_id,
        one.type,
        _minute(one.received_at),
        one.state,
        one.attempts,
        one.status or one.reason or "-",
        _minute(one.next_at),
    )


def _minute(at: datetime | None) -> str:
    return f"{at:%m-%d %H:%M:%S}" if at else "-"


def _document(one: ListedDelivery) -> dict[str, Any]:
    """As JSON; times are ISO texts."""
    values = {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in asdict(one).items()
    }
    return {**values, "message_id": str(one.message_id)}
