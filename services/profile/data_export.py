"""SQL of the data export: everything stored about an account (B-11)."""

import json
from typing import Any

from shared.database import Connection
from shared.domain.data_export import ExportDocument

PROFILE = """
SELECT state, version, fields, country, siret, group_key, standing, closed_on, terms_version,
    terms_at, saved_at, validated_at
FROM profiles WHERE account_id = $1
"""
NAMES = "SELECT first_name, last_name, known_at FROM account_names WHERE account_id = $1"


async def read(tx: Connection, account_id: str) -> ExportDocument:
    """The form, its state and the names, by category."""
    rows = [dict(row) for row in await tx.fetch(PROFILE, account_id)]
    fields: list[dict[str, Any]] = [json.loads(row.pop("fields")) for row in rows]
    return {
        "information": fields,
        "information_state": rows,
        "names": [dict(row) for row in await tx.fetch(NAMES, account_id)],
    }
