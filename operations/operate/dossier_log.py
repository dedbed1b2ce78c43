"""`impex dossiers log`: what became of each message about a dossier, for 30 days.

Everything shown that a publisher wrote is escaped and cut.
"""

import argparse
from dataclasses import asdict
from datetime import datetime
from typing import Any

from operations.operate.endpoints import as_service
from operations.printing import cut, print_json, print_rows, say
from services.dossiers.outcome_log import LoggedOutcome, read_log

HEADS = ("at", "partner", "message", "event", "dossier", "version", "outcome")
AGAIN = "What is tried again: impex dead list dossiers --in retry"
UNKNOWN = (
    "Nothing is known of it: it never arrived, was not handled yet, or is older than 30 days. "
    f"{AGAIN}"
)
EMPTY = f"No message about a dossier was handled in the last 30 days. {AGAIN}"


def main(options: argparse.Namespace) -> int:
    """Print the latest outcomes first; exit code 1 where there is none."""
    found = as_service(
        "dossiers",
        lambda connection: read_log(
            connection,
            message_id=options.message,
            dossier=options.dossier,
            publisher=options.partner,
            limit=options.limit,
        ),
    )
    if options.json:
        print_json([_document(one) for one in found])
    elif found:
        print_rows(
            HEADS,
            [_row(one) for one in found],
            fit=True,
            whole=("at", "message") if options.message is None else ("at",),
            below=[cut(one.detail, 200) or "-" for one in found] if _any_detail(found) else (),
        )
        if len(found) == options.limit:
            say(f"\n  The latest {options.limit}; --limit N shows more.")
    else:
        chosen = (options.message, options.dossier, options.partner)
        say(EMPTY if chosen == (None, None, None) else UNKNOWN)
    return 0 if found else 1


def _any_detail(found: list[LoggedOutcome]) -> bool:
    return any(one.detail for one in found)


def _row(one: LoggedOutcome) -> tuple[object, ...]:
    outcome = f"{one.outcome}: {one.reason}" if one.reason else one.outcome
    return (
        one.at.strftime("%m-%d %H:%M:%S"),
        one.publisher,
        cut(one.message_id, 36),
        one.type.split(".")[1] if one.type.count(".") == 2 else cut(one.type, 40),
        one.dossier_id or "-",
        "-" if one.version is None else one.version,
        outcome,
    )


def _document(one: LoggedOutcome) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in asdict(one).items()
    }
