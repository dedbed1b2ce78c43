"""What keeps the journal in order in the background: links, anchors, deletion after a year.

Each job is done by one process at a time, the one that has the lock of the chain.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from services.support import journal_store
from services.support.anchor_file import append_anchor
from services.support.jobs import BATCH, handle_each, run_every
from services.support.journal import Journal
from services.support.journal_chain import Anchor, anchor, append
from services.support.journal_entries import Entry
from services.support.journal_verification import Report, describe
from services.support.journal_verification_store import verify as verify_rows
from shared.database import Connection, Pool, acquire, transaction
from shared.errors import plain_reason
from shared.runtime.service import Runtime
from shared.runtime.telemetry import get_logger

LINK_SECONDS = 1
#: Entries linked in one transaction.
LINK_BATCH = 1_000
ANCHOR_SECONDS = 60
ANCHOR_INTERVAL = timedelta(hours=1)
VERIFY_SECONDS = 600
VERIFY_INTERVAL = timedelta(days=1)
#: A verification in the background: links judged at a time, and the seconds in between, so that
#: requests need not wait for it.
VERIFY_BATCH = 500
VERIFY_PAUSE = 0.05
PURGE_SECONDS = 3_600
PURGE_BATCH = 1_000
#: How long after an account was anonymised late events about it are looked for.
ERASURE_WINDOW = timedelta(days=40)

log = get_logger("journal")


async def link_entries(pool: Pool, journal: Journal, batch: int = LINK_BATCH) -> int:
    """Link all entries that have no link yet; returns how many. 0 while another process does."""
    total = 0
    while True:
        async with transaction(pool) as tx:
            state = await journal_store.lock_chaining(tx)
            if state is None:
                return total
            entries = await journal_store.read_unlinked(tx, state, batch)
            if not entries:
                return total
            good = [one for one in entries if not _is_forged(one, journal)]
            accounts = sorted({entry.account_id for _, entry in good if entry.account_id})
            tails = await journal_store.read_account_tails(tx, accounts)
            tail = await journal_store.read_tail(tx)
            await journal_store.insert_links(tx, append(good, tail, tails, journal.keys))
            await journal_store.save_chaining(tx, state, {number for number, _ in entries})
        total += len(entries)
        if len(entries) < batch:
            return total


def _is_forged(numbered: tuple[int, Entry], journal: Journal) -> bool:
    """Whether somebody without the key wrote an entry. It gets no link, and an alarm."""
    number, entry = numbered
    if not entry.is_forged(journal.keys):
        return False
    log.error(
        "Somebody without the key wrote to the journal.",
        action="journal_forged",
        entry=number,
        type=entry.type[:120],
    )
    return True


async def make_anchor(
    pool: Pool, journal: Journal, now: datetime, file: Path | None, *, due: bool = False
) -> Anchor | None:
    """Anchor the chain: in the table, the log and `file`; None while another process links.

    With `due` only where the last anchor is an hour old.
    """
    async with transaction(pool) as tx:
        if await journal_store.lock_chaining(tx) is None:
            return None
        last = await journal_store.last_anchor_at(tx)
        if due and last is not None and now - last < ANCHOR_INTERVAL:
            return None
        made = anchor(await journal_store.read_tail(tx), now, journal.keys)
        await journal_store.insert_anchor(tx, made)
    log.info(
        "The journal was anchored.",
        action="journal_anchored",
        **made.fields(),
    )
    if file is not None:
        await asyncio.to_thread(write_anchor, file, made)
    return made


def write_anchor(file: Path, made: Anchor) -> None:
    """Append an anchor to a file. Where that fails, the log has the anchor and the failure."""
    try:
        append_anchor(file, made)
    except (OSError, ValueError) as error:
        log.error(
            "The anchor could not be written to the file of IMPEX_JOURNAL_ANCHORS_FILE.",
            action="journal_anchor_fail",
            file=str(file),
            reason=plain_reason(error),
        )


async def verify(pool: Pool, journal: Journal, now: Callable[[], datetime]) -> Report | None:
    """Verify the whole journal if nobody did for a day; None if somebody did, or does."""
    async with transaction(pool) as tx:
        if not await journal_store.claim_verification(tx, VERIFY_INTERVAL):
            return None
    async with acquire(pool) as connection:
        report = await verify_rows(connection, journal.keys, batch=VERIFY_BATCH, pause=_pause)
    async with transaction(pool) as tx:
        await record_verification(tx, journal, report, now())
    return report


async def _pause() -> None:
    """Leave the processor to requests between two parts."""
    await asyncio.sleep(VERIFY_PAUSE)


async def record_verification(
    tx: Connection, journal: Journal, report: Report, now: datetime
) -> None:
    """Write what a verification found to the journal and the log."""
    found = report.findings[0] if report.findings else None
    first = "" if found is None else describe(found)
    anchored_at = report.anchored.at.isoformat() if report.anchored else None
    await journal.record(
        tx,
        "JournalVerified",
        now=now,
        links=report.links,
        findings=report.total,
        first=first,
        first_kind="" if found is None else found.kind,
        first_link=0 if found is None else found.number,
        first_until=0 if found is None else found.until,
        first_entry=0 if found is None else found.entry_number,
        anchored_at=anchored_at,
    )
    write = log.info if report.intact else log.error
    write(
        "The journal was verified." if report.intact else "The journal was changed.",
        action="journal_verified" if report.intact else "journal_broken",
        checked=report.links,
        findings=report.total,
        first=first,
    )


async def purge(pool: Pool, journal: Journal, now: datetime, batch: int = PURGE_BATCH) -> int:
    """Delete what expired a year ago by the server's clock, and write that it was; returns how many
    entries. Values of anonymised accounts that came late are deleted too."""
    total = 0
    while True:
        async with transaction(pool) as tx:
            deleted = await journal_store.purge(tx, batch)
            if deleted:
                await journal.record(tx, "JournalPurged", now=now, deleted=deleted)
        total += deleted
        if deleted < batch:
            break

    async def anonymised(tx: Connection, tried: Sequence[str]) -> list[str]:
        return await journal_store.read_anonymised(tx, now - ERASURE_WINDOW, tried, BATCH)

    async def erase(tx: Connection, account_id: str) -> bool:
        return await journal_store.erase(tx, account_id) > 0

    await handle_each(pool, "erasures", anonymised, erase)
    if total:
        log.info("Deleted expired entries.", action="journal_purged", entries=total)
    return total


def start(runtime: Runtime, journal: Journal, anchors_file: Path | None) -> None:
    """Run the jobs for as long as the service runs."""
    pool, clock = runtime.pool, runtime.clock

    async def link() -> None:
        await link_entries(pool, journal)

    async def anchor_hourly() -> None:
        await make_anchor(pool, journal, clock(), anchors_file, due=True)

    async def verify_daily() -> None:
        await verify(pool, journal, clock)

    async def purge_expired() -> None:
        await purge(pool, journal, clock())

    run_every(runtime, LINK_SECONDS, "journal_links", link)
    run_every(runtime, ANCHOR_SECONDS, "journal_anchors", anchor_hourly)
    run_every(runtime, VERIFY_SECONDS, "journal_verification", verify_daily)
    run_every(runtime, PURGE_SECONDS, "journal_purge", purge_expired)
