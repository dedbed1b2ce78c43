"""What the desk asks registration: whose account, by address or name, and its state."""

from datetime import datetime

import msgspec

from shared.contracts.account_search import AccountRecordsView, FoundAccountsView
from shared.contracts.base import Request, Sealed, request
from shared.contracts.registration.events import OWNER

#: What accounts can be searched by.
BY_ADDRESS = "address"
BY_NAME = "name"


class AccountRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An account. `state` is `active`, `frozen`, `thawing` or `deactivated`; `has_password` is
    false once its credentials were removed; `support_only`: only the desk opens it again.
    `password_right_at` is when its password was last given right.
    """

    account_id: str
    address: str
    first_name: str
    last_name: str
    language: str
    state: str
    has_password: bool
    support_only: bool
    created_at: datetime
    verified_at: datetime
    frozen_at: datetime | None = None
    address_changed_at: datetime | None = None
    password_right_at: datetime | None = None


@request(OWNER, FoundAccountsView, changes=False)
class SearchAccounts(Request, frozen=True, kw_only=True):
    """The accounts whose address or name begins so, without case and accents.

    `kind` is `address` (also `@domain`) or `name` (beginnings of words, in any order). Refused with
    `unknown_choice` (params: field), or `invalid_fields` for a text that cannot be read.
    """

    kind: str
    text: Sealed


@request(OWNER, AccountRecordsView, changes=False)
class DescribeAccounts(Request, frozen=True, kw_only=True):
    """These accounts, each an `AccountRecord`. Refused with `too_many` (params: max)."""

    account_ids: tuple[str, ...]
