"""SQL of the desk's search: accounts by establishment or telephone, and what they declared.

Each statement reads an index of the migration `desk_search`, and returns at most `LIMIT` rows.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from shared.contracts.account_search import FoundAccountsView
from shared.contracts.profile.desk import ProfileRecord
from shared.contracts.profile.views import ProfileFields
from shared.database import Connection
from shared.database.word_search import by_index, find_by_words
from shared.domain.account_search import LIMIT, bounds, found_accounts

SIRET_DIGITS = 14
#: Of a telephone number; fewer are in too many.
MIN_PHONE_DIGITS = 6
BY_SIRET = f"""
SELECT account_id::text, siret FROM profiles WHERE siret ~>=~ $1 AND siret ~<~ $2
ORDER BY siret USING ~<~ LIMIT {LIMIT}
"""  # noqa: S608 - a constant
BY_PHONE = f"""
SELECT account_id::text FROM profiles
WHERE phone_digits(fields ->> 'phone') = phone_digits($1) LIMIT {LIMIT}
"""  # noqa: S608 - a constant
DESCRIBE = """
SELECT account_id::text, state, fields, coalesce(siret, '') AS siret,
    coalesce(standing, '') AS siret_check, coalesce(closed_on::text, '') AS closed_on,
    saved_at, validated_at
FROM profiles WHERE account_id = ANY($1::text[]::uuid[])
"""


async def find_by_siret(tx: Connection, typed: str) -> FoundAccountsView:
    """Accounts of that SIRET, or of those that begin so."""
    digits = _digits(typed)
    if not digits:
        return found_accounts(())
    async with by_index(tx, in_order=True):
        rows = await tx.fetch(BY_SIRET, *bounds(digits))
    ids = _ids(rows)
    return found_accounts(ids) if len(digits) == SIRET_DIGITS else found_accounts((), ids)


async def find_by_phone(tx: Connection, typed: str) -> FoundAccountsView:
    """Accounts with that number, whatever form it is written in."""
    digits = _digits(typed)
    if len(digits) < MIN_PHONE_DIGITS:
        return found_accounts(())
    async with by_index(tx, in_order=True):
        return found_accounts(_ids(await tx.fetch(BY_PHONE, digits)))


async def find_by_establishment(tx: Connection, typed: str) -> FoundAccountsView:
    """Accounts whose establishment has all these words; where none has, those where words begin
    so."""
    columns = ("profiles", "account_id", "establishment_words")
    return found_accounts(*await find_by_words(tx, *columns, typed, LIMIT))


async def describe(tx: Connection, account_ids: Sequence[str]) -> list[ProfileRecord]:
    """The records of those of these accounts that declared something."""
    return [_record(dict(row)) for row in await tx.fetch(DESCRIBE, list(account_ids))]


def _record(row: dict[str, Any]) -> ProfileRecord:
    fields = msgspec.json.decode(row.pop("fields"), type=ProfileFields)
    return ProfileRecord(**row, fields=fields)


def _digits(typed: str) -> str:
    return "".join(char for char in typed if char in "0123456789")


def _ids(rows: Sequence[Any]) -> list[str]:
    return [row[0] for row in rows]
