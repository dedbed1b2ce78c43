"""What an agent may have meant by what was typed into the one field of the search. Pure.

A text can be several things: each is asked of its owner, the likeliest first.
"""

import re
from dataclasses import dataclass

from shared.contracts.account_search import MAX_SEARCH_LENGTH
from shared.domain.support_requests import read_number
from shared.domain.typed_text import UnsafeText, clean_line, clean_number, clean_phone

SIRET_DIGITS, SIREN_DIGITS = 14, 9
#: Of a number that is typed in full or nearly.
MIN_DIGITS = 6
#: Beginnings shorter than this find too many.
MIN_LENGTH = 3
#: Of an address more must be known: its rows are masked, and a beginning that matches says how the
#: address goes on.
MIN_ADDRESS_LENGTH = 4
#: What stands between the digits of numbers.
_ONLY_DIGITS = re.compile(r"\+?[0-9][0-9 ./()\-\u00a0\u202f]*")
_IN_BRACKETS = re.compile(r"<([^<>]*@[^<>]*)>")
_HAS_DIGIT = re.compile(r"[0-9]")
_HAS_LETTERS = re.compile(r"[^\W\d_]{2}")
#: One word that can be the beginning of an address: `pierre.dur`.
_ADDRESS_BEGINNING = re.compile(r"[a-z0-9][a-z0-9._+'\-]*", re.IGNORECASE)


@dataclass(frozen=True)
class Guess:
    """One thing that the text may be, and the text as that."""

    kind: str
    text: str


class Unsearchable(ValueError):
    """Nothing can be searched for; `code` is `missing`, `too_short` or `too_long`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def guess(typed: str) -> tuple[Guess, ...]:
    """What the text may be, the likeliest first. Raises `Unsearchable`.

    >>> [one.kind for one in guess("732 829 320 00074")]
    ['siret']
    """
    try:
        text = clean_line(typed, MAX_SEARCH_LENGTH)
    except UnsafeText:
        raise Unsearchable("too_long") from None
    if not text:
        raise Unsearchable("missing")
    number = read_number(text)
    if number is not None:
        return (Guess("request", number),)
    if "@" in text:
        # A mail program copies the name too: « Léa Martin <lea@labo.fr> ».
        within = _IN_BRACKETS.search(text)
        address = (within[1] if within else text).replace(" ", "")
        if len(address) < MIN_ADDRESS_LENGTH:
            raise Unsearchable("too_short")
        return (Guess("address", address),)
    if len(text) < MIN_LENGTH:
        raise Unsearchable("too_short")
    return _numbers(text) or _words(text)


def _numbers(text: str) -> tuple[Guess, ...]:
    """Guesses of what is digits only, or has a label of a number before them."""
    siret = clean_number("siret", text)
    if siret.isdecimal() and len(siret) == SIRET_DIGITS:
        return (Guess("siret", siret),)
    phone = clean_phone(text)
    if not _ONLY_DIGITS.fullmatch(phone):
        return ()
    digits = re.sub("[^0-9]", "", phone)
    if phone.startswith(("+", "00")) or (digits.startswith("0") and len(digits) == 10):
        return (Guess("phone", phone),)
    guesses = []
    if len(digits) == SIREN_DIGITS:
        guesses.append(Guess("siret", digits))
    guesses.append(Guess("dossier", text))
    if len(digits) >= MIN_DIGITS and len(digits) != SIREN_DIGITS:
        guesses.append(Guess("phone", phone))
    if len(digits) < SIREN_DIGITS:
        # A postal code, or the number in an establishment's name.
        guesses.append(Guess("establishment", text))
    return tuple(guesses)


def _words(text: str) -> tuple[Guess, ...]:
    guesses = []
    if _HAS_DIGIT.search(text):
        guesses.append(Guess("dossier", text))
    if _HAS_LETTERS.search(text) or not text.isascii():
        guesses += [Guess("name", text), Guess("establishment", text)]
    if len(text) >= MIN_ADDRESS_LENGTH and _ADDRESS_BEGINNING.fullmatch(text):
        guesses.append(Guess("address", text))
    return tuple(guesses) or (Guess("dossier", text),)
