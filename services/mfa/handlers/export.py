"""What the second factor holds about an account, for the person themselves (B-11, GD-02)."""

from __future__ import annotations

import asyncpg

from services.mfa import personal
from services.mfa.deps import Deps
from shared.contracts.data_export import PersonalDataView
from shared.contracts.mfa import ExportAccount
from shared.domain.data_export import ExportDocument, seal_export
from shared.messaging.handlers import RequestContext
from shared.runtime.telemetry import get_logger

log = get_logger("mfa")


async def export_account(request: ExportAccount, context: RequestContext[Deps]) -> PersonalDataView:
    """Authenticators and recovery codes by their times, wrong codes by their number."""
    document: ExportDocument = {}
    try:
        document = await personal.read(context.tx, request.account_id)
    except asyncpg.DataError:
        log.warning("An account's id is none.", action="input_validation_fail")
    log.info("Personal data were read.", action="personal_data_read", account=request.account_id)
    return seal_export(context.deps.gateway, document)
