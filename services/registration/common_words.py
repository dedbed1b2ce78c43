"""Common words, and whether a password holds one.

A lexicon is built once from named lists and searched in well under a millisecond: every stretch of
the folded password is looked up in one table. Words count from five letters, anywhere inside;
common passwords also as a whole. Pure: the lists are passed in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from zxcvbn.frequency_lists import FREQUENCY_LISTS

#: Shorter words are found in too many good passwords.
MIN_LETTERS = 5
#: No policy admits a shorter password, so none needs to be looked for as a whole.
SHORTEST_PASSWORD = 8
#: How many of the most frequent entries of zxcvbn's lists count as words.
ENGLISH_WORDS = 3000
FILM_WORDS = 1500
NAMES = 1000
PASSWORD_WORDS = 3000

Fold = Callable[[str], str]


class ListedWord(NamedTuple):
    """A word as its list spells it, and the list's name."""

    word: str
    source: str


class Lexicon:
    """Words looked for inside passwords, and passwords looked for as a whole."""

    def __init__(
        self,
        fold: Fold,
        words: Iterable[tuple[str, Iterable[str]]],
        passwords: Iterable[str] = (),
    ) -> None:
        self._fold = fold
        self._inside: dict[str, ListedWord] = {}
        for source, entries in words:
            for word in entries:
                self._add(word, source)
        self._whole = {_one(fold(each), each): each for each in passwords}
        self._lengths = sorted({len(word) for word in self._inside}, reverse=True)

    def __len__(self) -> int:
        return len(self._inside)

    @property
    def passwords(self) -> Mapping[str, str]:
        """The common passwords by their folded form."""
        return self._whole

    def entries(self) -> Iterator[tuple[str, ListedWord]]:
        """Every word with its folded form, in the order of the lists."""
        yield from self._inside.items()

    def find(self, password: str) -> ListedWord | None:
        """The longest listed word inside, else the common password that it is, else nothing."""
        folded = self._fold(password)
        for length in self._lengths:
            for start in range(len(folded) - length + 1):
                found = self._inside.get(folded[start : start + length])
                if found is not None:
                    return found
        whole = self._whole.get(folded)
        return None if whole is None else ListedWord(whole, "passwords")

    def _add(self, word: str, source: str) -> None:
        if sum(char.isalpha() for char in word) < MIN_LETTERS:
            return
        entry = ListedWord(word, source)
        for form in (word, "".join(char for char in word if char.isalnum())):
            self._inside.setdefault(_one(self._fold(form), word), entry)


def _one(folded: str, word: str) -> str:
    """The folded form; the same object where it is the word itself, to hold it once."""
    return word if folded == word else folded


def read_list(text: str) -> Iterator[str]:
    """The words of a list's text: parted by blanks, lines that begin with # left out."""
    for line in text.splitlines():
        if not line.lstrip().startswith("#"):
            yield from line.split()


def foreign_lists() -> list[tuple[str, list[str]]]:
    """The lists taken from zxcvbn's frequency lists, most frequent first."""
    lists = FREQUENCY_LISTS
    passwords = lists["passwords"][:PASSWORD_WORDS]
    return [
        ("english", lists["english_wikipedia"][:ENGLISH_WORDS]),
        ("english", lists["us_tv_and_film"][:FILM_WORDS]),
        ("names", lists["female_names"][:NAMES] + lists["male_names"][:NAMES]),
        ("passwords", [entry for entry in passwords if entry.isalpha()]),
    ]


def common_passwords() -> list[str]:
    """The common passwords that some policy admits by their length, most frequent first."""
    return [entry for entry in FREQUENCY_LISTS["passwords"] if len(entry) >= SHORTEST_PASSWORD]
