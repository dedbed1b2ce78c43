"""First and last names: which characters are accepted, and the error for one that is not.

Names are kept as typed, in NFC, without outer blanks. Nothing is guessed from a name's shape or
length: Ng, O'Brien, d’Été-Müller and Łukasz pass. Pure.
"""

import re
import unicodedata

from shared.contracts.base import FieldError
from shared.domain.typed_text import UnsafeText, normal_form

#: In code points, after NFC.
MAX_NAME = 100
#: More marks than this on one letter are no spelling of any language.
MAX_MARKS = 3

_ALLOWED_SIGNS = frozenset(" \u00a0\u202f'’-\u2010\u2011.·")
_WEB_ADDRESS = re.compile(
    r"://|\bwww\.|\b[a-z0-9-]{2,63}\.(?:com|fr|net|org|info|biz|eu|io|ru|cn|top|xyz|shop)\b",
    re.IGNORECASE,
)


def check_name(field: str, typed: str) -> tuple[str, FieldError | None]:
    """The name to keep, and what is wrong with it or None. `field` names the form's field."""
    too_long = FieldError(field=field, code="too_long", params={"max": MAX_NAME})
    try:
        name = normal_form(typed, MAX_NAME).strip(" \u00a0\u202f")
    except UnsafeText as unsafe:
        refused = FieldError(field=field, code="forbidden_characters")
        return "", too_long if unsafe.code == "too_long" else refused
    if not name:
        return name, FieldError(field=field, code="missing")
    if len(name) > MAX_NAME:
        return name, too_long
    if any(unicodedata.category(char)[0] == "C" for char in name):
        return name, FieldError(field=field, code="forbidden_characters")
    if _WEB_ADDRESS.search(name):
        return name, FieldError(field=field, code="web_address")
    if not _spells_a_name(name):
        return name, FieldError(field=field, code="forbidden_characters")
    return name, None


def _spells_a_name(name: str) -> bool:
    letters = marks = 0
    for char in name:
        kind = unicodedata.category(char)[0]
        letters += kind == "L"
        marks = marks + 1 if kind == "M" else 0
        if marks > MAX_MARKS or (kind not in "LM" and char not in _ALLOWED_SIGNS):
            return False
    return letters > 0
