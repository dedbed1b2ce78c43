"""What the forms say of a field, by its owner's codes, in French and English.

The codes are those of registration's README, where a test reads them, and the few of the gateway's
own forms.
"""

from __future__ import annotations

from services.gateway.i18n.localized_text import Pair, fill, pick
from shared.contracts.base import FieldError

FIRST_NAME = ("Le prénom", "The first name")
LAST_NAME = ("Le nom", "The last name")
FORMAT = (
    "Saisissez une adresse au format nom@exemple.fr.",
    "Enter an address in the form name@example.fr.",
)
UPPER = ("Ajoutez au moins une majuscule.", "Add at least one capital letter.")
LOWER = ("Ajoutez au moins une minuscule.", "Add at least one small letter.")
IDEA = (
    " Une idée : les initiales d'une phrase à vous, avec une majuscule, un chiffre et un signe, "
    "20 caractères au plus.",
    " An idea: the initials of a sentence of your own, with a capital, a figure and a sign, "
    "20 characters at most.",
)

FIELDS: dict[tuple[str, str], Pair] = {
    ("first_name", "missing"): ("Saisissez votre prénom.", "Enter your first name."),
    ("last_name", "missing"): ("Saisissez votre nom.", "Enter your last name."),
    ("address", "missing"): ("Saisissez votre adresse email.", "Enter your e-mail address."),
    ("address", "format"): FORMAT,
    ("address", "local_too_long"): (
        "La partie avant @ est trop longue ({max} au plus).",
        "The part before @ is too long (at most {max}).",
    ),
    ("address", "too_long"): (
        "Adresse trop longue ({max} au plus).",
        "Address too long (at most {max}).",
    ),
    ("address", "several"): (
        "Saisissez une seule adresse, sans nom.",
        "Enter one address only, without a name.",
    ),
    ("address", "undeliverable_domain"): (
        "Ce domaine ne peut pas recevoir de courriel.",
        "This domain cannot receive mail.",
    ),
    ("address", "accents"): (
        "Les accents avant @ ne sont pas pris en charge.",
        "Accents before @ are not supported.",
    ),
    ("address", "mixed_scripts"): (
        "Caractères d'alphabets différents dans le domaine : vérifiez l'adresse.",
        "Letters of different alphabets in the domain: check the address.",
    ),
    ("address", "unchanged"): (
        "C'est déjà votre adresse : saisissez-en une autre.",
        "This is already your address: enter another one.",
    ),
    ("password", "missing"): ("Saisissez un mot de passe.", "Enter a password."),
    ("password", "too_short"): (
        "Au moins {min} caractères ({length} saisis).",
        "At least {min} characters ({length} entered).",
    ),
    ("password", "too_long"): (
        "Au plus {max} caractères ({length} saisis).",
        "At most {max} characters ({length} entered).",
    ),
    ("password", "mixed_case_missing_upper"): UPPER,
    ("password", "mixed_case_missing_lower"): LOWER,
    ("password", "mixed_case_missing_both"): (
        "Ajoutez au moins une majuscule et une minuscule.",
        "Add at least one capital and one small letter.",
    ),
    ("password", "forbidden_word"): (
        "Ne doit pas contenir le mot “{word}”.",
        "Must not contain the word “{word}”.",
    ),
    ("password", "listed_word"): (
        "Mot courant ou suite connue. Ce mot de passe contient “{word}”, un mot courant." + IDEA[0],
        "Common word or known sequence. This password contains “{word}”, a common word." + IDEA[1],
    ),
    ("password", "sequence"): (
        "Mot courant ou suite connue. Ce mot de passe contient “{run}”, une suite de touches."
        + IDEA[0],
        "Common word or known sequence. This password contains “{run}”, a row of keys." + IDEA[1],
    ),
    ("password", "repeated"): (
        "Mot courant ou suite connue : le même caractère {count} fois de suite." + IDEA[0],
        "Common word or known sequence: the same character {count} times in a row." + IDEA[1],
    ),
    ("password", "too_simple"): (
        "Mot de passe trop facile à deviner." + IDEA[0],
        "This password is too easy to guess." + IDEA[1],
    ),
    ("password", "unreadable"): (
        "Ce mot de passe n'a pas pu être lu : saisissez-le de nouveau.",
        "This password could not be read: enter it again.",
    ),
    ("password", "wrong"): (
        "Ce n'est pas le mot de passe choisi.",
        "This is not the password you chose.",
    ),
    ("password", "unchanged"): (
        "C'est déjà votre mot de passe : choisissez-en un autre.",
        "This is already your password: choose another one.",
    ),
    ("current_password", "missing"): (
        "Saisissez votre mot de passe actuel.",
        "Enter your present password.",
    ),
    ("current_password", "wrong"): (
        "Ce n'est pas votre mot de passe actuel.",
        "This is not your present password.",
    ),
    ("code", "format"): ("Le code comporte 6 chiffres.", "The code has 6 figures."),
    ("recovery_code", "missing"): (
        "Saisissez un de vos codes de secours.",
        "Enter one of your recovery codes.",
    ),
    ("kept", "missing"): (
        "Mettez vos codes en lieu sûr, puis cochez la case pour continuer.",
        "Put your codes in a safe place, then tick the box to continue.",
    ),
    ("accept", "missing"): ("Cochez la case pour continuer.", "Tick the box to continue."),
}

