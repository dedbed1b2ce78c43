"""The messages of the fields of forms, by the owner's codes.

The codes are those of registration's README, where a test reads them, and the few of the gateway's
own forms.
"""

from collections.abc import Callable

from shared.contracts.base import FieldError
from shared.i18n.catalogue import N_, translate

FIRST_NAME = N_("Le prénom")
LAST_NAME = N_("Le nom")
FORMAT = N_("Saisissez une adresse au format nom@exemple.fr.")
UPPER = N_("Ajoutez au moins une majuscule.")
LOWER = N_("Ajoutez au moins une minuscule.")
PASSWORD_TIP = N_(
    "Conseil : prenez les initiales d'une phrase à vous, avec une majuscule, un chiffre et un "
    "signe."
)

FIELDS: dict[tuple[str, str], str] = {
    ("first_name", "missing"): N_("Saisissez votre prénom."),
    ("last_name", "missing"): N_("Saisissez votre nom."),
    ("address", "missing"): N_("Saisissez votre adresse email."),
    ("address", "format"): FORMAT,
    ("address", "local_too_long"): N_(
        "La partie avant @ est trop longue : {max} caractères au plus."
    ),
    ("address", "too_long"): N_("L'adresse est trop longue : {max} caractères au plus."),
    ("address", "several"): N_("Saisissez une seule adresse."),
    ("address", "display_name"): N_("Saisissez l'adresse seule, sans nom ni chevrons."),
    ("address", "undeliverable_domain"): N_(
        "Le domaine, après @, ne reçoit pas de messages : vérifiez l'adresse."
    ),
    ("address", "accents"): N_(
        "La partie avant @ contient « {sign} », que la messagerie n'accepte pas : vérifiez "
        "l'adresse."
    ),
    ("address", "mixed_scripts"): N_(
        "Le domaine mélange des lettres d'alphabets différents : vérifiez l'adresse."
    ),
    ("address", "look_alike_letters"): N_(
        "Les lettres du domaine ressemblent à d'autres : saisissez-le de nouveau au clavier."
    ),
    ("address", "unchanged"): N_("C'est déjà votre adresse : saisissez-en une autre."),
    ("number", "missing"): N_("Saisissez le numéro de la demande."),
    ("number", "format"): N_(
        "Saisissez les 3 lettres et les 10 signes du numéro, par exemple COR-A44X2-YZ7EW."
    ),
    ("text", "missing"): N_("Écrivez votre réponse."),
    ("text", "too_long"): N_("Saisissez au plus {max} caractères."),
    ("text", "forbidden_characters"): N_(
        "Retirez les signes qui ne s'affichent pas : réécrivez ce passage au lieu de le coller."
    ),
    ("password", "missing"): N_("Saisissez un mot de passe."),
    ("password", "too_short"): N_("Saisissez au moins {min} caractères (il y en a {length})."),
    ("password", "too_long"): N_("Saisissez au plus {max} caractères (il y en a {length})."),
    ("password", "mixed_case_missing_upper"): UPPER,
    ("password", "mixed_case_missing_lower"): LOWER,
    ("password", "mixed_case_missing_both"): N_("Ajoutez au moins une majuscule et une minuscule."),
    ("password", "forbidden_word"): N_("Retirez le mot « {word} »."),
    ("password", "listed_word"): N_("Ce mot de passe contient « {word} », un mot courant."),
    ("password", "sequence"): N_("Ce mot de passe contient « {run} », une suite de caractères."),
    ("password", "repeated"): N_("Ce mot de passe contient « {run} », une répétition."),
    ("password", "too_simple"): N_("Mot de passe trop facile à deviner."),
    ("password", "unreadable"): N_("Ce mot de passe n'a pas pu être lu : saisissez-le de nouveau."),
    ("password", "wrong"): N_("Ce n'est pas le mot de passe choisi pour cette demande."),
    ("password", "not_yours"): N_("Ce n'est pas votre mot de passe."),
    ("alone", "not_offered"): N_("Le secrétariat est nécessaire : décochez cette case."),
    ("alone", "stolen"): N_(
        "Pour un téléphone volé, le secrétariat est nécessaire : décochez cette case."
    ),
    ("alone", "password_lately"): N_(
        "Votre mot de passe a moins de 30 jours : décochez cette case, et le secrétariat vous "
        "appellera."
    ),
    ("alone", "address_lately"): N_(
        "L'adresse de votre compte a moins de 30 jours : décochez cette case, et le secrétariat "
        "vous appellera."
    ),
    ("alone", "closed"): N_(
        "Votre compte est bloqué : décochez cette case, et le secrétariat vous appellera."
    ),
    ("password", "unchanged"): N_("C'est déjà votre mot de passe : choisissez-en un autre."),
    ("current_password", "missing"): N_("Saisissez votre mot de passe actuel."),
    ("current_password", "wrong"): N_("Ce n'est pas votre mot de passe actuel."),
    ("code", "format"): N_("Saisissez les 6 chiffres du code."),
    ("code", "resumption_format"): N_(
        "Saisissez les 12 chiffres du code de reprise, sans erreur : cet essai n'est pas compté."
    ),
    ("recovery_code", "missing"): N_("Saisissez un de vos codes de secours."),
    ("recovery_code", "format"): N_(
        "Saisissez les 16 lettres et chiffres d'un code de secours. Cet essai n'est pas compté."
    ),
    ("kept", "missing"): N_("Mettez vos codes en lieu sûr, puis cochez la case pour continuer."),
    ("accept", "missing"): N_("Cochez la case pour continuer."),
}

