"""Text that people type or paste: what is left out, folded and kept, before any rule judges it.

`data/typed_text.json` has what page (`typed-text.mjs`) and server know; one table of values runs
through both. A text is cut to what its field reads at most, and judged for runs of combining marks,
before it is normalized: normalizing takes time that grows with the square of such a run. This is
the only module that normalizes. Pure.
"""

import re
import unicodedata
from collections.abc import Iterator
from importlib.resources import files
from typing import Literal

import msgspec

#: Combining marks in a row that a text may hold: the Stream-Safe Text Format of UAX 15.
MAX_MARKS_IN_A_ROW = 30
#: Code points that a composed character may have been typed as: a letter and three marks.
MAX_PARTS = 4
CODE_DIGITS = 6
#: Of a first or last name, in code points, after NFC.
MAX_NAME = 100

Form = Literal["NFC", "NFD", "NFKC", "NFKD"]


class TypedTextData(msgspec.Struct, frozen=True, kw_only=True):
    """`typed_text.json`.

    `limits` are the code points that are read of each field at most, several times what its rule
    accepts, `other_limit` those of every other field. `blanks`, `invisible`, `viramas` and
    `joining_letters` are classes of a regular expression, the last two from Unicode's properties
    Canonical_Combining_Class and Joining_Type. The others are lists of signs. `parting` signs stand
    between the digits of a number. `recovery_look_alikes` are signs that no recovery code contains,
    by what they look like. `labels` are written in front of a number.
    """

    limits: dict[str, int]
    other_limit: int
    blanks: str
    invisible: str
    joiners: str
    viramas: str
    joining_letters: str
    digit_zeros: str
    apostrophes: str
    dashes: str
    name_signs: str
    parting: str
    quotes: str
    recovery_look_alikes: dict[str, str]
    labels: dict[str, tuple[str, ...]]


#: The document as the page reads it, and read.
TYPED_TEXT = files("shared.domain").joinpath("data", "typed_text.json").read_bytes()
DATA = msgspec.json.decode(TYPED_TEXT, type=TypedTextData)
NAME_SIGNS = frozenset(DATA.name_signs)

