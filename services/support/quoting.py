"""What people wrote, as agents are shown it: as typed, without what deceives the eye. Pure."""

import unicodedata

#: Besides letters and signs; joiners belong to the spelling of some languages.
_ALLOWED = "\n\t\u200c\u200d"
#: Longer than any form takes.
MAX_QUOTED = 10_000


def quoted(text: str) -> str:
    """The text without control characters, signs that turn the order of reading, and private ones.

    >>> quoted("mot\\x1b[2J \\u202egnirts\\r\\nligne")
    'mot[2J gnirts\\nligne'
    """
    allowed = (char for char in text[:MAX_QUOTED].replace("\r\n", "\n") if _is_allowed(char))
    return "".join(allowed)


def _is_allowed(char: str) -> bool:
    return char in _ALLOWED or unicodedata.category(char) not in (
        "Cc",
        "Cf",
        "Cs",
        "Co",
        "Zl",
        "Zp",
    )
