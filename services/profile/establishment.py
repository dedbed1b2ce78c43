"""Where an establishment is and which numbers name it: what goes together (IN-02). Pure."""

from __future__ import annotations

import re

import stdnum
from stdnum import lei as stdnum_lei
from stdnum.eu import vat as stdnum_eu_vat
from stdnum.exceptions import ValidationError

from services.profile.siret import check_siret, has_siret, siren
from services.profile.texts import BLANKS, check_line, tidy
from shared.contracts.base import FieldError
from shared.contracts.profile import ProfileFields
from shared.domain.countries import FRANCE

#: Foreign postal codes are judged by their length only (SI-09).
LONGEST_POSTAL_CODE = 12
LONGEST_NUMBER = 40
#: Letters and digits that any country's VAT number fits into, where stdnum does not know it.
LONGEST_VAT = 20

#: SI-09: 01 to 98, then three digits; CEDEX codes have the same shape.
_FRENCH_POSTAL_CODE = re.compile(r"(?:0[1-9]|[1-8][0-9]|9[0-8])[0-9]{3}", re.ASCII)
#: Corsica's communes are numbered so, its postal codes are not.
_CORSICAN_COMMUNE = re.compile(r"2[AB][0-9]{3}", re.ASCII | re.IGNORECASE)
#: How postal codes begin where another territory than France itself was chosen.
_BEGINNINGS = {
    "GP": ("970", "971"),
    "BL": ("970", "971", "977"),
    "MF": ("970", "971", "978"),
    "MQ": ("972",),
    "GF": ("973",),
    "RE": ("974",),
    "PM": ("975",),
    "YT": ("976",),
}
#: Places that have no postal codes, by the list of the Universal Postal Union's addressing pages.
WITHOUT_POSTAL_CODES = frozenset(
    (
        "AE", "AG", "AO", "AW", "BF", "BI", "BJ", "BO", "BS", "BW", "BZ", "CD", "CF", "CG", "CI",
        "CK", "CM", "CW", "DJ", "DM", "ER", "FJ", "GA", "GD", "GM", "GQ", "GY", "HK", "KI", "KM",
        "KN", "KP", "LY", "ML", "MO", "MR", "MW", "NR", "NU", "QA", "RW", "SB", "SC", "SL", "SO",
        "SR", "SS", "ST", "SX", "SY", "TD", "TF", "TG", "TK", "TL", "TO", "TV", "UG", "VU", "YE",
        "ZW",
    )
)  # fmt: skip
_EORI = re.compile(r"[A-Z]{2}[A-Z0-9]{1,15}", re.ASCII)
_UNPUNCTUATED = str.maketrans("", "", BLANKS + ".-/")

Checked = tuple[str, FieldError | None]


def check_number(typed: str, country: str) -> Checked:
    """The SIRET: demanded where the country has one, refused where it has none (SI-04)."""
    if not tidy(typed):
        return "", FieldError(field="siret", code="missing") if has_siret(country) else None
    if country and not has_siret(country):
        return tidy(typed), FieldError(field="siret", code="not_for_country")
    return check_siret(typed)


def check_postal_code(typed: str, country: str) -> Checked:
    """Five digits of the right territory in France; abroad not longer than any country's."""
    required = country not in WITHOUT_POSTAL_CODES
    line, wrong = check_line("postal_code", typed, LONGEST_POSTAL_CODE, required=required)
    if not has_siret(country) or (wrong is not None and wrong.code == "missing"):
        return line, wrong
    code = line.replace(" ", "")
    if _CORSICAN_COMMUNE.fullmatch(code):
        return line, FieldError(field="postal_code", code="corsican")
    if not _FRENCH_POSTAL_CODE.fullmatch(code):
        return line, FieldError(field="postal_code", code="wrong_format")
    if not code.startswith(_BEGINNINGS.get(country, ("",))):
        params: dict[str, str | int] = {"beginning": _BEGINNINGS[country][-1]}
        return line, FieldError(field="postal_code", code="other_territory", params=params)
    return code, None


def check_vat(typed: str, country: str, siret: str) -> Checked:
    """A VAT number, where one was typed; a French one is the company's own (SI-12).

    `siret` is empty unless it is right.
    """
    number = _plain(typed)
    if not number:
        return "", None
    if len(number) > LONGEST_NUMBER or not (number.isascii() and number.isalnum()):
        return number, FieldError(field="vat", code="invalid")
    kept = _vat(number, country)
    if kept is None:
        return number, FieldError(field="vat", code="invalid")
    if kept.startswith(FRANCE) and siret and kept[4:] != siren(siret):
        return kept, FieldError(field="vat", code="wrong_siren", params={"siren": siren(siret)})
    return kept, None


def check_lei(typed: str) -> Checked:
    """A legal entity identifier, where one was typed."""
    number = _plain(typed)
    if number and (len(number) > LONGEST_NUMBER or not stdnum_lei.is_valid(number)):
        return number, FieldError(field="lei", code="invalid")
    return number, None


def check_eori(typed: str) -> Checked:
    """The number of an importer or exporter at the customs, where one was typed."""
    number = _plain(typed)
    if number and not _EORI.fullmatch(number):
        return number, FieldError(field="eori", code="invalid")
    return number, None


def group(kept: ProfileFields) -> str:
    """What names the establishment to the desk, and groups its accounts; empty without a number."""
    if kept.siret:
        return f"{FRANCE}:{kept.siret}"
    for kind, number in (("VAT", kept.vat), ("LEI", kept.lei), ("EORI", kept.eori)):
        if number:
            return f"{kept.country}:{kind}:{number}"
    return ""


def _plain(typed: str) -> str:
    """A number without blanks and dots, in capitals; cut where it is longer than any is."""
    return typed[: 2 * LONGEST_NUMBER].translate(_UNPUNCTUATED).strip("\r\n").upper()


def _vat(number: str, country: str) -> str | None:
    """The number as it is kept, or None where it is wrong.

    The European Union's are known by the country they begin with; elsewhere the chosen country's
    own rule counts, and where stdnum has none, letters and digits of a sane length do.
    """
    try:
        prefix = number[:2].lower().replace("el", "gr")
        if prefix in stdnum_eu_vat.MEMBER_STATES:
            return str(stdnum_eu_vat.validate(number))
        module = stdnum.get_cc_module(country.lower(), "vat") if country else None
        if module is not None:
            return str(module.validate(number))
    except ValidationError:
        return None
    return number if len(number) <= LONGEST_VAT else None
