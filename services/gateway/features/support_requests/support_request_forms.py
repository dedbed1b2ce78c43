"""Validation of the forms that go to the support desk. Pure: errors by field, as codes.

Texts are limited in length and stored as typed, without outer blanks.
"""

import re
import unicodedata
from datetime import datetime, timedelta

from shared.domain.typed_days import read_day
from shared.domain.typed_text import UnsafeText, clean_email, clean_text
from shared.i18n.catalogue import N_, translate
from shared.i18n.dates import PARIS, format_number

ABOUT = ("person", "establishment", "other")
MAX_TEXT = 1000
MAX_LINE = 200
MAX_ADDRESS = 254
#: Signs that stand beside an address, never in one that we can write to.
_SIGN = r"[^@\s<>()\[\],;:\"\\]"
ADDRESS = re.compile(rf"{_SIGN}{{1,64}}@(?:(?!\.){_SIGN})+(?:\.(?:(?!\.){_SIGN})+)+")
#: The dates that are accepted for a departure, around today.
MAX_DATE_DISTANCE = timedelta(days=366)

ERRORS: dict[str, str] = {
    "about_missing": N_("Choisissez ce qui est à corriger."),
    "text_missing": N_("Écrivez ce qui est à corriger, et comment."),
    "too_long": N_("Saisissez au plus {max} caractères."),
    "characters": N_(
        "Retirez les signes qui ne s'affichent pas : réécrivez ce passage au lieu de le coller."
    ),
    "date_missing": N_("Choisissez une date."),
    "date_format": N_("Saisissez une date qui existe, au format jj/mm/aaaa : 15/01/2026."),
    "date": N_("Choisissez une date à moins d'un an d'aujourd'hui."),
    "confirm_missing": N_("Cochez la case pour continuer."),
    "address_missing": N_("Saisissez l'adresse email de la personne qui part."),
    "address_format": N_("Saisissez une adresse au format nom@exemple.fr."),
    "establishment_missing": N_("Saisissez le nom de l'établissement."),
    "reporter_name_missing": N_("Saisissez vos prénom et nom."),
    "reporter_address_missing": N_("Saisissez votre adresse email."),
    "message_missing": N_("Écrivez votre message."),
    "mailbox_missing": N_("Écrivez ce qui se passe."),
    "name_missing": N_("Saisissez vos prénom et nom."),
    "own_address_missing": N_("Saisissez votre adresse email."),
    "account_address_missing": N_("Saisissez l'adresse email de votre compte."),
    "same_address": N_("Saisissez une autre adresse : celle-ci ne reçoit plus rien."),
}
LIMITS = {"text": MAX_TEXT, "remark": MAX_TEXT}

Errors = dict[str, str]


def check_correction(fields: dict[str, str]) -> Errors:
    """What is wrong with « Demander une correction »; `fields` are trimmed in place."""
    errors = _texts(fields, "text")
    if fields["about"] not in ABOUT:
        errors["about"] = "about_missing"
    if not fields["text"]:
        errors["text"] = "text_missing"
    return errors


def check_departure(fields: dict[str, str], now: datetime) -> Errors:
    """What is wrong with « Je quitte l'établissement »."""
    errors = _texts(fields, "date", "remark")
    problem = _date(fields, now) if fields["date"] else "date_missing"
    if problem:
        errors["date"] = problem
    if fields["confirm"] != "1":
        errors["confirm"] = "confirm_missing"
    return errors


def check_report(fields: dict[str, str], now: datetime) -> Errors:
    """What is wrong with « Signaler un départ ». The date may be left out."""
    lines = ("address", "establishment", "date", "reporter_name", "reporter_address")
    errors = _texts(fields, *lines, "remark")
    for name in ("address", "establishment", "reporter_name", "reporter_address"):
        if not fields[name]:
            errors[name] = f"{name}_missing"
    for name in ("address", "reporter_address"):
        if name not in errors and not ADDRESS.fullmatch(fields[name]):
            errors[name] = "address_format"
    if fields["date"] and (problem := _date(fields, now)):
        errors["date"] = problem
    return errors


def check_message(fields: dict[str, str], *, signed_in: bool) -> Errors:
    """What is wrong with « Nous écrire »; whoever is signed in types the text alone."""
    errors = _texts(fields, "text") if signed_in else _texts(fields, "text", "name", "address")
    if not fields["text"]:
        errors.setdefault("text", "message_missing")
    return errors if signed_in else errors | _contact(fields, errors)


def check_mailbox(fields: dict[str, str], *, signed_in: bool) -> Errors:
    """What is wrong with « Ma messagerie ne reçoit plus rien »."""
    names = () if signed_in else ("account_address", "name", "address")
    errors = _texts(fields, "text", *names)
    if not fields["text"]:
        errors.setdefault("text", "mailbox_missing")
    if signed_in:
        return errors
    if not fields["account_address"]:
        errors.setdefault("account_address", "account_address_missing")
    elif not ADDRESS.fullmatch(fields["account_address"]):
        errors.setdefault("account_address", "address_format")
    errors |= _contact(fields, errors)
    if fields["address"] and fields["address"].lower() == fields["account_address"].lower():
        errors.setdefault("address", "same_address")
    return errors


def _contact(fields: dict[str, str], errors: Errors) -> Errors:
    """What is wrong with the name and the address of somebody who is not signed in."""
    found: Errors = {name: errors[name] for name in ("name", "address") if name in errors}
    if not fields["name"]:
        found.setdefault("name", "name_missing")
    if not fields["address"]:
        found.setdefault("address", "own_address_missing")
    elif not ADDRESS.fullmatch(fields["address"]):
        found.setdefault("address", "address_format")
    return found


def refused(errors: Errors, lang: str) -> dict[str, list[str]]:
    """The messages of the form, by field."""
    return {
        name: [translate(ERRORS[code], lang, max=format_number(limit(name), lang))]
        for name, code in errors.items()
    }


def limit(name: str) -> int:
    """How many characters a field may have."""
    return LIMITS.get(name, MAX_ADDRESS if name.endswith("address") else MAX_LINE)


def _texts(fields: dict[str, str], *names: str) -> Errors:
    errors: Errors = {}
    for name in names:
        try:
            text = clean_text(fields[name], limit(name))
            if name.endswith("address"):
                text = clean_email(text, limit(name))
        except UnsafeText as unsafe:
            errors[name] = "too_long" if unsafe.code == "too_long" else "characters"
            continue
        fields[name] = text
        allowed = "\n\t" if name in LIMITS else ""
        if len(text) > limit(name):
            errors[name] = "too_long"
        elif any(_control(one) for one in text if one not in allowed):
            errors[name] = "characters"
    return errors


def _control(char: str) -> bool:
    return unicodedata.category(char) in ("Cc", "Cs", "Co")


def _date(fields: dict[str, str], now: datetime) -> str | None:
    """What is wrong with the date, which is stored as browsers send one."""
    day = read_day(fields["date"])
    if day is None:
        return "date_format"
    fields["date"] = day.isoformat()
    today = now.astimezone(PARIS).date()
    return None if abs(day - today) <= MAX_DATE_DISTANCE else "date"
