"""What is kept of an account's information, and what may be done with it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.profile.fields import Standing
from shared.contracts.base import FieldError, Refusal
from shared.contracts.profile import ProfileFields

NOTHING_SAVED = Refusal(slug="nothing_saved")
ALREADY_VALIDATED = Refusal(slug="already_validated")
CHANGED = Refusal(slug="changed")


def not_ready(errors: tuple[FieldError, ...]) -> Refusal:
    """Everything that stands against validating."""
    return Refusal(slug="not_ready", errors=errors)


@dataclass(frozen=True, kw_only=True)
class Profile:
    """The one copy of an account: a draft as typed, or validated and frozen.

    `siret` is the number where it is right, and `standing` what the directory knew of it when it
    was last asked, or None where it never was.
    """

    account_id: str
    fields: ProfileFields
    version: int
    siret: str
    standing: Standing | None
    terms_version: str
    terms_at: datetime | None
    saved_at: datetime
    validated_at: datetime | None = None

    @property
    def validated(self) -> bool:
        """Whether it is frozen."""
        return self.validated_at is not None

    @property
    def check_deferred(self) -> bool:
        """Whether the directory was asked about the SIRET and has not answered yet."""
        return self.standing is not None and self.standing.state == "deferred"


@dataclass(frozen=True, kw_only=True)
class Names:
    """The account's names as registration has them, or will once it hears what was said."""

    first_name: str
    last_name: str
    known_at: datetime
