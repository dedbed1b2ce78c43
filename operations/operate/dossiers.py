"""`impex dossiers send`: publish the events of a file, as the application that decides dossiers.

Nothing is sent while a line is wrong. A file may be sent again: an event's message id is made from
its content, and a dossier keeps the highest version.
"""

import argparse
import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid5

import msgspec
from pamqp.commands import Basic

from operations.operate.asking import explained
from operations.operate.csv_lines import RowError
from operations.operate.dossier_files import Entry, read_file
from operations.operate.endpoints import as_service, configured_or_running
from operations.printing import print_rows, say
from operations.provision.database_admin import run_blocking
from operations.provision.provisioning import amqp_setting
from services.registration.account_store import find_account_id
from shared.contracts import backoffice
from shared.database import Connection
from shared.messaging.connection import BrokerConnection
from shared.messaging.envelope import CONTENT_TYPE, wrap
from shared.messaging.publisher import Publisher
from shared.messaging.topology import EVENTS
from shared.runtime.service import utc_now

#: How many messages wait for their confirms at once.
MAX_UNCONFIRMED = 100
#: The setting that holds the address of the publisher's user.
PUBLISHER = amqp_setting(backoffice.OWNER)
_NAMESPACE = UUID("6f0f9b1e-0d5c-5a43-9a3e-2f6c1c0b7d41")


@dataclass(frozen=True, kw_only=True)
class DossierMessage:
    """An event about an account's dossier."""

    account_id: str
    event: backoffice.DossierEvent

    @property
    def message_id(self) -> str:
        """The same for the same event, whenever it is published."""
        content = msgspec.json.encode([self.event.TYPE, self.account_id, self.event])
        return str(uuid5(_NAMESPACE, content.decode()))


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
    publish(messages)
    return 0


def publish(messages: Sequence[DossierMessage]) -> None:
    """Publish as the application that decides dossiers, and print what was sent."""
    url = configured_or_running(PUBLISHER)
    with explained(PUBLISHER, url):
        run_blocking(publish_all(url, messages))
    kinds = Counter(type(one.event).__name__ for one in messages)
    print_rows(("event", "sent"), list(kinds.items()))
    dossiers = {one.event.dossier_id for one in messages}
    accounts = {one.account_id for one in messages}
    say(
        f"\n{_counted(len(messages), 'event')} about {_counted(len(dossiers), 'dossier')} of "
        f"{_counted(len(accounts), 'account')} sent; sent again, they change nothing."
    )


async def publish_all(url: str, messages: Sequence[DossierMessage]) -> None:
    """Publish them under confirms, in their order by hundreds, as the user of `url`.

    DependencyDown or PublishNotConfirmed where the broker is unavailable or refuses: some events
    may have been published, and all may be published again.
    """
    link = BrokerConnection(url, "impex.send")
    await link.open(timeout=0)
    try:
        publisher = Publisher(link)
        for at in range(0, len(messages), MAX_UNCONFIRMED):
            await asyncio.gather(
                *(_publish(publisher, one) for one in messages[at : at + MAX_UNCONFIRMED])
            )
    finally:
        await link.close()


async def _publish(publisher: Publisher, one: DossierMessage) -> None:
    message_id, body = wrap(
        backoffice.OWNER,
        one.event,
        subject=one.account_id,
        now=utc_now(),
        message_id=one.message_id,
    )
    properties = Basic.Properties(
        content_type=CONTENT_TYPE,
        delivery_mode=2,
        message_id=message_id,
        message_type=one.event.TYPE,
    )
    await publisher.publish(body, properties, exchange=EVENTS, key=one.event.TYPE)


def _addressed(entries: Sequence[Entry]) -> tuple[list[DossierMessage], list[RowError]]:
    """Each entry with its account's id; an address stands for the account that has it."""
    accounts = dict.fromkeys(entry.account for entry in entries)
    addresses = [typed for typed in accounts if "@" in typed]
    found = {typed: _uuid(typed) for typed in accounts}
    if addresses:
        found |= as_service("registration", lambda tx: _ids(tx, addresses))
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
