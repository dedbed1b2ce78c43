"""What the desk asks about dossiers: whose a number is, and an account's latest ones."""

from services.dossiers import account_search_store
from services.dossiers.list_query import MAX_PAGE_SIZE
from services.dossiers.outcomes import Deps
from services.dossiers.search_text import normalize
from shared.contracts.account_search import FoundAccountsView
from shared.contracts.base import Refusal
from shared.contracts.dossiers_desk import (
    DescribeLatestDossiers,
    LatestDossiersView,
    SearchAccounts,
)
from shared.domain.account_ids import account_ids
from shared.domain.account_search import MIN_BEGINNING, is_readable
from shared.messaging.handlers import Refused, RequestContext


async def search_accounts(
    request: SearchAccounts, context: RequestContext[Deps]
) -> FoundAccountsView:
    """Accounts with a dossier of that number."""
    if not is_readable(request.number):
        raise Refused(Refusal(slug="invalid_fields"))
    folded = normalize(request.number)
    if len(folded) < MIN_BEGINNING:
        return FoundAccountsView(found=(), more=False)
    return await account_search_store.find_by_number(context.tx, folded, request.number.strip())


async def describe_latest_dossiers(
    request: DescribeLatestDossiers, context: RequestContext[Deps]
) -> LatestDossiersView:
    """The latest dossiers of an account; none for an id that is no account's."""
    if not 1 <= request.limit <= MAX_PAGE_SIZE:
        raise Refused(Refusal(slug="unknown_choice", params={"field": "limit"}))
    ids = account_ids([request.account_id])
    if not ids:
        return LatestDossiersView(rows=(), total=0)
    rows, total = await account_search_store.read_latest(context.tx, ids[0], request.limit)
    return LatestDossiersView(rows=rows, total=total)
