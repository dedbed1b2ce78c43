"""Accounts that nobody signs in to, as the desk lists them."""

from datetime import datetime

import msgspec

from shared.contracts.base import Reply, Request, Sealed, request
from shared.contracts.support.acts import OWNER

#: What became of an account that was warned: it waits, its holder signed in, it is deactivated, or
#: it was closed meanwhile.
OUTCOMES = ("warned", "spared", "deactivated", "withdrawn")


class DormantRow(msgspec.Struct, frozen=True, kw_only=True):
    """An account that was warned; `person` and `address` are masked."""

    account_id: str
    person: str
    address: str
    last_used_at: datetime
    warned_at: datetime
    warned_again_at: datetime | None = None
    deactivation_at: datetime
    ended_at: datetime | None = None


class DormantView(Reply, frozen=True, kw_only=True):
    """A page of them. `rows` is sealed for the desk: the JSON of a list of `DormantRow`. The counts
    are those of each outcome; `months` is after how many an account is deactivated, 0 where none
    is. Without registration's answer `away` is set and the rest says nothing.
    """

    rows: Sealed
    page: int
    pages: int
    warned: int = 0
    spared: int = 0
    deactivated: int = 0
    withdrawn: int = 0
    months: int = 0
    away: bool = False


@request(OWNER, DormantView, changes=False)
class ListDormant(Request, frozen=True, kw_only=True):
    """The accounts of one outcome, those that ended last first, then those that are due first.

    Refused with `forbidden` or `unknown_choice` (params: field).
    """

    agent_id: str
    outcome: str = "warned"
    page: int = 1