NAMES: dict[str, str] = {
    "too_long": N_("{name} ne doit pas dépasser {max} caractères."),
    "forbidden_characters": N_(
        "{name} contient un signe non accepté, {sign} : utilisez lettres, espaces, traits d'union "
        "et apostrophes."
    ),
    "no_letters": N_("{name} doit contenir au moins une lettre."),
    "web_address": N_(
        "{name} contient « {host} », qui se lit comme une adresse web : retirez-la, ou son point."
    ),
}

IDENTITY: dict[str, str] = {
    "first_name": N_("une partie de votre nom"),
    "last_name": N_("une partie de votre nom"),
    "address": N_("une partie de votre adresse"),
}
IDENTITY_TEXT = N_("Ce mot de passe contient « {word} », {part}.")

REASONS: dict[str, str] = {
    "no_at": N_("il manque @"),
    "no_local_part": N_("il manque la partie avant @"),
    "no_domain": N_("il manque la partie après @"),
    "two_at": N_("un seul @ est permis"),
    "two_dots": N_("deux points se suivent"),
    "edge_dot": N_("un point est au début ou à la fin"),
    "space": N_("elle contient un espace"),
    "invisible": N_("elle contient un signe invisible"),
    "sign": N_("« {sign} » n'est pas permis"),
    "characters": N_("un caractère n'est pas permis"),
    "domain": N_("le domaine n'est pas valable"),
}

SIGN = N_("« {sign} »")
INVISIBLE_SIGN = N_("invisible ({sign})")
STACKED_MARKS = N_("trop d'accents sur une lettre")
UNKNOWN = N_("Cette valeur n'est pas acceptée : choisissez-en une autre.")


#: Errors of a password that are followed by a tip.
GUESSABLE = ("listed_word", "sequence", "repeated", "too_simple", "identity")


def field_text(error: FieldError, lang: str) -> str:
    """The message of a field's error."""
    values: dict[str, object] = dict(error.params)
    text = FIELDS.get((error.field, error.code))
    if text is None and error.field in ("first_name", "last_name"):
        text = NAMES.get(error.code)
        name = FIRST_NAME if error.field == "first_name" else LAST_NAME
        values["name"] = translate(name, lang)
        values["sign"] = sign_text(error, lang)
    if error.code == "identity":
        text = IDENTITY_TEXT
        part = IDENTITY.get(str(values.get("part")), IDENTITY["address"])
        values["part"] = translate(part, lang)
    shown = translate(text or UNKNOWN, lang, **values)
    if error.code in GUESSABLE:
        return f"{shown} {translate(PASSWORD_TIP, lang)}"
    reason = REASONS.get(str(values.get("reason")))
    if error.code == "format" and reason:
        return f"{shown[:-1]} ({translate(reason, lang, **values)})."
    return shown


def sign_text(error: FieldError, lang: str) -> str:
    """The sign that a field does not accept; what stands for it where it is one of too many."""
    sign = error.params.get("sign")
    if not sign:
        return translate(STACKED_MARKS, lang)
    is_invisible = str(sign).startswith("U+")
    return translate(INVISIBLE_SIGN if is_invisible else SIGN, lang, sign=sign)


def field_texts(
    errors: tuple[FieldError, ...],
    lang: str,
    text: Callable[[FieldError, str], str] = field_text,
) -> dict[str, list[str]]:
    """Every error of a form, by field; `text` makes the message of one."""
    texts: dict[str, list[str]] = {}
    for error in errors:
        texts.setdefault(error.field, []).append(text(error, lang))
    return texts
