"""Exports what the service stores about an account, for the user (B-11, GD-02)."""

import asyncpg

from services.mfa import data_export
from services.mfa.deps import Deps
from shared.contracts.data_export import PersonalDataView
from shared.contracts.mfa.requests import ExportAccount
from shared.domain.data_export import ExportDocument, seal_export
from shared.messaging.handlers import RequestContext
from shared.runtime.telemetry import get_logger

log = get_logger("mfa")


async def export_account(request: ExportAccount, context: RequestContext[Deps]) -> PersonalDataView:
    """Times of authenticators, enrolments and recovery codes; number of wrong codes."""
    document: ExportDocument = {}
    try:
        document = await data_export.read(context.tx, request.account_id)
    except asyncpg.DataError:
        log.warning("An account id is not valid.", action="input_validation_fail")
    log.info("Personal data was exported.", action="personal_data_read", account=request.account_id)
    return seal_export(context.deps.gateway_sealer, document)
