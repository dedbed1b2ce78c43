"""`impex dossiers send`: say what a file holds of dossiers, as the application that decides them.

Nothing is sent while a line is wrong. What was sent may be sent again: every event is known by its
content, and a dossier keeps the highest version.
"""

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from operations.install.progress import say
from operations.operate.dossier_files import Entry, RowError, read_file
from operations.operate.endpoints import as_service
from operations.operate.publish_dossier_events import DossierMessage, publish_all, publisher_url
from operations.printing import print_rows
from operations.provision.database_admin import run_blocking
from services.registration.account_store import find_account_id
from shared.database import Connection
from shared.runtime.service import utc_now


def main_send(options: argparse.Namespace) -> int:
    """Send a file; exit code 1 where a line is wrong, and nothing was sent then."""
    entries, mistakes = read_file(Path(options.file).read_bytes(), utc_now())
    messages, unknown = _addressed(entries)
    mistakes = sorted([*mistakes, *unknown], key=lambda one: one.line)
    if mistakes:
        for one in mistakes:
            say(f"line {one.line}: {one.reason}")
        say(f"Nothing was sent: {_counted(len(mistakes), 'line')} to mend.")
        return 1
    if options.check:
        say(f"{_counted(len(messages), 'event')} could be sent.")
        return 0
    run_blocking(publish_all(publisher_url(), messages))
    show(messages)
    return 0


def show(messages: Sequence[DossierMessage]) -> None:
    """What was sent."""
    kinds = Counter(type(one.event).__name__ for one in messages)
    print_rows(("event", "sent"), list(kinds.items()))
    dossiers = {one.event.dossier_id for one in messages}
    accounts = {one.account_id for one in messages}
    say(
        f"\n{_counted(len(messages), 'event')} about {_counted(len(dossiers), 'dossier')} of "
        f"{_counted(len(accounts), 'account')} sent; sent again, they change nothing."
    )


def _addressed(entries: Sequence[Entry]) -> tuple[list[DossierMessage], list[RowError]]:
    """Each entry with its account's id; an address stands for the account that has it."""
    found: dict[str, str | None] = {}
    addresses = []
    for typed in dict.fromkeys(entry.account for entry in entries):
        if "@" in typed:
            addresses.append(typed)
        else:
            found[typed] = _uuid(typed)
    if addresses:
        found |= run_blocking(as_service("registration", lambda tx: _ids(tx, addresses)))
    messages, mistakes = [], []
    for entry in entries:
        account_id = found[entry.account]
        if account_id is not None:
            messages.append(DossierMessage(account_id=account_id, event=entry.event))
            continue
        reason = "account must be an account's id, a UUID, or its address"
        if "@" in entry.account:
            reason = f"no account has the address {entry.account}"
        mistakes.append(RowError(line=entry.line, reason=reason))
    return messages, mistakes


async def _ids(tx: Connection, addresses: Sequence[str]) -> dict[str, str | None]:
    return {typed: await find_account_id(tx, typed) for typed in addresses}


def _uuid(text: str) -> str | None:
    try:
        return str(UUID(text))
    except ValueError:
        return None


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")
