"""A request for an account: its states, the validity of its messages, codes and links. Pure."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from services.registration.passwords import PasswordHash

AccountRequestState = Literal["pending", "verified", "created"]
#: How long a request is stored once its account exists, so that its pages can show it.
CREATED_RETENTION = timedelta(hours=24)
CODE_DIGITS = 6


@dataclass(frozen=True, kw_only=True)
class MailStatus:
    """The delivery of the latest message of a request."""

    state: str = "waiting"
    at: datetime | None = None
    next_try_at: datetime | None = None
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class AccountRequest:
    """A request for an account, as it is stored."""

    id: str
    account_id: str
    address: str
    address_key: str
    first_name: str
    last_name: str
    language: str
    state: AccountRequestState
    decoy: bool
    password: PasswordHash | None
    code_key_id: str | None = None
    code_hash: bytes | None = field(default=None, repr=False)
    tries: int = 0
    requested_at: datetime
    sent_at: datetime
    expires_at: datetime
    kept_until: datetime
    verified_at: datetime | None = None
    created_at: datetime | None = None
    mail: MailStatus = MailStatus()

    def next_step(self) -> str:
        """The step that comes next, as `RequestView.due` names it."""
        return {"pending": "validation", "verified": "terms", "created": "created"}[self.state]


@dataclass(frozen=True, kw_only=True)
class Validity:
    """When a message expires, and when its request is deleted."""

    expires_at: datetime
    kept_until: datetime


def message_validity(
    requested_at: datetime, now: datetime, verify: timedelta, pending: timedelta
) -> Validity:
    """The validity of a message sent now: it never outlives its request (RE-11)."""
    kept_until = requested_at + pending
    return Validity(expires_at=min(now + verify, kept_until), kept_until=kept_until)


def resend_at(sent_at: datetime, pause_seconds: int) -> datetime:
    """The earliest time of another message."""
    return sent_at + timedelta(seconds=pause_seconds)


@dataclass(frozen=True, kw_only=True)
class AddressStatus:
    """Whether an address has an account, and whether that has credentials."""

    account_id: str | None = None
    state: str = "active"
    has_credentials: bool = False

    @property
    def is_taken(self) -> bool:
        """Whether a request for it is a decoy: the address has an account, open or closed."""
        return self.account_id is not None and (self.has_credentials or self.state != "active")


CodeOutcome = Literal["right", "wrong", "void", "expired"]


def check_code(
    expires_at: datetime, tries: int, *, right: bool, now: datetime, max_tries: int
) -> CodeOutcome:
    """The outcome of a typed code after `tries` wrong ones."""
    if expires_at <= now:
        return "expired"
    if tries >= max_tries:
        return "void"
    if right:
        return "right"
    return "void" if tries + 1 >= max_tries else "wrong"


@dataclass(frozen=True, kw_only=True)
class ValidationLink:
    """A link that was mailed for a request."""

    request: AccountRequest
    expires_at: datetime
    replaced: bool
    wrong_passwords: int

    def state(self, now: datetime) -> str:
        """`verified`, `replaced`, `expired` or `valid`."""
        if self.request.state != "pending":
            return "verified"
        if self.replaced:
            return "replaced"
        return "expired" if self.expires_at <= now else "valid"
