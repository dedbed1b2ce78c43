"""First and last names: which characters are accepted, and the error for one that is not.

Names are kept as typed, in NFC, without outer blanks; what looks like an apostrophe or a hyphen is
read as such. Nothing is guessed from a name's shape or length: Ng, O'Brien, d’Été-Müller and
Łukasz pass. Pure.
"""

import unicodedata

from shared.contracts.base import FieldError
from shared.domain.public_suffixes import find_web_address
from shared.domain.typed_text import (
    DATA,
    MAX_NAME,
    NAME_SIGNS,
    UnsafeText,
    clean_name,
    joiner_belongs,
    visible_sign,
)

#: More marks than this on one letter are no spelling of any language.
MAX_MARKS = 3


def check_name(field: str, typed: str) -> tuple[str, FieldError | None]:
    """The name to keep, and what is wrong with it or None. `field` names the form's field."""
    too_long = FieldError(field=field, code="too_long", params={"max": MAX_NAME})
    try:
        name = clean_name(typed, MAX_NAME)
    except UnsafeText as unsafe:
        refused = FieldError(field=field, code="forbidden_characters")
        return "", too_long if unsafe.code == "too_long" else refused
    if not name:
        return name, FieldError(field=field, code="missing")
    if len(name) > MAX_NAME:
        return name, too_long
    host = find_web_address(name)
    if host is not None:
        return name, FieldError(field=field, code="web_address", params={"host": host})
    sign = _forbidden_sign(name)
    if sign is not None:
        params: dict[str, str | int] = {"sign": visible_sign(sign)}
        return name, FieldError(field=field, code="forbidden_characters", params=params)
    if not any(unicodedata.category(char)[0] == "L" for char in name):
        return name, FieldError(field=field, code="no_letters")
    return name, None


def _forbidden_sign(name: str) -> str | None:
    """The first sign that no name has, or None."""
    marks = 0
    for at, char in enumerate(name):
        kind = unicodedata.category(char)[0]
        marks = marks + 1 if kind == "M" else 0
        accepted = kind in "LM" or char in NAME_SIGNS
        if not accepted and char in DATA.joiners:
            accepted = joiner_belongs(name, at)
        if not accepted or marks > MAX_MARKS:
            return char
    return None
