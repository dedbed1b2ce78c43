"""SQL of the desk's search: whose the number of a dossier is, and an account's latest ones."""

from shared.contracts.account_search import FoundAccountsView
from shared.contracts.dossiers import DossierRow
from shared.database import Connection
from shared.database.word_search import by_index
from shared.domain.account_search import LIMIT, bounds, found_accounts

#: Dossiers that are read at most: one account may have many of one beginning.
MAX_DOSSIERS = 20 * LIMIT
# The index of the migration `desk_search` gives them in its order.
BY_NUMBER = f"""
WITH numbered AS (
    SELECT account_id, number_signs(number_folded) AS signs FROM dossiers
    WHERE number_folded <> '' AND number_signs(number_folded) ~>=~ number_signs($1)
        AND number_signs(number_folded) ~<~ number_signs($2)
    ORDER BY number_signs(number_folded) USING ~<~ LIMIT {MAX_DOSSIERS})
SELECT account_id::text, bool_or(signs = number_signs($1)) AS exact FROM numbered
GROUP BY account_id ORDER BY min(signs COLLATE "C") LIMIT {LIMIT}
"""  # noqa: S608 - constants
BY_ID = "SELECT account_id::text FROM dossiers WHERE dossier_id = $1"
COUNT = "SELECT count(*) FROM dossiers WHERE account_id = $1"
# What is not filed yet has the day `infinity`.
LATEST = """
SELECT dossier_id, kind, number, status, establishment, medicine, dosage, pharmaceutical_form,
    nullif(filed_on, 'infinity') AS filed_on, nullif(decided_on, 'infinity') AS decided_on
FROM dossiers WHERE account_id = $1
ORDER BY dossiers.filed_on DESC, dossier_id DESC LIMIT $2
"""


async def find_by_number(tx: Connection, folded: str, typed: str) -> FoundAccountsView:
    """Accounts with a dossier of that number, or id; then those whose numbers begin so."""
    async with by_index(tx, in_order=True):
        rows = await tx.fetch(BY_NUMBER, *bounds(folded))
        by_id = await tx.fetch(BY_ID, typed)
    exact = [row["account_id"] for row in [*by_id, *(row for row in rows if row["exact"])]]
    return found_accounts(exact, [row["account_id"] for row in rows])


async def read_latest(
    tx: Connection, account_id: str, limit: int
) -> tuple[tuple[DossierRow, ...], int]:
    """The dossiers filed last, those that are not filed before them, and how many there are."""
    rows = await tx.fetch(LATEST, account_id, limit)
    return tuple(DossierRow(**dict(row)) for row in rows), await tx.fetchval(COUNT, account_id)
