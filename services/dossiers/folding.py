"""Text as it is searched: without case, accents and kinds of blanks. Pure."""

from __future__ import annotations

import unicodedata

#: Between two columns of one dossier, so that nothing is found across them.
SEPARATOR = "\n"
_ALIKE = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "’": "'", "‐": "-", "‑": "-"})


def fold(text: str) -> str:
    """`Été  Cœur` is found by `ete coeur`."""
    if text.isascii():
        return " ".join(text.lower().split())
    parts = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(char for char in parts if not unicodedata.combining(char))
    return " ".join(bare.translate(_ALIKE).split())
