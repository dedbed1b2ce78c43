"""Rules of one-line texts: permitted characters and length. Pure.

Texts are stored in NFC, without outer blanks. Any alphabet is permitted; emoji, control and
invisible characters are not, because they cannot be printed on an envelope.
"""

import unicodedata

from shared.contracts.base import FieldError
from shared.domain.typed_text import DATA, UnsafeText, clean_line, joiner_belongs, visible_sign

#: In code points, for any field: longer texts are not even stored in a draft.
MAX_TEXT_LENGTH = 500
#: Of a company name and of a line of an address. The longest names in the Sirene directory have 120
#: characters, its streets 100 behind the number; lines of foreign addresses are longer than ours.
#: The 38 characters of NF Z10-011 are for the printed envelope: the form says so and demands
#: nothing.
MAX_LINE_LENGTH = 200
#: Symbols (Unicode category So) that occur in addresses and company names.
_SIGNS = frozenset("°№©®™")
_EMOJI = range(0x1F000, 0x20000)
_EMOJI_PARTS = frozenset(chr(code) for code in (*range(0xFE00, 0xFE10), 0x20E3))


def is_readable(char: str) -> bool:
    """Whether a character is permitted in a line."""
    kind = unicodedata.category(char)
    if kind[0] == "C" or kind in ("Zl", "Zp") or ord(char) in _EMOJI or char in _EMOJI_PARTS:
        return False
    return kind != "So" or char in _SIGNS


def forbidden_sign(line: str) -> str | None:
    """The first character that is not permitted, or None; joiners are where a letter needs them."""
    for at, char in enumerate(line):
        if not is_readable(char) and not (char in DATA.joiners and joiner_belongs(line, at)):
            return char
    return None


def check_line(
    field: str, value: str, max_length: int, *, required: bool = True
) -> tuple[str, FieldError | None]:
    """The normalized line, and its error or None. `max_length` is in code points after NFC."""
    too_long = FieldError(field=field, code="too_long", params={"max": max_length})
    try:
        line = clean_line(value, max_length)
    except UnsafeText as unsafe:
        refused = FieldError(field=field, code="forbidden_characters")
        return "", too_long if unsafe.code == "too_long" else refused
    if not line:
        return line, FieldError(field=field, code="missing") if required else None
    if len(line) > max_length:
        return line, too_long
    sign = forbidden_sign(line)
    if sign is not None:
        params: dict[str, str | int] = {"sign": visible_sign(sign)}
        return line, FieldError(field=field, code="forbidden_characters", params=params)
    return line, None
