"""What a list may be asked for, and where one goes on in it. Pure.

Texts are sorted as they are read (case and accents last, numbers by value), statuses in the order
of a dossier's life, dates that are not there last. Rows alike go by `dossier_id`.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import msgspec

from services.dossiers.folding import fold
from shared.contracts.backoffice import KINDS
from shared.contracts.dossiers import SORTS, TABS, DossierRow, ListDossiers, ReadDossiers

#: The statuses of a dossier's life in their order; any other comes after them, by its text.
LIFE = (
    "draft",
    "filed",
    "under_review",
    "information_requested",
    "granted",
    "acknowledged",
    "refused",
    "withdrawn",
)
LARGEST_PAGE = 100
#: Further words of a search are not looked at.
MOST_WORDS = 10
LONGEST_SEARCH = 200
DATES = ("filed_on", "decided_on")


class NoSuchChoice(ValueError):
    """The request's field that says what cannot be chosen."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What is asked for: `tab` is its place in `TABS` or None for all, `words` are folded."""

    tab: int | None
    words: tuple[str, ...]
    kind: str
    status: str
    sort: str
    descending: bool


@dataclass(frozen=True)
class Place:
    """Behind which row to go on: its value of the column sorted by, and its id."""

    value: str
    dossier_id: str


def choose(request: ListDossiers | ReadDossiers) -> Choice:
    """The request as a choice; `NoSuchChoice` where there is no such choice."""
    whole = isinstance(request, ReadDossiers) and not request.tab
    if not whole and request.tab not in TABS:
        raise NoSuchChoice("tab")
    if request.sort not in SORTS:
        raise NoSuchChoice("sort")
    if request.kind and request.kind not in KINDS:
        raise NoSuchChoice("kind")
    if len(request.search) > LONGEST_SEARCH or "\0" in request.search:
        raise NoSuchChoice("search")
    if "\0" in request.status:
        raise NoSuchChoice("status")
    if isinstance(request, ListDossiers):
        if not 1 <= request.size <= LARGEST_PAGE:
            raise NoSuchChoice("size")
        if request.page < 1:
            raise NoSuchChoice("page")
    return Choice(
        tab=None if whole else TABS.index(request.tab),
        words=tuple(dict.fromkeys(fold(request.search).split()))[:MOST_WORDS],
        kind=request.kind,
        status=request.status,
        sort=request.sort,
        descending=request.descending,
    )


class Tally:
    """How many dossiers of an account are in which tab, of which kind and status."""

    def __init__(self, found: Iterable[tuple[int, str, str, int]]) -> None:
        self._found = list(found)

    @property
    def counts(self) -> tuple[int, ...]:
        """All of each tab."""
        counts: Counter[int] = Counter()
        for tab, _kind, _status, number in self._found:
            counts[tab] += number
        return tuple(counts[tab] for tab in range(len(TABS)))

    def statuses(self, choice: Choice) -> tuple[str, ...]:
        """Those that occur in the tab, in the order of a dossier's life."""
        there = {status for tab, _kind, status, _number in self._found if tab == choice.tab}
        return tuple(sorted(there, key=status_order))

    def matching(self, choice: Choice) -> int | None:
        """How many are chosen; None where the search has to be looked for."""
        if choice.words:
            return None
        return sum(
            number
            for tab, kind, status, number in self._found
            if tab == choice.tab and choice.kind in ("", kind) and choice.status in ("", status)
        )


def status_order(status: str) -> tuple[int, str]:
    """Where a status stands among others."""
    return (LIFE.index(status) if status in LIFE else len(LIFE), status)


def page_of(asked: int, size: int, total: int) -> tuple[int, int]:
    """The page to show, the last one at most, and how many there are, one at least."""
    pages = max(1, -(-total // size))
    return min(asked, pages), pages


def cursor_after(shown: tuple[DossierRow, date | str]) -> str:
    """What to ask with, to go on behind this row and its value of the column sorted by."""
    row, value = shown
    key = value.isoformat() if isinstance(value, date) else value
    return base64.urlsafe_b64encode(msgspec.json.encode([key, row.dossier_id])).decode()


def read_cursor(said: str, choice: Choice) -> Place | None:
    """Where to go on; `NoSuchChoice` for what no answer has said."""
    if not said:
        return None
    try:
        raw = base64.b64decode(said.encode(), altchars=b"-_", validate=True)
        value, dossier_id = msgspec.json.decode(raw, type=tuple[str, str])
        if choice.sort in DATES:
            date.fromisoformat(value)
    except (ValueError, msgspec.MsgspecError):
        raise NoSuchChoice("after") from None
    if "\0" in value + dossier_id:
        raise NoSuchChoice("after")
    return Place(value, dossier_id)
