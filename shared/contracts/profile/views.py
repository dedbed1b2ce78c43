"""Replies of the complementary information, and the format of its sealed field."""

from datetime import datetime

import msgspec

from shared.contracts.base import FieldError, Reply, Sealed

#: « Qualité du demandeur » and « Type établissement », in the order of the guide.
POSITIONS = ("responsible_pharmacist", "interim_responsible_pharmacist", "other")
ESTABLISHMENT_TYPES = ("pharmaceutical_establishment", "hospital_pharmacy", "other")


class ProfileFields(msgspec.Struct, frozen=True, kw_only=True):
    """The form as it was typed: texts, empty where nothing was. JSON of it goes into sealed fields.

    `position` is one of `POSITIONS`, `establishment_type` one of `ESTABLISHMENT_TYPES`, `country`
    an ISO 3166-1 alpha-2 code. `terms` is the tick of « J'ai lu et m'engage à respecter … ».
    `closed_reason` is the reason for declaring a closed establishment. `filled_in` is what the
    directory filled in and nobody has changed since: the SIRET, then the names of the fields
    (`73282932000074 company_name city`).
    """

    last_name: str = ""
    first_name: str = ""
    phone: str = ""
    phone_extension: str = ""
    position: str = ""
    position_other: str = ""
    country: str = "FR"
    siret: str = ""
    company_name: str = ""
    establishment_type: str = ""
    establishment_type_other: str = ""
    postal_code: str = ""
    address: str = ""
    address_extra: str = ""
    city: str = ""
    vat: str = ""
    lei: str = ""
    eori: str = ""
    closed_reason: str = ""
    filled_in: str = ""
    terms: bool = False


class SubmittedFields(ProfileFields, frozen=True, kw_only=True):
    """The form as a page submits it. `based_on` is the version of the draft that the page showed, 0
    where there was none; None from a page that does not say.
    """

    based_on: int | None = None


class ProfileView(Reply, frozen=True, kw_only=True):
    """What is known of a person and their establishment.

    `state` is `none`, `draft` or `validated`. `fields` is the JSON of `ProfileFields`, sealed for
    the gateway: as typed in a draft, normalised once validated. `version` counts the saves.
    `errors` is everything that prevents validating; `warnings` is what is accepted and flagged for
    the desk, at `siret`: `closed` (params: date, as `2024-05-31`, or
    empty), `unlisted`, `check_deferred`. `terms_version` is the version that the draft accepted.

    The codes, by field, are in the README of `services/profile`.
    """

    state: str
    fields: Sealed | None = None
    version: int = 0
    saved_at: datetime | None = None
    validated_at: datetime | None = None
    errors: tuple[FieldError, ...] = ()
    warnings: tuple[FieldError, ...] = ()
    terms_version: str = ""


class EstablishmentView(Reply, frozen=True, kw_only=True):
    """The check of a SIRET, and the public directory's answer about it.

    `state` is `invalid` (then `error` is the reason), `off` (the key is right and no directory is
    asked), `deferred` (it does not answer), `unlisted` (it knows none, or shows none), `closed`
    (since `closed_on`, a date as `2024-05-31`, or empty) or `found`. Name and address are hints to
    be edited; `hospital_pharmacy`: it has a FINESS number.
    """

    state: str
    error: FieldError | None = None
    company_name: str = ""
    address: str = ""
    address_extra: str = ""
    postal_code: str = ""
    city: str = ""
    closed_on: str = ""
    hospital_pharmacy: bool = False
