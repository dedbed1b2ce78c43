"""Letters by their fault: how many there are of each, without keeping every letter."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from shared.messaging.dead_letters import DeadLetter

#: Types that are named of one fault.
MAX_TYPES = 20


@dataclass(frozen=True)
class LetterGroup:
    """Letters of one fault: how many, of which types, the first and last failure, and a sample."""

    fault: str
    service: str
    count: int
    types: tuple[str, ...]
    first: str
    last: str
    sample: DeadLetter


@dataclass
class _Open:
    """A group while letters are added."""

    sample: DeadLetter
    count: int = 0
    types: set[str] = field(default_factory=set)
    first: str = ""


class LetterTally:
    """Groups letters one after the other; keeps the latest of each fault, of `most` faults.

    `cut`: there were letters of more faults, which are left out.
    """

    def __init__(self, most: float = math.inf) -> None:
        self._most = most
        self._groups: dict[str, _Open] = {}
        self.cut = False

    def add(self, letter: DeadLetter) -> None:
        """Count one letter."""
        fault = letter.fault
        one = self._groups.get(fault)
        if one is None:
            if len(self._groups) >= self._most:
                self.cut = True
                return
            one = self._groups[fault] = _Open(letter)
        one.count += 1
        if len(one.types) < MAX_TYPES:
            one.types.add(letter.type)
        if letter.first_failed_at:
            one.first = min(one.first or letter.first_failed_at, letter.first_failed_at)
        if letter.failed_at > one.sample.failed_at:
            one.sample = letter

    def groups(self) -> list[LetterGroup]:
        """The groups, the most first; the sample is the latest of each."""
        found = [
            LetterGroup(
                fault=fault,
                service=one.sample.service,
                count=one.count,
                types=tuple(sorted(one.types)),
                first=one.first,
                last=one.sample.failed_at,
                sample=one.sample,
            )
            for fault, one in self._groups.items()
        ]
        return sorted(found, key=lambda one: (-one.count, one.first))


def group(letters: Iterable[DeadLetter]) -> list[LetterGroup]:
    """Letters by their fault, the most first."""
    tally = LetterTally()
    for letter in letters:
        tally.add(letter)
    return tally.groups()
