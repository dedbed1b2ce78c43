"""SQL of the data export: everything stored about an account but keys and codes (B-11)."""

from shared.database import Connection
from shared.domain.data_export import ExportDocument

QUERIES = {
    "authenticator": """
        SELECT enrolled_at, begun_at AS first_begun_at FROM authenticators WHERE account_id = $1
    """,
    "authenticators_on_their_way": """
        SELECT begun_at, expires_at, allowed_by FROM enrolments WHERE account_id = $1
        ORDER BY begun_at
    """,
    "recovery_codes": """
        SELECT made_at, kept_at,
            (SELECT count(*) FROM recovery_codes AS code WHERE code.account_id = list.account_id)
                AS codes_left
        FROM recovery_lists AS list WHERE account_id = $1
    """,
    "wrong_codes": """
        SELECT kind, failures AS since_the_last_right_one, cardinality(wrong) AS within_a_day,
            (SELECT max(moment) FROM unnest(wrong) AS moment) AS latest_at, forget_at
        FROM tries WHERE account_id = $1 ORDER BY kind
    """,
}


async def read(tx: Connection, account_id: str) -> ExportDocument:
    """All rows about the account, by category."""
    return {
        category: [dict(row) for row in await tx.fetch(sql, account_id)]
        for category, sql in QUERIES.items()
    }
