"""Sample forms: a French pharmacy, a Belgian laboratory."""

import msgspec

from services.profile.establishment_record import SiretCheck
from services.profile.fields import validate
from shared.contracts.base import FieldError
from shared.contracts.profile.views import ProfileFields

FRENCH = ProfileFields(
    last_name="Durand",
    first_name="Zoé",
    phone="01 55 87 40 90",
    phone_extension="4012",
    position="responsible_pharmacist",
    country="FR",
    siret="732 829 320 00074",
    company_name="Laboratoire d’Été",
    establishment_type="pharmaceutical_establishment",
    postal_code="75015",
    address="12 rue de l'Église",
    address_extra="Bâtiment B",
    city="Paris",
    terms=True,
)
BELGIAN = ProfileFields(
    last_name="Peeters",
    first_name="Łukasz",
    phone="02 528 40 00",
    position="other",
    position_other="Qualified Person",
    country="BE",
    company_name="Pharma & Zonen NV",
    establishment_type="other",
    establishment_type_other="Groothandel",
    postal_code="1060",
    address="Eurostation II, Victor Hortaplein 40",
    city="Brussel",
    vat="BE 0428.759.497",
    terms=True,
)


def but(form: ProfileFields, **fields: object) -> ProfileFields:
    """The form with some fields changed."""
    return msgspec.structs.replace(form, **fields)


def errors_of(form: ProfileFields, siret_check: SiretCheck | None = None) -> list[FieldError]:
    """All errors that prevent validating."""
    return list(validate(form, siret_check).errors)


def codes_of(form: ProfileFields, siret_check: SiretCheck | None = None) -> dict[str, str]:
    """Code by field."""
    return {error.field: error.code for error in errors_of(form, siret_check)}
