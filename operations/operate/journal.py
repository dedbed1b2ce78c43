"""`impex journal`: verify the journal, anchor it, export it, take in what nobody heard before."""

import argparse
import csv
import json
import sys
from datetime import date
from pathlib import Path
from typing import Any

from operations.operate.acts import on_journal
from operations.operate.endpoints import as_operator, resolve_broker
from operations.operate.private_files import is_taken, new_private_file
from operations.printing import counted, print_json, say
from services.support import journal_commands
from services.support.anchor_file import append_anchor, check_appendable
from services.support.journal_chain import Anchor, read_anchors
from services.support.journal_verification import Report, describe
from services.support.service import SERVICE
from shared.errors import ConfigurationError
from shared.messaging.unrouted import collect
from shared.runtime.service import utc_now

#: Findings printed; the rest is counted.
SHOWN = 50
#: Days that an export may begin and end with.
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2999, 12, 31)
COLUMNS = ("at", "account", "type", "section", "agent", "facts", "about the person")


def main_verify(options: argparse.Namespace) -> int:
    """Verify the whole journal; exit code 0 intact, 1 anything found."""
    elsewhere = None if options.anchors is None else _anchors(Path(options.anchors))
    report = on_journal(lambda tx, journal: journal_commands.verify(tx, journal, elsewhere))
    if options.json:
        print_json(_document(report))
    else:
        _show(report, options.anchors)
    return 0 if report.intact else 1


def main_anchor(options: argparse.Namespace) -> int:
    """Anchor the journal now, and append the anchor to a file or print it."""
    if options.to is not None and Path(options.to).is_file():
        try:
            check_appendable(Path(options.to).read_bytes())  # before anything is done
        except ValueError as error:
            sentence = f"{options.to} is no file of anchors: {error}"
            raise ConfigurationError([("--to", sentence)]) from None
    made = on_journal(lambda tx, journal: journal_commands.make_anchor(tx, journal, utc_now()))
    if options.to is None:
        say(made.line())
        return 0
    append_anchor(Path(options.to), made)
    say(f"Anchored up to link {made.number}, in {options.to}.")
    return 0


def main_export(options: argparse.Namespace) -> int:
    """Write accounts and events between two days to two new CSV files of mode 0600; exit code 1
    where a former export is there.
    """
    first, last = _day("FROM", options.first), _day("TO", options.last)
    if last < first:
        raise ConfigurationError([("TO", "must not be before FROM")])
    folder = Path(options.to)
    events, accounts = folder / "events.csv", folder / "accounts.csv"
    for path in (events, accounts):
        if is_taken(path):
            say(f"{path} exists and is never overwritten: give another folder by --to.")
            return 1
    entries = on_journal(
        lambda tx, journal: journal_commands.export(tx, journal, first, last, utc_now())
    )
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    of_accounts: dict[str, list[Any]] = {}
    with (
        new_private_file(events, encoding="utf-8") as event_file,
        new_private_file(accounts, encoding="utf-8") as account_file,
    ):
        lines = csv.writer(event_file)
        lines.writerow(COLUMNS)
        for one in entries:
            lines.writerow(
                (
                    one.at.isoformat(), one.account_id or "", one.type, one.section,
                    one.agent_id or "", one.public, one.values or "",
                )
            )  # fmt: skip
            if one.account_id:
                row = of_accounts.setdefault(one.account_id, [0, one.at, one.at])
                row[:] = (row[0] + 1, min(row[1], one.at), max(row[2], one.at))
        lines = csv.writer(account_file)
        lines.writerow(("account", "events", "first", "last"))
        for account, (count, begin, end) in sorted(of_accounts.items()):
            lines.writerow((account, count, begin.isoformat(), end.isoformat()))
    of = f"{counted(len(entries), 'event')} of {counted(len(of_accounts), 'account')}"
    say(f"{of}, in {folder}.")
    return 0


def main_collect(_options: argparse.Namespace) -> int:
    """Move the unrouted events to support; exit code 0, also where some must stay."""
    url, types = resolve_broker().operator_url, {row.event.TYPE for row in SERVICE.hears}
    moved, kept = as_operator(url, collect(url, SERVICE.name, types))
    what = counted(moved, "event")
    say(f"{what} moved to {SERVICE.name}; an event that it has already changes nothing.")
    if kept:
        say(f"{kept} stay: of an unknown type, or not published by the owner of their type.")
    return 0


def _anchors(file: Path) -> list[Anchor]:
    try:
        found = read_anchors(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ConfigurationError([("--anchors", f"{file} cannot be read: {error}")]) from None
    if not found:
        raise ConfigurationError([("--anchors", f"there is no anchor in {file}")])
    return found


def _day(name: str, text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ConfigurationError([(name, "must be a day, such as 2026-01-15")]) from None
    if not FIRST_DAY <= day <= LAST_DAY:
        raise ConfigurationError([(name, f"must be from {FIRST_DAY} to {LAST_DAY}")])
    return day


def _show(report: Report, file: str | None) -> None:
    for found in report.findings[:SHOWN]:
        print(describe(found), file=sys.stdout)
    if report.total > SHOWN:
        say(f"and {report.total - SHOWN} more")
    verdict = "intact" if report.intact else f"{counted(report.total, 'row')} wrong"
    links = counted(report.links, "link")
    say(f"{links}, {report.expired} of them of entries that expired: {verdict}.")
    if report.anchored is None:
        say("No anchor holds: a cut of the end could not be seen.")
        return
    at = f"{report.anchored.at:%Y-%m-%d %H:%M:%S} UTC"
    say(f"A cut after link {report.anchored.number}, anchored {at}, could not be seen.")
    if file is None:
        say("Anchors of the database can be cut with it: give --anchors a file from elsewhere.")


def _document(report: Report) -> dict[str, Any]:
    anchored = report.anchored
    return {
        "intact": report.intact,
        "links": report.links,
        "expired": report.expired,
        "anchors": report.anchors,
        "anchored": None if anchored is None else json.loads(anchored.line()),
        "total": report.total,
        "findings": [{"kind": one.kind, "text": describe(one)} for one in report.findings],
    }
