"""Common words, and whether a password contains one.

A word list is built once and searched in well under a millisecond: every part of the folded
password is looked up in one table. Words of five letters or more count anywhere inside; common
passwords also as a whole. zxcvbn's estimate comes last, on the server only. Pure.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, Protocol

from zxcvbn import zxcvbn
from zxcvbn.frequency_lists import FREQUENCY_LISTS
from zxcvbn.matching import RANKED_DICTIONARIES

#: Shorter words occur in too many good passwords.
MIN_LETTERS = 5
#: No policy allows a shorter password.
MIN_PASSWORD_LENGTH = 8
#: How many of the most frequent entries of zxcvbn's lists count as words.
MAX_ENGLISH_WORDS = 3000
MAX_FILM_WORDS = 1500
MAX_NAMES = 1000
MAX_PASSWORD_WORDS = 3000
#: Of zxcvbn's scores from 0 to 4; a password below it falls to online guessing.
MIN_SCORE = 2
#: zxcvbn's time grows fast with length, and further characters make no password weaker.
MAX_CHECKED_CHARACTERS = 32


class Forms(Protocol):
    """Three forms of a text, all of one length: see `PasswordRules`."""

    def fold(self, text: str) -> str:
        """Without case, accents and look-alikes, for comparisons."""

    def plain(self, text: str) -> str:
        """With look-alikes as they are."""

    def spell(self, text: str) -> str:
        """With letters for the digits and signs that stand for them."""


class ListedWord(NamedTuple):
    """A word as its list spells it, and the name of the list."""

    word: str
    source: str


class WordList:
    """Words searched inside passwords, and common passwords compared as a whole."""

    def __init__(
        self,
        forms: Forms,
        words: Iterable[tuple[str, Iterable[str]]],
        passwords: Iterable[str] = (),
    ) -> None:
        self._forms = forms
        self._inside: dict[str, ListedWord] = {}
        for source, entries in words:
            for word in entries:
                self._add(word, source)
        self._whole = {_one(forms.fold(each), each): each for each in passwords}
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
        """The longest listed word inside, else the common password that it equals, else None.

        A listed word that is part of a longer word, as russel is of brussels, is reported as that;
        one that letters only look like, as tulle is of tuile, as those letters.
        """
        folded, plain = self._forms.fold(password), self._forms.plain(password)
        for length in self._lengths:
            for start in range(len(folded) - length + 1):
                end = start + length
                found = self._inside.get(folded[start:end])
                # Digits alone are no word.
                if found is not None and any(map(str.isalpha, plain[start:end])):
                    longer = _longer_word(self._forms.spell(password), plain, start, end)
                    typed = longer or self._other_letters(found.word, plain[start:end])
                    return found if typed is None else found._replace(word=typed)
        whole = self._whole.get(folded)
        return None if whole is None else ListedWord(whole, "passwords")

    def _other_letters(self, word: str, part: str) -> str | None:
        """What was typed, where it has letters only, and other ones than the word."""
        letters = "".join(filter(str.isalpha, self._forms.plain(word)))
        return part if part.isalpha() and part != letters else None

    def _add(self, word: str, source: str) -> None:
        if sum(char.isalpha() for char in word) < MIN_LETTERS:
            return
        entry = ListedWord(word, source)
        for form in (word, "".join(char for char in word if char.isalnum())):
            self._inside.setdefault(_one(self._forms.fold(form), word), entry)


def _longer_word(spelled: str, plain: str, start: int, end: int) -> str | None:
    """The longest word of zxcvbn's whole lists around a part, what is added being letters."""
    first, last = start, end
    while first > 0 and plain[first - 1].isalpha():
        first -= 1
    while last < len(plain) and plain[last].isalpha():
        last += 1
    around = [(a, b) for a in range(first, start + 1) for b in range(end, last + 1)]
    longer = [spelled[a:b] for a, b in around if b - a > end - start]
    return max(filter(_is_known, longer), key=len, default=None)


def _is_known(word: str) -> bool:
    return word.isalpha() and any(word in ranked for ranked in RANKED_DICTIONARIES.values())


def _one(folded: str, word: str) -> str:
    """The folded form, as the same object where it equals the word, to save memory."""
    return word if folded == word else folded


def read_list(text: str) -> Iterator[str]:
    """The words of a list's text: separated by blanks, without lines that begin with #."""
    for line in text.splitlines():
        if not line.lstrip().startswith("#"):
            yield from line.split()


def zxcvbn_lists() -> list[tuple[str, list[str]]]:
    """Named excerpts of zxcvbn's frequency lists, most frequent first."""
    lists = FREQUENCY_LISTS
    passwords = lists["passwords"][:MAX_PASSWORD_WORDS]
    return [
        ("english", lists["english_wikipedia"][:MAX_ENGLISH_WORDS]),
        ("english", lists["us_tv_and_film"][:MAX_FILM_WORDS]),
        ("names", lists["female_names"][:MAX_NAMES] + lists["male_names"][:MAX_NAMES]),
        ("passwords", [entry for entry in passwords if entry.isalpha()]),
    ]


def common_passwords() -> list[str]:
    """zxcvbn's common passwords of at least the minimum length, most frequent first."""
    return [entry for entry in FREQUENCY_LISTS["passwords"] if len(entry) >= MIN_PASSWORD_LENGTH]


def is_too_simple(password: str) -> bool:
    """Whether zxcvbn's score is below the minimum. Takes milliseconds: run it in a thread.

    zxcvbn stores words passed to it in a table of the whole process, so none are passed: the rules
    check names and address already.
    """
    return bool(zxcvbn(password[:MAX_CHECKED_CHARACTERS])["score"] < MIN_SCORE)
