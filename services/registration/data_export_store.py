"""SQL of the data export (B-11): one query per category.

Of passwords, codes and links only the times are exported. Requests that others made for the same
address belong to them and are left out.
"""

from collections.abc import Sequence

from shared.database import Connection
from shared.domain.data_export import ExportDocument

CATEGORIES = {
    "account": """
        SELECT id::text AS account_id, address, first_name, last_name, language, state, created_at,
            verified_at AS address_proved_at, named_at AS name_changed_at, address_changed_at,
            phone_replaced_at, frozen_at, desk_only AS only_the_desk_thaws
        FROM accounts WHERE id = $1
    """,
    "password": "SELECT set_at, right_at AS last_right_at FROM credentials WHERE account_id = $1",
    "terms": """
        SELECT version, language, sha256, address, accepted_at FROM terms_acceptances
        WHERE account_id = $1 ORDER BY accepted_at
    """,
    "account_requests": """
        SELECT id::text AS request_id, address, first_name, last_name, language, state,
            requested_at, sent_at, verified_at, created_at, kept_until, mail_state, mail_at,
            mail_reason
        FROM requests WHERE account_id = $1 AND NOT decoy ORDER BY requested_at
    """,
    "address_change": """
        SELECT address, tries AS wrong_codes, requested_at, sent_at, expires_at, kept_until
        FROM address_changes WHERE account_id = $1
    """,
    "address_codes": """
        SELECT tries AS wrong_codes, sent_at, expires_at, used_at FROM address_codes
        WHERE account_id = $1
    """,
    "mailed_links": """
        SELECT kind, stolen, requested_at, expires_at, replaced, used_at FROM mailed_links
        WHERE account_id = $1 ORDER BY requested_at
    """,
    "disavowals": """
        SELECT used_at, expires_at FROM disavowals WHERE account_id = $1 ORDER BY used_at
    """,
}
# A counter's key is the account's id, or a keyed hash of its address, optionally with a network.
LIMITS = """
SELECT kind, cardinality(moments) AS counted,
    (SELECT max(moment) FROM unnest(moments) AS moment) AS latest_at, forget_at
FROM counters
WHERE cardinality(moments) > 0 AND split_part(key, ' ', 1) = ANY($1)
ORDER BY kind, latest_at
"""


async def read(tx: Connection, account_id: str, rate_limit_keys: Sequence[str]) -> ExportDocument:
    """Everything, by category; `rate_limit_keys` are the keys of the account's counters."""
    document = {}
    for matter, sql in CATEGORIES.items():
        document[matter] = [dict(row) for row in await tx.fetch(sql, account_id)]
    document["limits"] = [dict(row) for row in await tx.fetch(LIMITS, list(rate_limit_keys))]
    return document
