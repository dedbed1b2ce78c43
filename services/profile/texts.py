"""Lines of text that people type: what may be in one, how long it may be. Pure.

Kept in NFC, without outer blanks; accents and any alphabet pass. Pictures (emoji), control and
invisible characters do not: neither envelopes nor the desk can read them.
"""

from __future__ import annotations

import unicodedata

from shared.contracts.base import FieldError

#: What people's keyboards and other programs put for a blank.
BLANKS = " \t\u00a0\u2007\u2009\u202f"
#: Signs of Unicode's « other symbols » that addresses and company names do bear.
_SIGNS = frozenset("°№©®™")
_EMOJI = range(0x1F000, 0x20000)
_EMOJI_PARTS = frozenset(chr(code) for code in (*range(0xFE00, 0xFE10), 0x20E3))


def tidy(typed: str) -> str:
    """The text as it is kept: NFC, no outer blanks."""
    return unicodedata.normalize("NFC", typed).strip(BLANKS + "\r\n")


def is_readable(char: str) -> bool:
    """Whether a character can stand in a line that somebody reads."""
    kind = unicodedata.category(char)
    if kind[0] == "C" or kind in ("Zl", "Zp") or ord(char) in _EMOJI or char in _EMOJI_PARTS:
        return False
    return kind != "So" or char in _SIGNS


def check_line(
    field: str, typed: str, most: int, *, required: bool = True
) -> tuple[str, FieldError | None]:
    """The line to keep and what is wrong with it, or None. `most` counts code points after NFC."""
    line = tidy(typed)
    if not line:
        return line, FieldError(field=field, code="missing") if required else None
    if len(line) > most:
        return line, FieldError(field=field, code="too_long", params={"max": most})
    if not all(is_readable(char) for char in line):
        return line, FieldError(field=field, code="forbidden_characters")
    return line, None
