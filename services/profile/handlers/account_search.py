"""What the desk asks about establishments and telephones: whose they are, and what was declared."""

from services.profile import account_search_store
from services.profile.deps import Deps
from shared.contracts.account_search import MAX_DESCRIBED, AccountRecordsView, FoundAccountsView
from shared.contracts.base import Refusal
from shared.contracts.profile.desk import (
    BY_ESTABLISHMENT,
    BY_PHONE,
    BY_SIRET,
    DescribeAccounts,
    SearchAccounts,
)
from shared.domain.account_ids import account_ids
from shared.domain.account_records import seal_records
from shared.domain.account_search import is_readable
from shared.errors import DecryptionError
from shared.messaging.handlers import Refused, RequestContext
from shared.security.sealing import seal_context

#: What finds accounts, by the kind of text.
FINDERS = {
    BY_SIRET: account_search_store.find_by_siret,
    BY_PHONE: account_search_store.find_by_phone,
    BY_ESTABLISHMENT: account_search_store.find_by_establishment,
}


async def search_accounts(
    request: SearchAccounts, context: RequestContext[Deps]
) -> FoundAccountsView:
    """Accounts by SIRET, telephone or establishment."""
    find = FINDERS.get(request.kind)
    if find is None:
        raise Refused(Refusal(slug="unknown_choice", params={"field": "kind"}))
    try:
        typed = context.deps.opener.open(request.text, seal_context(SearchAccounts, "text"))
    except DecryptionError:
        typed = ""
    if not is_readable(typed):
        raise Refused(Refusal(slug="invalid_fields"))
    return await find(context.tx, typed)


async def describe_accounts(
    request: DescribeAccounts, context: RequestContext[Deps]
) -> AccountRecordsView:
    """What these accounts declared, sealed for support."""
    if len(request.account_ids) > MAX_DESCRIBED:
        raise Refused(Refusal(slug="too_many", params={"max": MAX_DESCRIBED}))
    records = await account_search_store.describe(context.tx, account_ids(request.account_ids))
    return seal_records(context.deps.support_sealer, records)
