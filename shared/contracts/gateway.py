"""The words of the gateway: sessions opened and closed."""

from __future__ import annotations

from datetime import datetime

from shared.contracts.base import Event, event

OWNER = "gateway"


@event(OWNER)
class SessionOpened(Event, frozen=True, kw_only=True):
    """Password and second factor were right: the subject's account has a session.

    `device` is browser and system as a person reads them, `network` the /24 or /64. `new_device`
    says that this browser was not signed in to the account before; `failures` how many passwords
    and codes were wrong since the last session.
    """

    session_id: str
    device: str
    network: str
    new_device: bool
    failures: int
    opened_at: datetime


@event(OWNER)
class SessionClosed(Event, frozen=True, kw_only=True):
    """A session ended. `reason` is `signed_out`, `closed_by_holder`, `expired`, `too_many`, or what
    the account went through: `password_changed`, `phone_replaced`, `phone_removed`,
    `account_frozen`, `account_deactivated`, `credentials_removed`."""

    session_id: str
    reason: str
    closed_at: datetime
