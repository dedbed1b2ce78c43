"""What the desk asks profile: whose establishment or telephone, and what they declared."""

from datetime import datetime

import msgspec

from shared.contracts.account_search import AccountRecordsView, FoundAccountsView
from shared.contracts.base import Request, Sealed, request
from shared.contracts.profile.events import OWNER
from shared.contracts.profile.views import ProfileFields

#: What accounts can be searched by.
BY_SIRET = "siret"
BY_PHONE = "phone"
BY_ESTABLISHMENT = "establishment"


class ProfileRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What an account declared. `state` is `draft` or `validated`; `siret` is empty unless its key
    is right; `siret_check` is what the directory knew of it, empty where it was not asked.
    """

    account_id: str
    state: str
    fields: ProfileFields
    siret: str = ""
    siret_check: str = ""
    closed_on: str = ""
    saved_at: datetime
    validated_at: datetime | None = None


@request(OWNER, FoundAccountsView, changes=False)
class SearchAccounts(Request, frozen=True, kw_only=True):
    """The accounts of an establishment, or with a telephone number.

    `kind` is `siret` (a SIREN, or another beginning, finds all its SIRETs), `phone` (national or
    international) or `establishment` (beginnings of words of name, town and postal code, in any
    order, without case and accents). Refused with `unknown_choice` (params: field), or
    `invalid_fields` for a text that cannot be read.
    """

    kind: str
    text: Sealed


@request(OWNER, AccountRecordsView, changes=False)
class DescribeAccounts(Request, frozen=True, kw_only=True):
    """These accounts, each a `ProfileRecord`. Refused with `too_many` (params: max)."""

    account_ids: tuple[str, ...]
