"""The telephone number of a file, for the desk's calls about a lost phone."""

from datetime import datetime

from shared.contracts.base import Reply, Request, Sealed, request
from shared.contracts.profile.events import OWNER


class TelephoneView(Reply, frozen=True, kw_only=True):
    """The number that an account declared, or none.

    `number` is JSON, sealed for support: `number` as people dial it, `extension`, `company_name`
    and `city`. `since` is when it was declared; `mobile`: it may be a mobile's.
    """

    number: Sealed | None = None
    since: datetime | None = None
    mobile: bool = False


@request(OWNER, TelephoneView, changes=False)
class DescribeTelephone(Request, frozen=True, kw_only=True):
    """The telephone number of an account, and since when it is on file."""

    account_id: str
