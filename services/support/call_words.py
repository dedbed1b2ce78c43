"""The two words of a call: drawn from a list of near twins, French and English. Pure.

The agent says one and the person the other, so that each knows who is on the line. Any two words of
the list are at least three edits apart in both languages: what was typed with one slip is still one
word only.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files

from shared.domain.typed_text import UnsafeText, folded_letters

#: How many words there are: ten bits each.
LIST_LENGTH = 1024
#: How long the words of a call are good for, and how many typed ones are checked.
CALL_TIME = timedelta(minutes=30)
WORD_TRIES = 3
#: Edits that a typed word is forgiven; two words of the list are further apart than twice as many.
FORGIVEN_EDITS = 1
#: Longer than any word with its slip: the rest is not compared.
MAX_TYPED = 40
#: Letters that sound alike at the start of a word; the first two do before e, i, y and h.
SOFTENED = {"c": "s", "g": "j"}
SAME_SOUND = {"c": "k", "q": "k", "z": "s", "y": "i"}


#: What people say in front of a word when they read it out.
_ARTICLE = re.compile(r"^\W*(?:le|la|les|un|une|des|the|an?)\s+", re.IGNORECASE)


@dataclass(frozen=True)
class CallWord:
    """One word in both languages."""

    fr: str
    en: str

    def in_language(self, language: str) -> str:
        """The word as a speaker of `language` says it."""
        return self.en if language == "en" else self.fr


def fold(text: str) -> str:
    """What words are compared by; empty for what cannot be one."""
    try:
        return folded_letters(text, MAX_TYPED)
    except UnsafeText:
        return ""


def within_one_edit(one: str, other: str) -> bool:
    """Whether one inserted, left out or exchanged letter at most makes one text the other.

    >>> within_one_edit("girafe", "giraffe"), within_one_edit("girafe", "griafe")
    (True, False)
    """
    if abs(len(one) - len(other)) > FORGIVEN_EDITS:
        return False
    shorter, longer = sorted((one, other), key=len)
    at = next((i for i, sign in enumerate(shorter) if sign != longer[i]), len(shorter))
    same_length = len(shorter) == len(longer)
    return shorter[at + same_length :] == longer[at + 1 :]


class CallWords:
    """The list: draws two words, and finds the one that was typed."""

    def __init__(self, words: Iterable[CallWord]) -> None:
        self.words: Sequence[CallWord] = tuple(words)
        self._exact: Mapping[str, CallWord] = {
            fold(form): word for word in self.words for form in (word.fr, word.en)
        }
        self._sounds = [_sounds(word) for word in self.words]

    def draw(self, below: Callable[[int], int]) -> tuple[CallWord, CallWord]:
        """The agent's word and the person's, which begin with different sounds.

        `below(n)` returns a random number from 0 to n - 1.
        """
        at = below(len(self.words))
        taken = self._sounds[at]
        others = [
            word for word, its in zip(self.words, self._sounds, strict=True) if not its & taken
        ]
        return self.words[at], others[below(len(others))]

    def find(self, typed: str) -> CallWord | None:
        """The word that was typed, in either language, with one slip at most; an article in front
        of it is left out."""
        text = fold(_ARTICLE.sub("", typed))
        exact = self._exact.get(text)
        if exact is not None:
            return exact
        near = {word for form, word in self._exact.items() if within_one_edit(text, form)}
        return near.pop() if len(near) == 1 else None


def first_sound(word: str) -> str:
    """What a word begins with to the ear, roughly: the letter that stands for the sound.

    >>> [first_sound(word) for word in ("phénix", "fiction", "citron", "quartz", "girafe")]
    ['f', 'f', 's', 'k', 'j']
    """
    text = fold(word)
    if text.startswith(("ph", "h")):
        return "f" if text[0] == "p" else text[1]
    if text[0] in SOFTENED and text[1] in "eiyh":
        return SOFTENED[text[0]]
    return SAME_SOUND.get(text[0], text[0])


def _sounds(word: CallWord) -> frozenset[str]:
    return frozenset(first_sound(form) for form in (word.fr, word.en))


def parse_words(text: str) -> CallWords:
    """The list in a text: a line for each word, French, a blank, English."""
    return CallWords(CallWord(*line.split()) for line in text.splitlines())


@cache
def load_words() -> CallWords:
    """The list that belongs to the service."""
    path = files("services.support").joinpath("data", "call_words.txt")
    return parse_words(path.read_text(encoding="utf-8"))


@dataclass(frozen=True, kw_only=True)
class WordCheck:
    """What checking a typed word came to. `over`: no further word is checked in this call."""

    right: bool
    tries_left: int

    @property
    def over(self) -> bool:
        """Whether the call has failed."""
        return not self.right and self.tries_left == 0


def check_word(*, right: bool, wrong_tries: int, started_at: datetime, now: datetime) -> WordCheck:
    """Judge a typed word after `wrong_tries` wrong ones; nothing is right once the time is over."""
    if now >= started_at + CALL_TIME or wrong_tries >= WORD_TRIES:
        return WordCheck(right=False, tries_left=0)
    if right:
        return WordCheck(right=True, tries_left=WORD_TRIES - wrong_tries)
    return WordCheck(right=False, tries_left=WORD_TRIES - wrong_tries - 1)
