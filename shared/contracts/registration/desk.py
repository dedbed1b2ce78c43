"""What the desk asks registration: whose account, by address or name, and its state."""

from datetime import datetime

import msgspec

from shared.contracts.account_search import AccountRecordsView, FoundAccountsView
from shared.contracts.base import Reply, Request, Sealed, request
from shared.contracts.registration.events import OWNER

#: What accounts can be searched by.
BY_ADDRESS = "address"
BY_NAME = "name"


class AccountRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An account. `state` is `active`, `frozen`, `thawing` or `deactivated`; `has_password` is
    false once its credentials were removed; `support_only`: only the desk opens it again.
    `password_right_at` is when its password was last given right. `given_first_name` and
    `given_last_name` are those that somebody gave with a right « code de reprise » and that differ
    from the account's, as long as the desk has to compare them; empty otherwise.
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
    given_first_name: str = ""
    given_last_name: str = ""


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


#: What became of accounts that nobody signed in to: `warned` until the case ends, `withdrawn` where
#: the account was closed meanwhile or the rule changed.
DORMANT_OUTCOMES = ("warned", "spared", "deactivated", "withdrawn")


class DormantAccountRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An account that was warned because nobody signed in to it for a long time."""

    account_id: str
    address: str
    first_name: str
    last_name: str
    last_used_at: datetime
    warned_at: datetime
    warned_again_at: datetime | None = None
    deactivation_at: datetime
    outcome: str
    ended_at: datetime | None = None


class DormantAccountsView(Reply, frozen=True, kw_only=True):
    """A page of them: `records` is the JSON of a list of `DormantAccountRecord`, sealed for
    support.

    The counts are those of each outcome. `months` is after how many an account is deactivated, 0
    where none is.
    """

    records: Sealed
    warned: int
    spared: int
    deactivated: int
    withdrawn: int
    months: int


@request(OWNER, DormantAccountsView, changes=False)
class ListDormantAccounts(Request, frozen=True, kw_only=True):
    """The accounts of one outcome, those that ended last first, then those that are due first.

    Refused with `unknown_choice` (params: field) or `too_many` (params: max).
    """

    outcome: str
    limit: int
    offset: int
