"""`python -m benchmarks`: measure, print the table, say what passes and what misses.

`--only NAME` (repeatable) chooses scenarios, `--json FILE` keeps the figures for programs,
`--quick` tries the harness with samples too small for a verdict. Exit code 0 whether aims are met
or not, because a person must interpret the verdicts of a shared machine; 1 where measuring failed.
"""

import argparse
import asyncio
import json
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import uvloop

from benchmarks import (
    account,
    account_search,
    allauth_peer,
    dead_letters,
    dossiers,
    equal_timing,
    full_journey,
    growth,
    home_page,
    journal,
    journal_backlog,
    memory,
    messaging,
    one_process,
    oversized_fields,
    pages,
    report,
    sign_in,
    telemetry,
)
from benchmarks.environment import Environment
from benchmarks.measure import QUICK, Facts, Line, Plan
from operations.install.paths import missing_servers
from shared.runtime.telemetry import configure_logging

Scenario = Callable[[Environment, Plan], Awaitable[list[Line]]]
#: In this order; services are stopped before each.
SCENARIOS: dict[str, Scenario] = {
    "messaging": messaging.run,
    "dead_letters": dead_letters.run,
    "dossiers_drain": dossiers.drain,
    "account_search": account_search.run,
    "journal_event": journal.write,
    "journal_page": journal.read,
    "journal_verify": journal.check,
    "form_to_mail": account.form_to_mail,
    "burst_32": account.burst,
    "sign_in": sign_in.sign_in,
    "sign_in_32": sign_in.sign_in_32,
    "pages_beside_hashing": pages.beside_hashing,
    "qr_page": pages.qr_page,
    "dossiers_home": home_page.run,
    "long_password": pages.long_password,
    "oversized_fields": oversized_fields.run,
    "known_and_unknown": equal_timing.run,
    "whole_journey": full_journey.journey,
    "allauth": allauth_peer.run,
    "one_process": one_process.run,
    "telemetry": telemetry.run,
    "memory_1000": memory.memory,
    "rest": memory.rest,
    "journal_backlog": journal_backlog.run,
    "growth": growth.run,
}
#: Ten minutes of full load, and a large database: only where they are named.
LONG = ("journal_backlog", "growth")


def arguments(words: Sequence[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", action="append", choices=SCENARIOS, help="this scenario only")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    parser.add_argument("--quick", action="store_true", help="few samples, no verdicts")
    return parser.parse_args(words)


async def measure(
    chosen: Sequence[str], plan: Plan
) -> tuple[dict[str, object], list[Line], list[str]]:
    """The machine, the lines, and which scenarios could not be measured; in one private
    environment.
    """
    lines: list[Line] = []
    failed: list[str] = []
    facts = Facts()
    task = asyncio.current_task()
    assert task is not None
    # A run that is stopped must end its children too, so SIGTERM unwinds as Ctrl-C does.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    report.progress("starting private PostgreSQL, RabbitMQ and mail sink")
    async with Environment() as environment:
        facts.servers = await environment.versions()
        found = facts.as_json()
        for name in chosen:
            report.progress(name)
            try:
                # Some act as a service themselves, which must not run beside them.
                await environment.stop_services()
                lines += await SCENARIOS[name](environment, plan)
            except Exception as error:  # what the others measured is worth showing
                failed.append(name)
                report.progress(f"{name} failed: {type(error).__name__}: {error}")
    return found, lines, failed


def main(words: Sequence[str]) -> int:
    options = arguments(words)
    missing = missing_servers()
    if missing:
        print(f"not installed: {', '.join(missing)}", file=sys.stderr)
        return 1
    configure_logging("warning")
    plan = QUICK if options.quick else Plan()
    only = options.only or [one for one in SCENARIOS if one not in LONG]
    chosen = [one for one in SCENARIOS if one in only]
    try:
        facts, lines, failed = uvloop.run(measure(chosen, plan))
    except (KeyboardInterrupt, asyncio.CancelledError):
        return 130
    print(report.table(facts, lines, plan))
    if options.json:
        document = {
            "facts": facts,
            "quick": plan.quick,
            "failed": failed,
            "lines": [one.as_json() for one in lines],
        }
        options.json.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
