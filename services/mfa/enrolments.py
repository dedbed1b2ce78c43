"""Authenticators and pending enrolments. The first right code activates an authenticator. Pure."""

from dataclasses import dataclass, field
from datetime import datetime

from services.mfa.codes import CodeState
from shared.contracts.base import Refusal, Sealed

#: Recipient of keys at rest: only this service opens them, and no message carries them.
AT_REST = "mfa/authenticator"

ENROLMENT_GONE = Refusal(slug="enrolment_gone")
ALREADY_ENROLLED = Refusal(slug="already_enrolled")
NOT_ENROLLED = Refusal(slug="not_enrolled")


@dataclass(frozen=True, kw_only=True)
class Authenticator:
    """The active authenticator. `begun_at` is the start of the account's first enrolment; a
    replacement keeps it."""

    account_id: str
    key: Sealed
    enrolled_at: datetime
    begun_at: datetime
    code_state: CodeState


@dataclass(frozen=True, kw_only=True)
class Enrolment:
    """A pending enrolment. A restart with another key keeps `begun_at`.

    `allowed_by` is the proof that allows a replacement, `phone` or `recovery`, or None for an
    account's first. `key` is None once another enrolment of the account was confirmed.
    """

    id: str
    account_id: str
    key: Sealed | None
    allowed_by: str | None
    begun_at: datetime
    expires_at: datetime
    code_state: CodeState = field(default_factory=CodeState)

    @property
    def replaces(self) -> bool:
        """Whether it replaces an authenticator."""
        return self.allowed_by is not None

    def refusal(self, now: datetime) -> Refusal | None:
        """Why it can no longer be confirmed, or None."""
        if self.expires_at <= now:
            return ENROLMENT_GONE
        if self.key is None:
            return ENROLMENT_GONE if self.replaces else ALREADY_ENROLLED
        return None
