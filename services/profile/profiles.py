"""The stored profile of an account and the refusals of its changes. Pure."""

from dataclasses import dataclass
from datetime import datetime

from services.profile.fields import SiretCheck
from shared.contracts.base import FieldError, Refusal
from shared.contracts.profile.views import ProfileFields

NOTHING_SAVED = Refusal(slug="nothing_saved")
ALREADY_VALIDATED = Refusal(slug="already_validated")
DRAFT_CHANGED = Refusal(slug="changed")


def not_ready(errors: tuple[FieldError, ...]) -> Refusal:
    """The refusal to validate, with all errors."""
    return Refusal(slug="not_ready", errors=errors)


@dataclass(frozen=True, kw_only=True)
class Profile:
    """The profile of an account: a draft as typed, or validated and frozen.

    `siret` is empty unless it is valid; `siret_check` is its last lookup, or None without any.
    """

    account_id: str
    fields: ProfileFields
    version: int
    siret: str
    siret_check: SiretCheck | None
    terms_version: str
    terms_at: datetime | None
    saved_at: datetime
    validated_at: datetime | None = None

    @property
    def validated(self) -> bool:
        """Whether the profile is frozen."""
        return self.validated_at is not None

    @property
    def check_deferred(self) -> bool:
        """Whether the directory has not answered about the SIRET yet."""
        return self.siret_check is not None and self.siret_check.state == "deferred"


@dataclass(frozen=True, kw_only=True)
class Names:
    """The account's names as registration has them, or will have after our last event."""

    first_name: str
    last_name: str
    known_at: datetime
