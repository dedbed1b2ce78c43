"""What the service stores about an account, for the user's data export (B-11, GD-02)."""

import json
from typing import Any

import asyncpg

from services.profile.deps import Deps
from shared.contracts.data_export import PersonalDataView
from shared.contracts.profile.requests import ExportAccount
from shared.database import Connection
from shared.domain.data_export import ExportDocument, seal_export
from shared.messaging.handlers import RequestContext
from shared.runtime.telemetry import get_logger

PROFILE = """
SELECT state, version, fields, country, siret, group_key, standing, closed_on, terms_version,
    terms_at, saved_at, validated_at
FROM profiles WHERE account_id = $1
"""
NAMES = "SELECT first_name, last_name, known_at FROM account_names WHERE account_id = $1"

log = get_logger("profile")


async def export_account(request: ExportAccount, context: RequestContext[Deps]) -> PersonalDataView:
    """The form, its state, and the names."""
    document: ExportDocument = {}
    try:
        document = await _read(context.tx, request.account_id)
    except asyncpg.DataError:
        log.warning("An account id is not valid.", action="input_validation_fail")
    log.info("Personal data was exported.", action="personal_data_read", account=request.account_id)
    return seal_export(context.deps.gateway_sealer, document)


async def _read(tx: Connection, account_id: str) -> ExportDocument:
    rows = [dict(row) for row in await tx.fetch(PROFILE, account_id)]
    fields: list[dict[str, Any]] = [json.loads(row.pop("fields")) for row in rows]
    return {
        "information": fields,
        "information_state": rows,
        "names": [dict(row) for row in await tx.fetch(NAMES, account_id)],
    }
