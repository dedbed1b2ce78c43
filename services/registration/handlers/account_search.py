"""What the desk asks about accounts: who has an address or a name, and their records."""

from services.registration import account_search_store, dormancy_store, email_addresses
from services.registration.deps import Deps
from shared.contracts.account_search import MAX_DESCRIBED, AccountRecordsView, FoundAccountsView
from shared.contracts.base import Refusal
from shared.contracts.registration.desk import (
    BY_ADDRESS,
    BY_NAME,
    DORMANT_OUTCOMES,
    DescribeAccounts,
    DormantAccountsView,
    ListDormantAccounts,
    SearchAccounts,
)
from shared.domain.account_ids import account_ids
from shared.domain.account_records import seal_records
from shared.domain.account_search import is_readable
from shared.messaging.handlers import Refused, RequestContext

#: Further pages of a list are not read.
MAX_OFFSET = 1_000_000


async def search_accounts(
    request: SearchAccounts, context: RequestContext[Deps]
) -> FoundAccountsView:
    """Accounts by address or name."""
    typed = context.deps.open(request, "text")
    if typed is None or not is_readable(typed):
        raise Refused(Refusal(slug="invalid_fields"))
    if request.kind == BY_NAME:
        return await account_search_store.find_by_name(context.tx, typed)
    if request.kind != BY_ADDRESS:
        raise Refused(Refusal(slug="unknown_choice", params={"field": "kind"}))
    # A whole address as it is compared at sign-in; a part of one has at least its case folded.
    key = email_addresses.address_key(typed)
    return await account_search_store.find_by_address(context.tx, key)


async def describe_accounts(
    request: DescribeAccounts, context: RequestContext[Deps]
) -> AccountRecordsView:
    """The records of these accounts, sealed for support."""
    if len(request.account_ids) > MAX_DESCRIBED:
        raise Refused(Refusal(slug="too_many", params={"max": MAX_DESCRIBED}))
    records = await account_search_store.describe(context.tx, account_ids(request.account_ids))
    return seal_records(context.deps.support_sealer, records)


async def list_dormant_accounts(
    request: ListDormantAccounts, context: RequestContext[Deps]
) -> DormantAccountsView:
    """A page of the accounts that were warned because nobody signed in, sealed for support."""
    if request.outcome not in DORMANT_OUTCOMES:
        raise Refused(Refusal(slug="unknown_choice", params={"field": "outcome"}))
    if not 0 <= request.limit <= MAX_DESCRIBED or not 0 <= request.offset < MAX_OFFSET:
        raise Refused(Refusal(slug="too_many", params={"max": MAX_DESCRIBED}))
    records = await dormancy_store.list_accounts(
        context.tx, request.outcome, request.limit, request.offset
    )
    counts = await dormancy_store.count(context.tx)
    return DormantAccountsView(
        records=seal_records(context.deps.support_sealer, records).records,
        months=context.deps.settings.dormant_months,
        **{outcome: counts.get(outcome, 0) for outcome in DORMANT_OUTCOMES},
    )
