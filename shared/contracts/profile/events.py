"""Events of the complementary information. The subject is always the account."""

from datetime import datetime

from shared.contracts.base import Event, Sealed, event

OWNER = "profile"


@event(OWNER)
class ProfileSaved(Event, frozen=True, kw_only=True):
    """A draft was saved; it is not validated yet.

    `first_name` and `last_name` are there only where they were typed otherwise than the account has
    them, and are acceptable: sealed for registration, which owns names.
    """

    saved_at: datetime
    first_name: Sealed | None = None
    last_name: Sealed | None = None


@event(OWNER)
class AccountValidated(Event, frozen=True, kw_only=True):
    """The information was confirmed and is frozen: the account is complete. Published once per
    account.

    `country` is ISO 3166-1 alpha-2; `siret` is empty outside France. `group` names the
    establishment for the desk, nothing else: `FR:<siret>`, or the country with a VAT number, an LEI
    or an EORI number (`BE:VAT:<number>`), or empty. `position` is `responsible_pharmacist`,
    `interim_responsible_pharmacist` or `other` (then `position_other` says which);
    `establishment_type` is `pharmaceutical_establishment`, `hospital_pharmacy` or `other`. `flags`
    is what the desk should check: `closed_establishment` (then `closed_reason`),
    `unlisted_establishment`, `check_deferred`.
    """

    company_name: str
    establishment_type: str
    city: str
    country: str
    siret: str
    group: str
    position: str
    position_other: str
    flags: tuple[str, ...]
    closed_reason: str
    validated_at: datetime


@event(OWNER)
class InformationCorrected(Event, frozen=True, kw_only=True):
    """The desk corrected validated information; `fields` are the names of what changed.

    `changes` is sealed for the mailer: a JSON list of [field, former value, new value].
    """

    fields: tuple[str, ...]
    changes: Sealed
    reason: str
    corrected_at: datetime


@event(OWNER)
class ActNotCarriedOut(Event, frozen=True, kw_only=True):
    """A correction of the desk could not be carried out. `why` is `not_validated`, `unchanged`,
    `changed_since` (the proposal) or `invalid`."""

    proposal_id: str
    why: str
    refused_at: datetime


@event(OWNER)
class EstablishmentCheckDeferred(Event, frozen=True, kw_only=True):
    """The public directory did not answer about an account's SIRET: it will be queried again."""

    siret: str
    deferred_at: datetime


@event(OWNER)
class EstablishmentChecked(Event, frozen=True, kw_only=True):
    """The public directory answered later: `state` is `found`, `closed` (since `closed_on`, a date
    as `2024-05-31`, or empty) or `unlisted`."""

    siret: str
    state: str
    closed_on: str
    checked_at: datetime


@event(OWNER)
class DraftExpired(Event, frozen=True, kw_only=True):
    """A draft that was neither changed nor validated for long was deleted."""

    expired_at: datetime
