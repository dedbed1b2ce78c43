"""A second address of an account, told of every recovery: empty until its holder adds one (OT-19).

It signs nobody in and resets nothing. The caller vouches for a session with both factors.
"""

from datetime import datetime

from shared.contracts.base import Event, Reply, Request, Sealed, event, request
from shared.contracts.registration.events import OWNER
from shared.contracts.registration.views import Done


@event(OWNER)
class RecoveryAddressRequested(Event, frozen=True, kw_only=True):
    """The holder asked for a recovery address, which is proved by `code` (six digits, sealed for
    the mailer)."""

    address: str
    language: str
    code: Sealed
    requested_at: datetime
    expires_at: datetime


@event(OWNER)
class RecoveryAddressChanged(Event, frozen=True, kw_only=True):
    """The account has this recovery address from now on, or none where it is empty."""

    address: str
    changed_at: datetime
    device: str = ""


class RecoveryAddressView(Reply, frozen=True, kw_only=True):
    """The recovery address of an account, or an empty text; and the one that waits for its code."""

    address: str = ""
    verified_at: datetime | None = None
    pending: str = ""
    code_sent_at: datetime | None = None
    expires_at: datetime | None = None
    tries_left: int = 0


@request(OWNER, RecoveryAddressView, changes=False)
class DescribeRecoveryAddress(Request, frozen=True, kw_only=True):
    """The recovery address of an account."""

    account_id: str


@request(OWNER, Done, changes=True, reply_seconds=300)
class CheckRecoveryAddress(Request, frozen=True, kw_only=True):
    """Check the address of `RequestRecoveryAddress` before the authenticator's code, which is valid
    once, is used up. Refused like that request; nothing is stored but the reply."""

    account_id: str
    address: str


@request(OWNER, RecoveryAddressView, changes=True, reply_seconds=300)
class RequestRecoveryAddress(Request, frozen=True, kw_only=True):
    """Have a code sent to another address; a former wish is void.

    Refused with `invalid_fields` (address: as at the creation, or `unchanged` for the account's own
    and the one it has), `too_many_requests` (params: limit) or `account_closed`.
    """

    account_id: str
    address: str
    language: str


@request(OWNER, RecoveryAddressView, changes=True, reply_seconds=300)
class ConfirmRecoveryAddress(Request, frozen=True, kw_only=True):
    """Prove the address by the code of its latest message.

    Refused with `wrong_code` (params: tries_left), `code_void` (params: tries), `code_expired`
    (params: at), `no_change`, `account_closed`, or `invalid_fields` where it is not six digits.
    """

    account_id: str
    code: Sealed
    device: str = ""


@request(OWNER, Done, changes=True)
class RemoveRecoveryAddress(Request, frozen=True, kw_only=True):
    """Remove the recovery address and the wish for one; none is no error."""

    account_id: str
    device: str = ""
