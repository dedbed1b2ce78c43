"""What the desk asks the gateway: the open sessions of an account."""

from datetime import datetime

import msgspec

from shared.contracts.base import Reply, Request, request
from shared.contracts.gateway import OWNER


class SessionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An open session. `device` is a readable name of browser and system, `network` the /24 or /64,
    as in `SessionOpened`."""

    session_id: str
    device: str
    network: str
    opened_at: datetime
    seen_at: datetime


class AccountSessionsView(Reply, frozen=True, kw_only=True):
    """The open sessions, latest first."""

    sessions: tuple[SessionRecord, ...]


@request(OWNER, AccountSessionsView, changes=False)
class ListAccountSessions(Request, frozen=True, kw_only=True):
    """The open sessions of an account, those without their second factor left out."""

    account_id: str
