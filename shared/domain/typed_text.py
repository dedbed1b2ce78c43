"""Text that people type or paste, before any rule looks at it. Pure.

A text is cut to what its field reads at most, and judged for runs of combining marks, before it is
normalized: normalizing takes time that grows with the square of such a run. This is the only module
that normalizes.
"""

import unicodedata
from importlib.resources import files
from typing import Literal

import msgspec

#: Combining marks in a row that a text may hold: the Stream-Safe Text Format of UAX 15.
MAX_MARKS_IN_A_ROW = 30
#: Code points that a composed character may have been typed as: a letter and three marks.
MAX_PARTS = 4

Form = Literal["NFC", "NFD", "NFKC", "NFKD"]


class TypedTextData(msgspec.Struct, frozen=True, kw_only=True):
    """`typed_text.json`: what page and server know about typed text.

    `limits` are the code points that are read of each field at most, several times what its rule
    accepts, `other_limit` those of every other field.
    """

    limits: dict[str, int]
    other_limit: int


DATA = msgspec.json.decode(
    files("shared.domain").joinpath("data", "typed_text.json").read_bytes(), type=TypedTextData
)


class UnsafeText(ValueError):
    """A text that is not normalized; `code` is `too_long` or `too_many_marks`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def max_typed_length(field: str) -> int:
    """How many code points of a field are read."""
    return DATA.limits.get(field, DATA.other_limit)


def has_long_run_of_marks(text: str) -> bool:
    """Whether more than 30 combining marks follow each other. Takes time linear in the length."""
    if text.isascii():
        return False
    run = 0
    for char in text:
        run = run + 1 if unicodedata.category(char)[0] == "M" else 0
        if run > MAX_MARKS_IN_A_ROW:
            return True
    return False


def normal_form(text: str, max_length: int, form: Form = "NFC") -> str:
    """The text in a normal form of Unicode; at most `max_length` composed characters are expected.

    Raises `UnsafeText` for what could never be that short, and for a long run of marks.
    """
    if len(text) > MAX_PARTS * max_length:
        raise UnsafeText("too_long")
    if has_long_run_of_marks(text):
        raise UnsafeText("too_many_marks")
    return unicodedata.normalize(form, text)
