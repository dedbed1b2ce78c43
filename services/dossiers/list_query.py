"""Parses and checks the parameters of a list; pages, cursors and counts. Pure.

Texts are sorted by the collation `as_read` (case and accents last, numbers by value), statuses in
the order of a dossier's life cycle, missing dates last. Ties are sorted by `dossier_id`.
"""

import base64
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import msgspec

from services.dossiers.search_text import normalize
from shared.contracts.backoffice import KINDS
from shared.contracts.dossiers import SORTS, TABS, DossierRow, ListDossiers, ReadDossiers
from shared.domain.typed_text import UnsafeText

#: The statuses in the order of a dossier's life cycle; others come last, by their text.
STATUS_ORDER = (
    "draft",
    "filed",
    "under_review",
    "information_requested",
    "granted",
    "acknowledged",
    "refused",
    "withdrawn",
)
MAX_PAGE_SIZE = 100
#: Further words of a search are ignored.
MAX_WORDS = 10
MAX_SEARCH_LENGTH = 200
DATE_COLUMNS = ("filed_on", "decided_on")


class InvalidParameter(ValueError):
    """A field of the request has an invalid value."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


@dataclass(frozen=True, kw_only=True)
class ListQuery:
    """Checked parameters: `tab` is an index of `TABS` or None for all, `words` are normalized."""

    tab: int | None
    words: tuple[str, ...]
    kind: str
    status: str
    sort: str
    descending: bool


@dataclass(frozen=True)
class Cursor:
    """The row to continue after: its sort key and its id."""

    value: str
    dossier_id: str


def parse_query(request: ListDossiers | ReadDossiers) -> ListQuery:
    """The parameters of a request. Raises `InvalidParameter`."""
    all_tabs = isinstance(request, ReadDossiers) and not request.tab
    valid = {
        "tab": all_tabs or request.tab in TABS,
        "sort": request.sort in SORTS,
        "kind": request.kind in ("", *KINDS),
        "search": len(request.search) <= MAX_SEARCH_LENGTH and "\0" not in request.search,
        "status": "\0" not in request.status,
    }
    if isinstance(request, ListDossiers):
        valid["size"] = 1 <= request.size <= MAX_PAGE_SIZE
        valid["page"] = request.page >= 1
    for field, is_valid in valid.items():
        if not is_valid:
            raise InvalidParameter(field)
    return ListQuery(
        tab=None if all_tabs else TABS.index(request.tab),
        words=_words(request.search),
        kind=request.kind,
        status=request.status,
        sort=request.sort,
        descending=request.descending,
    )


def _words(search: str) -> tuple[str, ...]:
    try:
        return tuple(dict.fromkeys(normalize(search).split()))[:MAX_WORDS]
    except UnsafeText:
        raise InvalidParameter("search") from None


class StatusCounts:
    """The dossiers of an account, counted by (tab, kind, status)."""

    def __init__(self, rows: Iterable[tuple[int, str, str, int]]) -> None:
        self._rows = list(rows)

    @property
    def by_tab(self) -> tuple[int, ...]:
        """The number of dossiers in each tab."""
        counts: Counter[int] = Counter()
        for tab, _kind, _status, number in self._rows:
            counts[tab] += number
        return tuple(counts[tab] for tab in range(len(TABS)))

    def statuses(self, query: ListQuery) -> tuple[str, ...]:
        """The statuses that occur in the tab, in the order of a dossier's life cycle."""
        occurring = {status for tab, _kind, status, _number in self._rows if tab == query.tab}
        return tuple(sorted(occurring, key=status_order))

    def matching(self, query: ListQuery) -> int | None:
        """How many dossiers match; None for a search, which has to be counted in the database."""
        if query.words:
            return None
        return sum(
            number
            for tab, kind, status, number in self._rows
            if tab == query.tab and query.kind in ("", kind) and query.status in ("", status)
        )


def status_order(status: str) -> tuple[int, str]:
    """The sort key of a status."""
    return (
        STATUS_ORDER.index(status) if status in STATUS_ORDER else len(STATUS_ORDER),
        status,
    )


def page_of(requested: int, size: int, total: int) -> tuple[int, int]:
    """(page to show, number of pages): at most the last page, at least one page."""
    pages = max(1, -(-total // size))
    return min(requested, pages), pages


def cursor_after(last: tuple[DossierRow, date | str]) -> str:
    """The cursor after this row with this sort key."""
    row, sort_key = last
    value = sort_key.isoformat() if isinstance(sort_key, date) else sort_key
    return base64.urlsafe_b64encode(msgspec.json.encode([value, row.dossier_id])).decode()


def parse_cursor(text: str, query: ListQuery) -> Cursor | None:
    """The cursor in `text`, or None if it is empty. Raises `InvalidParameter`."""
    if not text:
        return None
    try:
        raw = base64.b64decode(text.encode(), altchars=b"-_", validate=True)
        value, dossier_id = msgspec.json.decode(raw, type=tuple[str, str])
        if query.sort in DATE_COLUMNS:
            date.fromisoformat(value)
    except (ValueError, msgspec.MsgspecError):
        raise InvalidParameter("after") from None
    if "\0" in value + dossier_id:
        raise InvalidParameter("after")
    return Cursor(value, dossier_id)