_ZERO_WIDTH_JOINER = "\u200d"
_BLANK = re.compile(f"[{DATA.blanks}]")
#: Blanks that programs put in place of a plain one; a no-break space is kept.
_ODD_BLANK = re.compile("[\t\u1680\u2000-\u200a\u205f\u3000]")
_INVISIBLE = re.compile(f"[{DATA.invisible}]")
_INVISIBLE_OR_JOINER = re.compile(f"[{DATA.invisible}{DATA.joiners}]")
_EDGE = re.compile(f"[{DATA.blanks}{DATA.invisible}{DATA.joiners}]")
_VIRAMA = re.compile(f"[{DATA.viramas}]")
_JOINING_LETTER = re.compile(f"[{DATA.joining_letters}]")
#: Full-width forms, and the digits of every script, as ASCII.
_ASCII = {0xFF01 + at: 0x21 + at for at in range(94)} | {
    ord(zero) + digit: 0x30 + digit for zero in DATA.digit_zeros for digit in range(10)
}
_FOLDED_IN_NAMES = str.maketrans(
    dict.fromkeys(DATA.apostrophes, "'") | dict.fromkeys(DATA.dashes, "-")
)
_PARTING = f"{DATA.parting}{DATA.dashes} "
_QUOTES = f"{DATA.quotes} "
_LEFT_OUT_OF_NUMBERS = str.maketrans(dict.fromkeys(_PARTING))
_LEFT_OUT_OF_RECOVERY_CODES = str.maketrans(dict.fromkeys(f"{_PARTING}{DATA.quotes}"))
_DIGITS = re.compile(f"[0-9](?:[{re.escape(_PARTING)}]{{0,3}}[0-9])*")
_PHONE_SIGNS = str.maketrans(
    dict.fromkeys(DATA.dashes + "\u2010\u2011", "-") | {"/": " ", "\\": " "}
)
_RECOVERY_LOOK_ALIKES = str.maketrans(DATA.recovery_look_alikes)
_RECOVERY_CODE = re.compile("[A-Z2-7]{16}")
_LOWER_CASE = str.maketrans("abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
#: The number of a line in a list: « 1. », « 10) ». With a blank or dash behind it, it may also be a
#: part of the code.
_LINE_NUMBER = re.compile("^(?:n° *)?(?:10|[1-9]) *[.):\\]°] *", re.IGNORECASE)
_LOOSE_LINE_NUMBER = re.compile("^(?:n° *)?(?:10|[1-9])[-.):\\]° ]+", re.IGNORECASE)


def _label_pattern(field: str) -> re.Pattern[str]:
    """A label in front of a number: « N° de SIRET : », « Tél. »."""
    words = "|".join(map(re.escape, sorted(DATA.labels[field], key=len, reverse=True)))
    number = "n(?:°|º|o|um[eé]ro)"
    return re.compile(
        f"^(?:{number}[. ]*(?:de +|d['’] *)?)?(?:{words})(?: *(?:{number}|n[or]\\.|number|#))?"
        "(?![^\\W\\d_])[ .:=#-]*(?=[^ .:=#-])",
        re.IGNORECASE,
    )


_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae"})
_LABELS = {field: _label_pattern(field) for field in DATA.labels if field != "email"}
#: Before an address only with a colon, which no address contains.
_EMAIL_LABEL = re.compile(
    f"^(?:{'|'.join(map(re.escape, DATA.labels['email']))}) *: *", re.IGNORECASE
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


def folded_letters(text: str, max_length: int) -> str:
    """The letters of a text in lower case, without accents, blanks and signs, for comparisons.

    Raises `UnsafeText` as `normal_form`.

    >>> folded_letters(" Sœur É-lève ", 40)
    'soeureleve'
    """
    plain = normal_form(text.casefold().translate(_LIGATURES), max_length, "NFKD")
    return "".join(sign for sign in plain if sign.isalpha())


def clean_edges(text: str) -> str:
    """The text without blanks and invisible signs at its edges; a joiner that a letter needs stays.

    Takes time linear in the length, and does not normalize.
    """
    start, end = 0, len(text)
    while start < end and _EDGE.match(text[start]):
        start += 1
    while end > start and _EDGE.match(text[end - 1]):
        if text[end - 1] in DATA.joiners and joiner_belongs(text, end - 1):
            break
        end -= 1
    return text[start:end]


def clean_name(typed: str, max_length: int) -> str:
    """A person's name in NFC: apostrophes and hyphens that look like others are read as such.

    Blanks inside are plain or no-break ones. Raises `UnsafeText`.
    """
    return clean_line(typed, max_length).translate(_FOLDED_IN_NAMES)


def clean_line(typed: str, max_length: int) -> str:
    """One line in NFC without outer blanks and invisible signs. Raises `UnsafeText`."""
    return clean_draft(normal_form(typed, max_length))


def printable_line(typed: str) -> str:
    """A remark as one line of signs that print: others are blanks, and blanks are one each.

    >>> printable_line(" forged\\0 by\\na test ")
    'forged by a test'
    """
    return " ".join("".join(char if char.isprintable() else " " for char in typed).split())


def clean_draft(typed: str) -> str:
    """A text that is stored as typed, without what came with a paste. Does not normalize.

    A blank that a program put in place of a plain one becomes one.
    """
    return _ODD_BLANK.sub(" ", clean_edges(typed))


def clean_text(typed: str, max_length: int) -> str:
    """Several lines in NFC, without invisible signs but joiners. Raises `UnsafeText`."""
    return clean_edges(_INVISIBLE.sub("", normal_form(typed, max_length)))


def clean_email(typed: str, max_length: int) -> str:
    """An e-mail address in NFC, without a label in front. Raises `UnsafeText`."""
    text = clean_line(typed, max_length)
    return _EMAIL_LABEL.sub("", text) if "@" in text else text


def clean_number(field: str, typed: str) -> str:
    """A number or identifier in capitals: without its label, blanks and signs that part digits."""
    text = _without_label(field, ascii_line(field, typed))
    return text.translate(_LEFT_OUT_OF_NUMBERS).translate(_LOWER_CASE)


def clean_postal_code(typed: str) -> str:
    """A postal code without its label, with plain blanks and hyphens."""
    text = _without_label("postal_code", ascii_line("postal_code", typed))
    return text.translate(_PHONE_SIGNS).strip()


def clean_phone(typed: str) -> str:
    """A telephone number without its label; slashes part digits as blanks do."""
    text = _without_label("phone", ascii_line("phone", typed))
    return " ".join(text.translate(_PHONE_SIGNS).split())


def read_code(typed: str) -> str | None:
    """The only six digits in what was typed, of any script, whatever surrounds or parts them."""
    found = [
        "".join(char for char in group if char.isdigit())
        for group in _DIGITS.findall(ascii_line("code", typed))
    ]
    codes = [digits for digits in found if len(digits) == CODE_DIGITS]
    return codes[0] if len(codes) == 1 else None


def read_recovery_code(typed: str) -> str | None:
    """The sixteen signs of a recovery code, or None for what cannot be one.

    Line number and label in front are left out; signs that no code contains are read as what they
    look like.
    """
    for candidate in _recovery_candidates(ascii_line("recovery_code", typed)):
        text = candidate.translate(_LEFT_OUT_OF_RECOVERY_CODES).translate(_LOWER_CASE)
        code = text.translate(_RECOVERY_LOOK_ALIKES)
        if _RECOVERY_CODE.fullmatch(code):
            return code
    return None


def visible_sign(char: str) -> str:
    """A sign as a message names it: itself, a mark on a circle, an invisible one by its code."""
    if _INVISIBLE.match(char) or not char.isprintable():
        return f"U+{ord(char):04X}"
    return f"\u25cc{char}" if _is_transparent(char) else char


def joiner_belongs(text: str, at: int) -> bool:
    """Whether the joiner at `at` is part of the spelling.

    After a virama (RFC 5892, A.1 and A.2), between letters of a script whose letters join, and in
    Bengali before a virama.
    """
    before = text[at - 1] if at else ""
    if before and _VIRAMA.match(before):
        return True
    if text[at] == _ZERO_WIDTH_JOINER:
        return bool(before) and at + 1 < len(text) and bool(_VIRAMA.match(text[at + 1]))
    left, right = at - 1, at + 1
    while left >= 0 and _is_transparent(text[left]):
        left -= 1
    while right < len(text) and _is_transparent(text[right]):
        right += 1
    if left < 0 or right == len(text):
        return False
    return bool(_JOINING_LETTER.match(text[left]) and _JOINING_LETTER.match(text[right]))


def _is_transparent(char: str) -> bool:
    return unicodedata.category(char) in ("Mn", "Me")


def ascii_line(field: str, typed: str) -> str:
    """What is read of a number or code: digits and full-width forms in ASCII, plain blanks, no
    invisible signs and joiners.
    """
    text = typed[: max_typed_length(field)]
    text = _INVISIBLE_OR_JOINER.sub("", text).translate(_ASCII)
    return _BLANK.sub(" ", text).strip(" ")


def _without_label(field: str, text: str) -> str:
    """The text without its label, and without the quotation marks around all of it."""
    return _LABELS[field].sub("", text.strip(_QUOTES)).lstrip(_QUOTES)


def _recovery_candidates(text: str) -> Iterator[str]:
    """What may be the code: all of it, or what follows a label or the number of a line."""
    numbered = _LINE_NUMBER.sub("", text)
    if numbered != text:
        yield numbered
        return
    yield text
    unlabelled = _without_label("recovery_code", text)
    yield unlabelled
    yield _LOOSE_LINE_NUMBER.sub("", unlabelled)
