"""How a sentence is said: in one of two languages, with its values filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping

Pair = tuple[str, str]

PLACE = re.compile(r"\{([a-z_]+)\}")
#: Where French never breaks a line.
SPACE = re.compile(r"(?<=«) | (?=[»:;?!])")


def pick(pair: Pair, lang: str) -> str:
    """The text of a pair in one language; French gets its no-break spaces here."""
    return pair[1] if lang == "en" else SPACE.sub("\u00a0", pair[0])


def fill(text: str, values: Mapping[str, object]) -> str:
    """The text with each `{name}` replaced by its value; a name without one stays.

    Not str.format: a value may hold braces, and a missing one must not break the page.
    """
    return PLACE.sub(lambda place: str(values.get(place[1], place[0])), text)
