"""Replies that every owner gives to the desk's search: which accounts, and what is known of them.

The desk's service `support` asks; it stores no answer. Values that say who somebody is travel
sealed, both ways; ids of accounts do not.
"""

import msgspec

from shared.contracts.base import Reply, Sealed

#: Accounts in one answer; where more match, `FoundAccountsView.more` says so.
MAX_FOUND = 50
#: Accounts that one request may ask to describe.
MAX_DESCRIBED = 100
#: Code points of what may be searched for.
MAX_SEARCH_LENGTH = 200


class FoundAccount(msgspec.Struct, frozen=True, kw_only=True):
    """An account that matches. `exact`: as a whole, not only by the beginning of what is held."""

    account_id: str
    exact: bool


class FoundAccountsView(Reply, frozen=True, kw_only=True):
    """At most `MAX_FOUND` accounts, exact ones first; `more`: others match too."""

    found: tuple[FoundAccount, ...]
    more: bool


class AccountRecordsView(Reply, frozen=True, kw_only=True):
    """What an owner holds about accounts: `records` is the JSON of a list, sealed for support.

    Accounts that the owner does not know are missing in it.
    """

    records: Sealed
