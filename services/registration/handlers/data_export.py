"""Data export: what registration stores about an account, for its holder (B-11, GD-02)."""

from services.registration import account_store, data_export_store
from services.registration.deps import Deps
from shared.contracts.base import Refusal
from shared.contracts.data_export import PersonalDataView
from shared.contracts.registration.holder import ExportAccount
from shared.domain.data_export import seal_export
from shared.messaging.handlers import Refused, RequestContext
from shared.runtime.telemetry import get_logger

UNKNOWN = Refusal(slug="unknown_account")

log = get_logger("registration")


async def export_account(request: ExportAccount, context: RequestContext[Deps]) -> PersonalDataView:
    """Everything but hashes: account, terms, requests, codes, links and limits."""
    account = await account_store.read(context.tx, request.account_id)
    if account is None:
        raise Refused(UNKNOWN)
    limit_keys = [account.id, *context.deps.rate_limit_keys(account.address_key)]
    document = await data_export_store.read(context.tx, account.id, limit_keys)
    log.info("Personal data were read.", action="personal_data_read", account=account.id)
    return seal_export(context.deps.gateway_sealer, document)
