"""The words of the complementary information: its fields, its choices, what is wrong with a field.

The codes are those of profile's README, where a test reads them.
"""

from __future__ import annotations

from services.gateway.i18n.localized_text import Pair, fill, pick
from services.gateway.portal.field_texts import NAMES, UNKNOWN, field_text
from shared.contracts.base import FieldError
from shared.domain.countries import country_names
from shared.i18n.dates import format_day

#: The fields in the order of the form, as the guide calls them (4.5).
LABELS: dict[str, Pair] = {
    "last_name": ("Nom", "Last name"),
    "first_name": ("Prénom", "First name"),
    "email": ("Email", "E-mail"),
    "phone": ("Téléphone", "Telephone"),
    "phone_extension": ("Poste", "Extension"),
    "position": ("Qualité du demandeur", "Position of the applicant"),
    "position_other": ("Autre qualité", "Other position"),
    "country": ("Libellé Pays", "Country"),
    "siret": ("N° de Siret", "SIRET number"),
    "closed_reason": (
        "Pourquoi déclarer un établissement fermé ?",
        "Why declare a closed establishment?",
    ),
    "company_name": ("Raison sociale", "Company name"),
    "establishment_type": ("Type établissement", "Type of establishment"),
    "establishment_type_other": ("Autre type d'établissement", "Other type of establishment"),
    "address": ("Adresse", "Address"),
    "address_extra": ("Complément adresse", "Address, continued"),
    "postal_code": ("Code postal", "Postal code"),
    "city": ("Ville", "Town"),
    "vat": ("Numéro de TVA", "VAT number"),
    "lei": ("LEI", "LEI"),
    "eori": ("EORI", "EORI"),
    "terms": ("Conditions générales d'utilisation", "Terms of use"),
}

POSITIONS: dict[str, Pair] = {
    "responsible_pharmacist": ("Pharmacien Responsable", "Responsible Pharmacist"),
    "interim_responsible_pharmacist": (
        "Pharmacien Responsable Intérimaire",
        "Interim Responsible Pharmacist",
    ),
    "other": ("Autres", "Other"),
}
ESTABLISHMENT_TYPES: dict[str, Pair] = {
    "pharmaceutical_establishment": (
        "Etablissement pharmaceutique",
        "Pharmaceutical establishment",
    ),
    "hospital_pharmacy": ("Pharmacie à usage intérieur", "Hospital pharmacy"),
    "other": ("Autres", "Other"),
}

DIGITS: Pair = ("Chiffres de 0 à 9 uniquement.", "Figures from 0 to 9 only.")
LINE: Pair = ("{max} caractères au plus par ligne.", "At most {max} characters a line.")
POSTAL_CODE: Pair = (
    "Code postal à 5 chiffres, exemple 75015.",
    "Postal code of 5 figures, for example 75015.",
)
#: Characters of an address line (NF Z10-011).
LINE_LENGTH = 38

