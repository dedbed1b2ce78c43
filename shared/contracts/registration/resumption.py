"""An account whose credentials were removed after a lost phone is joined again (G-26).

The person creates the account again with the same address; the « code de reprise », told by the
desk on a telephone number of the file, joins the new credentials to the history. A mailbox alone
opens nothing.
"""

from datetime import datetime

from shared.contracts.base import Event, Request, Sealed, event, request
from shared.contracts.registration.events import OWNER
from shared.contracts.registration.views import RequestView


@event(OWNER)
class AccountResumed(Event, frozen=True, kw_only=True):
    """The account has credentials again, with everything that it had before.

    Until `enrol_before` a second factor may be enrolled without verifying the address again.
    """

    request_id: str
    resumed_at: datetime
    enrol_before: datetime


@event(OWNER)
class ResumptionCodeRefused(Event, frozen=True, kw_only=True):
    """A wrong « code de reprise » was typed; without a try left the desk must call again."""

    tries_left: int
    refused_at: datetime


@event(OWNER)
class ResumptionHeld(Event, frozen=True, kw_only=True):
    """The code was right, but the names differ from those of the account: the desk compares."""

    request_id: str
    held_at: datetime


@request(OWNER, RequestView, changes=True, reply_seconds=300)
class ResumeAccount(Request, frozen=True, kw_only=True):
    """Give the « code de reprise » of an account that is created again; its terms are accepted.

    The step `resumption` is done then; `resumption_check` follows where names differ from those of
    the account. Refused with `invalid_fields` (code: `resumption_format`, which costs no try),
    `wrong_code` (params: tries_left), `code_void` (params: tries), `code_expired` (params: at),
    `resumption_not_told`, `account_closed`, `not_verified` or `request_gone`.
    """

    request_id: str
    code: Sealed
