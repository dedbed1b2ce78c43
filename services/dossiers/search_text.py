"""Normalizes text for search: no case, no accents, single blanks. Pure."""

import unicodedata

#: Between the columns of a dossier, so that no search matches across them.
SEPARATOR = "\n"
_REPLACEMENTS = str.maketrans(
    {"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "’": "'", "‐": "-", "‑": "-"}
)


def normalize(text: str) -> str:
    """`Été  Cœur` becomes `ete coeur`."""
    if text.isascii():
        return " ".join(text.lower().split())
    parts = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(char for char in parts if not unicodedata.combining(char))
    return " ".join(plain.translate(_REPLACEMENTS).split())
