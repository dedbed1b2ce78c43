"""What the desk asks dossiers: whose a number is, and an account's latest dossiers."""

from shared.contracts.account_search import FoundAccountsView
from shared.contracts.base import Reply, Request, request
from shared.contracts.dossiers import OWNER, DossierRow


class LatestDossiersView(Reply, frozen=True, kw_only=True):
    """The dossiers filed or begun last, latest first, and how many there are in all."""

    rows: tuple[DossierRow, ...]
    total: int


@request(OWNER, FoundAccountsView, changes=False)
class SearchAccounts(Request, frozen=True, kw_only=True):
    """The accounts with a dossier whose number begins so, without case, blanks and hyphens, or
    whose id is exactly this. Refused with `invalid_fields` for a text that cannot be read."""

    number: str


@request(OWNER, LatestDossiersView, changes=False)
class DescribeLatestDossiers(Request, frozen=True, kw_only=True):
    """The latest dossiers of an account; `limit` is 1 to 100. Refused with `unknown_choice`
    (params: field)."""

    account_id: str
    limit: int = 10
