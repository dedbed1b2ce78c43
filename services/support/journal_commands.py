"""What `impex journal` does on the schema of support, in a session of its own.

What it did is in the journal itself, without an agent.
"""

from collections.abc import Sequence
from datetime import date, datetime

from services.support import journal_query_store, journal_store
from services.support.journal import Journal
from services.support.journal_chain import Anchor, anchor
from services.support.journal_jobs import record_verification
from services.support.journal_verification import Report
from services.support.journal_verification_store import verify as verify_rows
from services.support.journal_views import StoredEntry, start_of
from shared.database import Connection
from shared.errors import ImpexError
from shared.runtime.service import utc_now

#: Who exports by the command line.
COMMAND = "command"
EXPORT_BATCH = 5_000


async def verify(
    connection: Connection, journal: Journal, elsewhere: Sequence[Anchor] | None
) -> Report:
    """Verify every row and write down what was found."""
    report = await verify_rows(connection, journal.keys, elsewhere)
    async with connection.transaction():
        await record_verification(connection, journal, report, utc_now())
    return report


async def make_anchor(connection: Connection, journal: Journal, now: datetime) -> Anchor:
    """Anchor the chain now."""
    async with connection.transaction():
        if await journal_store.lock_chaining(connection) is None:
            raise ImpexError("the service is linking entries at this moment: try again")
        made = anchor(await journal_store.read_tail(connection), now, journal.keys)
        await journal_store.insert_anchor(connection, made)
    return made


async def export(
    connection: Connection, journal: Journal, first: date, last: date, now: datetime
) -> list[StoredEntry]:
    """The entries from the first day to the last, days of Paris; that they were read is written."""
    async with connection.transaction():
        await journal.record(
            connection,
            "JournalExported",
            now=now,
            role=COMMAND,
            **{"from": str(first), "to": str(last)},
        )
    found: list[StoredEntry] = []
    up_to = await journal_query_store.last_number(connection)
    begin, end = start_of(first), start_of(date.fromordinal(last.toordinal() + 1))
    after = 0
    while True:
        part = await journal_query_store.read_export_lines(
            connection, up_to, begin, end, after, EXPORT_BATCH
        )
        found += part
        if len(part) < EXPORT_BATCH:
            return found
        after = part[-1].number
