"""A sentence in one of two languages."""

from __future__ import annotations

from shared.i18n.catalogue import fill, no_break

__all__ = ["Pair", "fill", "pick"]

Pair = tuple[str, str]


def pick(pair: Pair, lang: str) -> str:
    """The text of a pair in one language."""
    return pair[1] if lang == "en" else no_break(pair[0])
