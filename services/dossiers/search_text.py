"""Normalizes text for search: no case, no accents, single blanks. Pure."""

import unicodedata

from shared.domain.typed_text import MAX_PARTS, normal_form

#: In code points: what follows cannot be found. The longest column of a dossier has 300.
MAX_LENGTH = 500
#: Between the columns of a dossier, so that no search matches across them.
SEPARATOR = "\n"
_REPLACEMENTS = str.maketrans(
    {"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "’": "'", "‐": "-", "‑": "-"}
)


def normalize(text: str) -> str:
    """`Été  Cœur` becomes `ete coeur`. Raises `UnsafeText`."""
    text = text[: MAX_PARTS * MAX_LENGTH]
    if text.isascii():
        return " ".join(text.lower().split())
    parts = normal_form(text.casefold()[: MAX_PARTS * MAX_LENGTH], MAX_LENGTH, "NFKD")
    plain = "".join(char for char in parts if not unicodedata.combining(char))
    return " ".join(plain.translate(_REPLACEMENTS).split())
