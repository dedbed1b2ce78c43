"""A request for an account and what may happen to it: the rules between form and account.

Pure: the moment is passed in, and what is stored is `store`'s work. `standing` decides whether an
address may get an account; a decoy is judged exactly like a real request, and is never right.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from services.registration.passwords import Hashed

State = Literal["pending", "verified", "created"]
#: How long the pages can still say « created » once the account exists.
CREATED_KEPT = timedelta(hours=24)
CODE_DIGITS = 6


@dataclass(frozen=True, kw_only=True)
class Mail:
    """What became of the latest message of a request."""

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
    state: State
    decoy: bool
    password: Hashed | None
    code_key_id: str | None
    code_hash: bytes | None = field(repr=False)
    tries: int
    requested_at: datetime
    sent_at: datetime
    expires_at: datetime
    kept_until: datetime
    verified_at: datetime | None
    created_at: datetime | None
    mail: Mail

    def due(self) -> str:
        """The step that comes next."""
        return {"pending": "validation", "verified": "terms", "created": "created"}[self.state]


@dataclass(frozen=True, kw_only=True)
class Life:
    """When a message runs out, and when its request is forgotten."""

    expires_at: datetime
    kept_until: datetime


def message_life(
    requested_at: datetime, now: datetime, verify: timedelta, pending: timedelta
) -> Life:
    """The life of a message made now: never longer than its request's (RE-11)."""
    kept_until = requested_at + pending
    return Life(expires_at=min(now + verify, kept_until), kept_until=kept_until)


def resend_at(sent_at: datetime, pause_seconds: int) -> datetime:
    """The earliest moment of another message after one."""
    return sent_at + timedelta(seconds=pause_seconds)


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What an address has: nothing, an account without credentials, or a whole account."""

    account_id: str | None = None
    state: str = "active"
    has_credentials: bool = False

    @property
    def is_taken(self) -> bool:
        """Whether a request for it is a decoy (settled 1)."""
        return self.account_id is not None and (self.has_credentials or self.state != "active")


CodeOutcome = Literal["right", "wrong", "void", "expired"]


def judge_code(
    request: AccountRequest, *, same: bool, now: datetime, most_tries: int
) -> CodeOutcome:
    """What a request's code is worth. `same` says whether it is the latest message's."""
    right = same and not request.decoy
    return judge_tries(
        request.expires_at, request.tries, right=right, now=now, most_tries=most_tries
    )


def judge_tries(
    expires_at: datetime, tries: int, *, right: bool, now: datetime, most_tries: int
) -> CodeOutcome:
    """What a code is worth after so many wrong ones."""
    if expires_at <= now:
        return "expired"
    if tries >= most_tries:
        return "void"
    if right:
        return "right"
    return "void" if tries + 1 >= most_tries else "wrong"


@dataclass(frozen=True, kw_only=True)
class Link:
    """A link that was sent once."""

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