FIELDS: dict[tuple[str, str], Pair] = {
    ("phone", "missing"): (
        "Saisissez un numéro de téléphone, exemple 01 23 45 67 89.",
        "Enter a telephone number, for example +33 1 23 45 67 89.",
    ),
    ("phone", "invalid"): (
        "Numéro invalide. Exemple : {example}.",
        "Invalid number. Example: {example}.",
    ),
    ("phone", "digits_only"): DIGITS,
    ("phone", "other_territory"): (
        "Numéro de {country} : choisissez ce pays ou {prefix}.",
        "A number of {country}: choose that country or {prefix}.",
    ),
    ("phone_extension", "digits_only"): DIGITS,
    ("phone_extension", "too_long"): ("{max} chiffres au plus.", "At most {max} figures."),
    ("position", "missing"): ("Choisissez votre qualité.", "Choose your position."),
    ("position_other", "missing"): (
        "Précisez votre qualité, par exemple : pharmacien délégué.",
        "Say which position, for example: deputy pharmacist.",
    ),
    ("country", "missing"): ("Choisissez le pays.", "Choose the country."),
    ("siret", "missing"): (
        "SIRET obligatoire en France : saisissez les 14 chiffres du numéro.",
        "SIRET mandatory in France: enter the 14 digits of the number.",
    ),
    ("siret", "not_for_country"): (
        "SIRET réservé à la France : laissez vide, ou choisissez ce pays.",
        "SIRET is for France only: leave empty, or choose that country.",
    ),
    ("siret", "wrong_length"): (
        "{expected} chiffres attendus ({typed} saisis).",
        "{expected} digits expected ({typed} entered).",
    ),
    ("siret", "digits_only"): DIGITS,
    ("siret", "wrong_key"): (
        "Numéro inexact : la clé de contrôle ne correspond pas.",
        "Wrong number: its check digit does not fit.",
    ),
    ("siret", "closed"): (
        "Établissement fermé le {date} selon Sirene.",
        "Establishment closed on {date}, says Sirene.",
    ),
    ("siret", "closed_undated"): (
        "Établissement fermé selon Sirene.",
        "Establishment closed, says Sirene.",
    ),
    ("siret", "unlisted"): (
        "Numéro exact, mais absent du répertoire public : vous pouvez continuer.",
        "Right number, but not in the public directory: you may go on.",
    ),
    ("siret", "check_deferred"): ("Vérification différée.", "Check put off."),
    ("siret", "right"): ("Numéro exact.", "Right number."),
    ("siret", "found"): (
        "Numéro exact : {company}. Vérifiez le nom et l'adresse.",
        "Right number: {company}. Check the name and the address.",
    ),
    ("closed_reason", "missing"): (
        "Dites pourquoi, par exemple : déménagement en cours, répertoire en retard.",
        "Say why, for example: moving at present, directory not up to date.",
    ),
    ("company_name", "missing"): (
        "Saisissez la raison sociale, exemple : Pharmacie des Lilas.",
        "Enter the company name, for example: Lilac Pharmacy.",
    ),
    ("establishment_type", "missing"): (
        "Choisissez le type d'établissement.",
        "Choose the type of establishment.",
    ),
    ("establishment_type_other", "missing"): (
        "Précisez le type d'établissement, par exemple : laboratoire de recherche.",
        "Say which type of establishment, for example: research laboratory.",
    ),
    ("address", "missing"): (
        "Saisissez l'adresse, exemple : 12 rue des Lilas.",
        "Enter the address, for example: 12 rue des Lilas.",
    ),
    ("postal_code", "missing"): (
        "Saisissez le code postal, exemple 75015.",
        "Enter the postal code, for example 75015.",
    ),
    ("postal_code", "wrong_format"): POSTAL_CODE,
    ("postal_code", "corsican"): (
        POSTAL_CODE[0] + " En Corse, il commence par 20 : 2A et 2B sont des codes de communes.",
        POSTAL_CODE[1] + " In Corsica it begins with 20: 2A and 2B are codes of communes.",
    ),
    ("postal_code", "other_territory"): (
        "Pour ce pays, le code postal commence par {beginning}.",
        "In that country the postal code begins with {beginning}.",
    ),
    ("city", "missing"): ("Saisissez la ville, exemple : Paris.", "Enter the town, such as Paris."),
    ("vat", "invalid"): (
        "Numéro de TVA inexact. Exemple : DE136695976.",
        "Wrong VAT number. Example: DE136695976.",
    ),
    ("vat", "wrong_siren"): (
        "Ce numéro de TVA n'est pas celui de l'entreprise du Siret ({siren}).",
        "This VAT number is not that of the company of the SIRET ({siren}).",
    ),
    ("lei", "invalid"): (
        "LEI inexact : 20 lettres et chiffres, exemple 213800KUD8LAJWSQ9D15.",
        "Wrong LEI: 20 letters and figures, for example 213800KUD8LAJWSQ9D15.",
    ),
    ("eori", "invalid"): (
        "EORI inexact : les deux lettres du pays, puis 15 lettres ou chiffres au plus, exemple "
        "BE0123456789.",
        "Wrong EORI: the two letters of the country, then at most 15 letters or figures, for "
        "example BE0123456789.",
    ),
    ("terms", "missing"): ("Cochez la case pour continuer.", "Tick the box to continue."),
}
#: What any other field may be told.
ANY: dict[str, Pair] = {
    "too_long": ("{max} caractères au plus.", "At most {max} characters."),
    "forbidden_characters": (
        "Ce champ contient des caractères non autorisés (pictogrammes, par exemple).",
        "This field contains characters that are not allowed (such as pictograms).",
    ),
}
LINES = ("address", "address_extra", "city")
NAME_FIELDS = ("first_name", "last_name")


def information_text(error: FieldError, lang: str) -> str:
    """What is said of a field: an error of it, or what is let go and flagged."""
    if error.field in NAME_FIELDS and (error.code == "missing" or error.code in NAMES):
        return field_text(error, lang)
    code, values = error.code, dict[str, object](error.params)
    if code == "closed":
        code = "closed" if values.get("date") else "closed_undated"
        values["date"] = format_day(str(values.get("date")), lang)
    if "country" in values:
        values["country"] = country_names(lang).get(str(values["country"]), values["country"])
    pair = FIELDS.get((error.field, code)) or ANY.get(code, UNKNOWN)
    text = fill(pick(pair, lang), values)
    if error.field in LINES and code in ANY:
        said = fill(pick(LINE, lang), {"max": LINE_LENGTH})
        return said if code == "too_long" else f"{text} {said}"
    return text


def information_texts(errors: tuple[FieldError, ...], lang: str) -> dict[str, list[str]]:
    """What is said of every field, by field."""
    texts: dict[str, list[str]] = {}
    for error in errors:
        texts.setdefault(error.field, []).append(information_text(error, lang))
    return texts
