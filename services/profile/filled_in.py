"""What the company directory filled in follows the SIRET (T-02). Pure.

The page fills fields in while a SIRET is typed and says which (`ProfileFields.filled_in`). Once the
number is another one, what nobody has changed is replaced with what is known of that number, or
emptied: data of one establishment never stay under another one's number. The page does the same
with its script; here it is done for those without, and where no answer reached the page in time.
"""

import msgspec

from services.profile.establishment_record import EstablishmentRecord
from shared.contracts.profile.views import ProfileFields

#: Fields that the directory fills in.
FILLED_IN = (
    "company_name",
    "address",
    "address_extra",
    "postal_code",
    "city",
    "establishment_type",
)
#: The type that a FINESS number implies (SI-08).
HOSPITAL_PHARMACY = "hospital_pharmacy"


def follow_siret(
    typed: ProfileFields,
    former: ProfileFields | None,
    siret: str,
    record: EstablishmentRecord | None,
) -> ProfileFields:
    """The form as typed, with what was filled in for another number replaced or emptied.

    `former` is the draft before, or None; `siret` is valid or empty, `record` what the directory
    knows about it, None if it was not asked. A number that is being typed changes nothing yet.
    """
    number, names = _read(typed.filled_in)
    names = [name for name in names if getattr(typed, name)]
    if former is not None and _read(former.filled_in)[0] == number:
        # Somebody without scripts edits a field, and the list still names it.
        names = [name for name in names if getattr(typed, name) == getattr(former, name)]
    if siret == number or (not siret and typed.siret.strip()):
        return msgspec.structs.replace(typed, filled_in=_write(number, names))
    known = _suggestions(record)
    values = {name: known.get(name, "") for name in names}
    left = [name for name, value in values.items() if value]
    return msgspec.structs.replace(typed, **values, filled_in=_write(siret, left))


def _read(filled_in: str) -> tuple[str, list[str]]:
    """The number and the fields of a list, those that no page names left out."""
    number, *names = filled_in.split() or [""]
    return number, [name for name in FILLED_IN if name in names]


def _write(number: str, names: list[str]) -> str:
    return " ".join((number, *names)) if number and names else ""


def _suggestions(record: EstablishmentRecord | None) -> dict[str, str]:
    if record is None:
        return {}
    texts = {name: getattr(record, name) for name in FILLED_IN if name != "establishment_type"}
    return {**texts, "establishment_type": HOSPITAL_PHARMACY if record.hospital_pharmacy else ""}
