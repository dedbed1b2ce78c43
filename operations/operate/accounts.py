"""`impex accounts import`: an agency's existing users become accounts that their holders join.

Without `--codes` nothing is written. With it every account is made, or none: the file of codes is
on the disk before the transaction ends, so a command that was killed leaves either accounts and
their codes, or codes of nothing.
"""

import argparse
import csv
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import asyncpg

from operations.operate.account_files import MAX_FILE, read_account_file
from operations.operate.csv_lines import RowError
from operations.operate.endpoints import as_service, configured_or_running
from operations.operate.private_files import is_taken, new_private_file
from operations.printing import say
from services.registration.account_imports import HandedCode, Person, Plan
from services.registration.import_commands import carry_out, plan
from shared.database import Connection
from shared.database.locks import lock_name
from shared.domain.resumption_codes import in_groups
from shared.domain.spreadsheet_cells import escape_formula
from shared.errors import ConfigurationError
from shared.runtime.service import utc_now
from shared.security.sealing import KeyRing
from shared.settings import read_bool

KEYS = "IMPEX_TOKEN_KEYS"
SMTP_UTF8 = "IMPEX_SMTP_UTF8"
MAX_DAYS = 90
COLUMNS = ("line", "first_name", "last_name", "address", "code", "valid_until")
TAKEN = "an account has this address already"


@dataclass(frozen=True, kw_only=True)
class Writing:
    """What is needed to write: the new file of codes, the keys, how long a code is valid."""

    codes: Path
    keys: KeyRing
    valid_for: timedelta


def main_import(options: argparse.Namespace) -> int:
    """Check a file, or import it; exit code 1 where a line is wrong, and nothing was written."""
    writing = _writing(options)
    found = read_account_file(_content(Path(options.file)), smtputf8=_smtputf8())
    mistakes = list(found.mistakes)
    if writing is not None and is_taken(writing.codes):
        say(
            f"{writing.codes} exists and is never overwritten. After a command that was killed, "
            "check the file without --codes: where its accounts exist, their codes are there."
        )
        return 1

    async def make(connection: Connection) -> Plan | None:
        try:
            return await _import(
                connection, found.persons, None if mistakes else writing, renew=options.renew
            )
        except asyncpg.UniqueViolationError:
            return None

    planned = as_service("registration", make)
    if planned is None:
        say("Meanwhile an account was created with an address of the file. Nothing was imported.")
        return 1
    mistakes += [RowError(line=one.line, column="address", reason=TAKEN) for one in planned.taken]
    if mistakes:
        for one in sorted(mistakes, key=lambda one: one.line):
            say(str(one))
        say(f"Nothing was imported: {_counted(len(mistakes), 'mistake')}.")
        return 1
    for one in found.doubts:
        say(f"{one} It is imported as written.")
    _report(options, planned, written=writing is not None)
    return 0


async def _import(
    connection: Connection, persons: Sequence[Person], writing: Writing | None, *, renew: bool
) -> Plan:
    """What the import would do, and with `writing` does unless an address is taken."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        await lock_name(connection, "account import")
        planned = await plan(connection, persons, renew=renew)
        if writing is None or planned.taken:
            await transaction.rollback()
            return planned
        now = utc_now()
        handed = await carry_out(
            connection,
            planned,
            keys=writing.keys,
            valid_for=writing.valid_for,
            now=now,
            below=secrets.randbelow,
        )
        _write_codes(writing.codes, handed, f"{now + writing.valid_for:%Y-%m-%d}")
    except BaseException:
        if not connection.is_closed():
            await transaction.rollback()
        raise
    # Whoever is killed or cut off here does not know whether it was done: the codes stay.
    await transaction.commit()
    return planned


def _write_codes(path: Path, handed: Sequence[HandedCode], valid_until: str) -> None:
    """Write the codes to a new file that only its owner reads, down to the disk."""
    with new_private_file(path, encoding="utf-8-sig") as file:
        lines = csv.writer(file, delimiter=";")
        lines.writerow(COLUMNS)
        for one in handed:
            person = one.person
            names = (person.first_name, person.last_name, person.address.text)
            lines.writerow(
                (person.line, *map(escape_formula, names), in_groups(one.code), valid_until)
            )


def _writing(options: argparse.Namespace) -> Writing | None:
    if not 1 <= options.days <= MAX_DAYS:
        raise ConfigurationError([("--days", f"must be from 1 to {MAX_DAYS}")])
    if options.codes is None:
        return None
    try:
        keys = KeyRing.parse(configured_or_running(KEYS))
    except ValueError as error:
        raise ConfigurationError([(KEYS, str(error))]) from None
    return Writing(codes=Path(options.codes), keys=keys, valid_for=timedelta(days=options.days))


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        content = file.read(MAX_FILE + 1)
    if len(content) > MAX_FILE:
        raise ConfigurationError([("FILE.csv", f"is larger than {MAX_FILE // 2**20} MB")])
    return content


def _smtputf8() -> bool:
    """Whether the mail relay accepts letters outside ASCII before the @, as registration knows."""
    try:
        return read_bool(os.environ.get(SMTP_UTF8) or "false")
    except ValueError as error:
        raise ConfigurationError([(SMTP_UTF8, str(error))]) from None


def _report(options: argparse.Namespace, planned: Plan, *, written: bool) -> None:
    new, renewed = len(planned.new), len(planned.renewed)
    if not written:
        say(f"{_counted(new, 'account')} could be made.")
        if renewed:
            say(f"{_counted(renewed, 'account')} imported before could get another code.")
        also = " --renew" if options.renew else ""
        say(
            "Nothing was written. To do it: "
            f"impex accounts import {options.file}{also} --codes CODES.csv"
        )
        return
    say(f"{_counted(new, 'account')} made; no mail is sent.")
    if renewed:
        say(f"{_counted(renewed, 'account')} imported before got another code.")
    say(
        f"The codes are in {options.codes}, valid for {_counted(options.days, 'day')}, and nowhere "
        "else. Hand each to its person only, then delete the file."
    )


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")