NAMES: dict[str, Pair] = {
    "too_long": (
        "{name} ne doit pas dépasser {max} caractères.",
        "{name} must not exceed {max} characters.",
    ),
    "forbidden_characters": (
        "{name} contient des caractères non autorisés.",
        "{name} contains characters that are not allowed.",
    ),
    "web_address": (
        "{name} ne doit pas contenir d'adresse web.",
        "{name} must not contain a web address.",
    ),
}

IDENTITY: dict[str, Pair] = {
    "first_name": ("une partie de votre nom", "part of your name"),
    "last_name": ("une partie de votre nom", "part of your name"),
    "address": ("une partie de votre adresse", "part of your address"),
}
IDENTITY_TEXT = (
    "Ne doit pas contenir {part}. Ce mot de passe contient “{word}”." + IDEA[0],
    "Must not contain {part}. This password contains “{word}”." + IDEA[1],
)

REASONS: dict[str, Pair] = {
    "no_at": ("il manque @", "@ is missing"),
    "no_local_part": ("il manque la partie avant @", "the part before @ is missing"),
    "no_domain": ("il manque la partie après @", "the part after @ is missing"),
    "two_at": ("un seul @ est permis", "only one @ is allowed"),
    "two_dots": ("deux points se suivent", "two dots in a row"),
    "edge_dot": ("un point est au bord", "a dot stands at the edge"),
    "characters": ("un caractère n'est pas permis", "a character is not allowed"),
    "domain": ("le domaine n'est pas valable", "the domain is not valid"),
}

UNKNOWN = ("Cette valeur n'est pas acceptée.", "This value is not accepted.")


def field_text(error: FieldError, lang: str) -> str:
    """What a field's error says."""
    values: dict[str, object] = dict(error.params)
    pair = FIELDS.get((error.field, error.code))
    if pair is None and error.field in ("first_name", "last_name"):
        pair = NAMES.get(error.code)
        values["name"] = pick(FIRST_NAME if error.field == "first_name" else LAST_NAME, lang)
    if error.code == "identity":
        pair = IDENTITY_TEXT
        values["part"] = pick(IDENTITY.get(str(values.get("part")), IDENTITY["address"]), lang)
    text = fill(pick(pair or UNKNOWN, lang), values)
    reason = REASONS.get(str(values.get("reason")))
    if error.code == "format" and reason:
        return f"{text[:-1]} ({pick(reason, lang)})."
    return text


def field_texts(errors: tuple[FieldError, ...], lang: str) -> dict[str, list[str]]:
    """Every error of a form, by field."""
    texts: dict[str, list[str]] = {}
    for error in errors:
        texts.setdefault(error.field, []).append(field_text(error, lang))
    return texts
