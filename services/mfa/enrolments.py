"""Authenticators, in force and on their way: a first right code puts one in force. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from services.mfa.codes import Memory
from shared.contracts.base import Refusal, Sealed

#: What keys at rest are sealed for: nobody but this service, and nothing that travels.
AT_REST = "mfa/authenticator"

GONE = Refusal(slug="enrolment_gone")
ALREADY = Refusal(slug="already_enrolled")
NOT_ENROLLED = Refusal(slug="not_enrolled")


@dataclass(frozen=True, kw_only=True)
class Authenticator:
    """The one in force. `begun_at` is when the enrolment of the account's first one was begun."""

    account_id: str
    key: Sealed
    enrolled_at: datetime
    begun_at: datetime
    memory: Memory


@dataclass(frozen=True, kw_only=True)
class Enrolment:
    """One that was begun, at `begun_at` even where it was begun again since.

    `allowed_by` is what allows it to replace an authenticator, `phone` or `recovery`; None is an
    account's first. Without a `key` another one won.
    """

    id: str
    account_id: str
    key: Sealed | None
    allowed_by: str | None
    begun_at: datetime
    expires_at: datetime
    memory: Memory = field(default_factory=Memory)

    @property
    def replaces(self) -> bool:
        """Whether it takes the place of an authenticator."""
        return self.allowed_by is not None

    def refusal(self, now: datetime) -> Refusal | None:
        """Why it cannot be confirmed any more, or None."""
        if self.expires_at <= now:
            return GONE
        if self.key is None:
            return GONE if self.replaces else ALREADY
        return None
