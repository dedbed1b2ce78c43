"""Rows by COPY: lines as functions of their numbers, and tables that are filled with them at once.

A run makes the same rows again, and tables agree about accounts. Hashes, seals and codes have the
right length and mean nothing: nobody signs in as one of these people, and a journal of such rows
cannot be verified.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice

import asyncpg

from benchmarks.generated_people import mixed, uuid_of
from shared.database import Connection

#: Lines sent at a time.
COPY_BATCH = 5_000
#: Tables filled at once: one is indexed while another is copied.
AT_ONCE = 2
NULL = r"\N"

Row = Callable[[int], str]


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table and its lines of COPY: columns in the order of the line, parted by tabs."""

    name: str
    columns: str
    count: int
    row: Row


class Ages:
    """Moments as texts, made once: each row costs a look-up instead of a formatting."""

    SLOT = timedelta(minutes=10)

    def __init__(self, now: datetime, days: int = 364) -> None:
        slots = days * 144
        self._texts = [str(now - number * self.SLOT) for number in range(slots + 1)]

    def of(self, number: int, count: int, days: float) -> str:
        """Row `number` of `count`, spread over the last days; later rows are younger."""
        return self._texts[(count - number) * int(days * 144) // (count + 1)]


def blob(number: int) -> str:
    """32 bytes as bytea in a line of COPY."""
    return f"\\\\x{mixed(number):016x}{mixed(number + 1):016x}{number:032x}"


DOSSIER_COLUMNS = (
    "dossier_id,version,account_id,named_account_id,kind,status,processed,number_version,number,"
    "number_folded,contents_version,establishment,medicine,dosage,pharmaceutical_form,"
    "contents_folded,filed_on,decision_version,decided_on"
)
LAST_FILED = date(2026, 1, 15)


def dossier_row(number: int, account: str, place: int) -> str:
    """A dossier, the `place`th of its account."""
    kind = ("AI", "DEI", "DEC")[place % 3]
    status, processed = ("granted", "t") if place % 4 == 3 else ("filed", "f")
    medicine, dosage = number % 13, number % 7
    day = LAST_FILED - timedelta(place)
    return (
        f"d{number}\t2\t{account}\t{account}\t{kind}\t{status}\t{processed}\t2\t2026-{number}\t"
        f"2026-{number}\t2\tPharmacie des Trois Fontaines\tÉlinoxa {medicine}\t{dosage} mg\t"
        f"comprimé\tpharmacie des trois fontaines\\nelinoxa {medicine}\\n{dosage} mg\t{day}\t0\t"
        "infinity"
    )


ENTRY_COLUMNS = (
    "number,id,account_id,agent_id,type,section,at,heard_at,expires,public,values_digest,key_id,mac"
)
VALUES_COLUMNS = 'entry_number,salt,"values"'
#: Of every so many entries one says something about a person, apart from the entry.
VALUES_EACH = 4
#: Of every so many entries one is an agent's look at the account.
LOOKED_AT_EACH = 397
ENTRY_KINDS = (
    ("gateway.SessionOpened.v1", "security"),
    ("gateway.SessionClosed.v1", "security"),
    ("registration.PasswordAccepted.v1", "security"),
    ("mailer.MailAccepted.v1", "mails"),
)


def entry_row(number: int, account: str, at: str) -> str:
    """An entry of the journal, from number 1; those that `VALUES_EACH` divides have values."""
    kind, section = ENTRY_KINDS[number % VALUES_EACH]
    agent = NULL
    if number % LOOKED_AT_EACH == 0:
        kind, section, agent = "support.AccountOpened", "agents", uuid_of(0, "agent")
    digest = blob(number) if number % VALUES_EACH == 0 else NULL
    return (
        f"{number}\t{uuid_of(number, 'entry')}\t{account}\t{agent}\t{kind}\t{section}\t{at}\t{at}"
        "\tt\t"
        '{"session_id":"0197c0de-0000-7000-8000-000000000001","reason":"signed_out"}\t'
        f"{digest}\tk1\t{blob(number)}"
    )


def values_row(number: int) -> str:
    """The values of entry `number` * `VALUES_EACH`."""
    return (
        f"{number * VALUES_EACH}\t\\\\x{number:032x}\t"
        '{"device":"Firefox 140, Windows","network":"192.0.2.0/24"}'
    )


async def copy(admin: Connection, table: Table) -> None:
    """COPY into the table as it is, indexes and triggers included."""
    schema, name = table.name.split(".")
    await admin.copy_to_table(
        name,
        schema_name=schema,
        columns=[column.strip('"') for column in table.columns.split(",")],
        source=_chunks(map(table.row, range(table.count))),
        timeout=3_600,
    )


async def _chunks(lines: Iterable[str]) -> AsyncIterator[bytes]:
    while batch := list(islice(lines, COPY_BATCH)):
        yield ("\n".join(batch) + "\n").encode()
        await asyncio.sleep(0)


#: A large table is indexed at once, which takes a fraction of row after row. REINDEX makes its
#: indexes ready again.
NOT_INDEXED = """
UPDATE pg_index SET indisready = false, indisvalid = false WHERE indrelid = $1::text::regclass
"""
#: Rows are as the triggers and keys between tables would leave them.
BULK = "SET session_replication_role = replica; SET maintenance_work_mem = '512MB'"


async def fill(url: str, tables: Iterable[Table]) -> None:
    """Fill tables that hold nothing yet, with statistics; nobody else may use them meanwhile.

    `url` is a superuser's.
    """
    waiting = iter(tables)

    async def work() -> None:
        admin = await asyncpg.connect(url, command_timeout=3_600)
        try:
            await admin.execute(BULK)
            for table in waiting:
                await admin.execute(NOT_INDEXED, table.name)
                await copy(admin, table)
                await admin.execute(f"REINDEX TABLE {table.name}")
                await admin.execute(f"VACUUM ANALYZE {table.name}")
        finally:
            await admin.close()

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(work())
