"""The messages of the fields of the complementary information, by code.

The codes are those of profile's README, where a test reads them.
"""

from services.gateway.portal.field_texts import NAMES, UNKNOWN, field_text, field_texts, sign_text
from shared.contracts.base import FieldError
from shared.domain.countries import country_names
from shared.i18n.catalogue import N_, translate
from shared.i18n.dates import format_day

DIGITS = N_("Saisissez seulement des chiffres.")

FIELDS: dict[tuple[str, str], str] = {
    ("phone", "missing"): N_("Saisissez un numéro de téléphone, exemple : {example}."),
    ("phone", "invalid"): N_("Ce numéro de téléphone n'est pas valable. Exemple : {example}."),
    ("phone", "digits_only"): DIGITS,
    ("phone", "extension"): N_(
        "Laissez ici le numéro seul, et saisissez {extension} dans le champ « Poste »."
    ),
    ("phone", "other_territory"): N_(
        "Ce numéro est celui d'un autre territoire ({country}) : choisissez ce pays, ou corrigez "
        "le numéro ({prefix})."
    ),
    ("phone_extension", "digits_only"): DIGITS,
    ("phone_extension", "too_long"): N_("Saisissez au plus {max} chiffres."),
    ("position", "missing"): N_("Choisissez votre qualité."),
    ("position_other", "missing"): N_("Précisez votre qualité, par exemple : pharmacien délégué."),
    ("country", "missing"): N_("Choisissez le pays."),
    ("siret", "missing"): N_(
        "Saisissez les 14 chiffres du n° de Siret : il est obligatoire en France."
    ),
    ("siret", "not_for_country"): N_(
        "Le n° de Siret n'existe qu'en France : videz ce champ, ou choisissez la France."
    ),
    ("siret", "wrong_length"): N_("Saisissez {expected} chiffres (il y en a {typed})."),
    ("siret", "digits_only"): DIGITS,
    ("siret", "wrong_key"): N_("Ce n° de Siret est inexact : vérifiez chaque chiffre."),
    ("siret", "closed"): N_(
        "D'après le répertoire Sirene, cet établissement est fermé depuis le {date}."
    ),
    ("siret", "closed_undated"): N_("D'après le répertoire Sirene, cet établissement est fermé."),
    ("siret", "unlisted"): N_(
        "Ce n° de Siret est exact, mais absent du répertoire Sirene. Vous pouvez continuer."
    ),
    ("siret", "check_deferred"): N_(
        "Ce n° de Siret sera vérifié plus tard. Vous pouvez continuer."
    ),
    ("siret", "right"): N_("Numéro exact."),
    ("siret", "found"): N_("Numéro exact : {company}. Vérifiez le nom et l'adresse."),
    ("siret", "found_unnamed"): N_(
        "Numéro exact. Le répertoire Sirene ne publie pas la raison sociale : saisissez-la."
    ),
    ("closed_reason", "missing"): N_(
        "Dites pourquoi vous déclarez un établissement fermé, par exemple : déménagement en cours."
    ),
    ("company_name", "missing"): N_("Saisissez la raison sociale, exemple : Pharmacie des Lilas."),
    ("establishment_type", "missing"): N_("Choisissez le type d'établissement."),
    ("establishment_type_other", "missing"): N_(
        "Précisez le type d'établissement, par exemple : laboratoire de recherche."
    ),
    ("address", "missing"): N_("Saisissez l'adresse : le numéro et la rue."),
    ("postal_code", "missing"): N_("Saisissez le code postal, exemple : {example}."),
    ("postal_code", "wrong_format"): N_(
        "Saisissez un code postal à 5 chiffres, exemple : {example}."
    ),
    ("postal_code", "corsican"): N_(
        "Saisissez un code postal à 5 chiffres. En Corse, il commence par 20 : 2A et 2B sont des "
        "codes de communes."
    ),
    ("postal_code", "other_territory"): N_(
        "Pour ce pays, le code postal commence par {beginning}."
    ),
    ("city", "missing"): N_("Saisissez la ville."),
    ("vat", "invalid"): N_("Ce n° de TVA est inexact pour ce pays : vérifiez chaque signe."),
    ("vat", "invalid_prefixed"): N_(
        "Ce n° de TVA est inexact : celui de ce pays commence par {prefix}. Vérifiez chaque signe."
    ),
    ("vat", "wrong_siren"): N_("Ce n° de TVA n'est pas celui de l'entreprise du Siret ({siren})."),
    ("lei", "invalid"): N_("LEI inexact : 20 lettres et chiffres, exemple : 213800KUD8LAJWSQ9D15."),
    ("eori", "invalid"): N_(
        "EORI inexact : les deux lettres du pays, puis 15 lettres ou chiffres au plus."
    ),
    ("terms", "missing"): N_("Cochez la case pour continuer."),
}
#: The messages of any other field.
ANY: dict[str, str] = {
    "too_long": N_("Saisissez au plus {max} caractères."),
    "forbidden_characters": N_("Retirez le signe {sign}, qui n'est pas accepté."),
    "stacked_marks": N_("Retirez les accents en trop : plus de 30 se suivent."),
}
NAME_FIELDS = ("first_name", "last_name")


def information_text(error: FieldError, lang: str) -> str:
    """The message of a field: an error, or what is accepted and flagged."""
    if error.field in NAME_FIELDS and (error.code == "missing" or error.code in NAMES):
        return field_text(error, lang)
    code, values = error.code, dict[str, object](error.params)
    if code == "closed":
        code = "closed" if values.get("date") else "closed_undated"
        values["date"] = format_day(str(values.get("date")), lang)
    if code == "found" and not values.get("company"):
        code = "found_unnamed"
    if (error.field, code) == ("vat", "invalid") and values.get("prefix"):
        code = "invalid_prefixed"
    if code == "forbidden_characters":
        code = code if values.get("sign") else "stacked_marks"
        values["sign"] = sign_text(error, lang)
    if "country" in values:
        values["country"] = country_names(lang).get(str(values["country"]), values["country"])
    text = FIELDS.get((error.field, code)) or ANY.get(code, UNKNOWN)
    return translate(text, lang, **values)


def information_texts(errors: tuple[FieldError, ...], lang: str) -> dict[str, list[str]]:
    """Every message, by field."""
    return field_texts(errors, lang, information_text)
