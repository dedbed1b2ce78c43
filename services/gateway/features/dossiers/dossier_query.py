"""The query of the home page's URL, and the URLs that the page links to.

Pure. All of the page's state is in its URL, so that Back, a bookmark and the other language find
the same rows. Values that cannot be chosen on the page are ignored: an old or hand-made URL shows
a page, never an error (IN-04).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

from shared.contracts.dossiers import TABS, ListDossiers, ReadDossiers
from shared.domain.typed_text import UnsafeText, clean_text, max_typed_length

#: The names of tabs and columns in URLs.
TAB_NAMES = {
    "declarations_filed": "declarations-deposees",
    "declarations_processed": "declarations-traitees",
    "authorisations_filed": "autorisations-deposees",
    "authorisations_processed": "autorisations-traitees",
}
SORT_NAMES = {
    "kind": "type",
    "number": "fiche",
    "filed_on": "depot",
    "status": "statut",
    "establishment": "etablissement",
    "medicine": "medicament",
    "dosage": "dosage",
    "pharmaceutical_form": "forme",
    "decided_on": "decision",
}
#: Kinds that a tab may be filtered by; a tab with one kind has nothing to choose.
DECLARATIONS = ("DEI", "DEC")
#: Columns sorted by the latest first.
DATES = ("filed_on", "decided_on")
SIZES = (10, 20, 50, 100)
MAX_SEARCH = 100
MAX_STATUS = 200
MAX_FIELDS = 50
ORDERS = {"croissant": False, "decroissant": True}
PAGE = re.compile(r"[1-9][0-9]{0,6}")

_TABS = {name: tab for tab, name in TAB_NAMES.items()}
_SORTS = {name: sort for sort, name in SORT_NAMES.items()}


@dataclass(frozen=True, kw_only=True)
class DossierQuery:
    """One page of one tab, searched, filtered and sorted; the words are those of the contract."""

    tab: str = TABS[0]
    search: str = ""
    kind: str = ""
    status: str = ""
    sort: str = "filed_on"
    descending: bool = True
    page: int = 1
    size: int = 20

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds that this tab may be filtered by."""
        return DECLARATIONS if self.tab.startswith("declarations") else ()

    @property
    def narrowed(self) -> bool:
        """Whether some rows of the tab may be left out."""
        return bool(self.search or self.kind or self.status)

    def reset_filters(self, tab: str = "") -> "DossierQuery":
        """A tab with all its rows, as many on a page as now, in the usual order."""
        return DossierQuery(tab=tab or self.tab, size=self.size)

    def sorted_by(self, sort: str) -> "DossierQuery":
        """By another column, or by the same one the other way round; from the first page."""
        turned = not self.descending if sort == self.sort else sort in DATES
        return replace(self, sort=sort, descending=turned, page=1)

    def with_page(self, page: int) -> "DossierQuery":
        """Another page of the same rows."""
        return replace(self, page=page)

    def url(self, path: str) -> str:
        """The URL of these rows below `path`."""
        query = self.query_string()
        return f"{path}?{query}" if query else path

    def query_string(self) -> str:
        """The query of the URL; defaults are left out."""
        usual = DossierQuery(descending=self.sort in DATES)._values()
        given = {name: value for name, value in self._values().items() if value != usual[name]}
        return urlencode(given)

    def _values(self) -> dict[str, str | int]:
        """The fields of the URL."""
        return {
            "onglet": TAB_NAMES[self.tab],
            "recherche": self.search,
            "type": self.kind,
            "statut": self.status,
            "tri": SORT_NAMES[self.sort],
            "sens": order_name(self.descending),
            "page": self.page,
            "taille": self.size,
        }

    def list_request(self, account_id: str) -> ListDossiers:
        """The request for one page of the rows."""
        return ListDossiers(
            account_id=account_id, page=self.page, size=self.size, **self._filters()
        )

    def read_request(self, account_id: str, after: str = "") -> ReadDossiers:
        """The request for all rows, some at a time; `after` is where the reply before ended."""
        return ReadDossiers(account_id=account_id, after=after, **self._filters())

    def _filters(self) -> dict[str, Any]:
        names = ("tab", "search", "kind", "status", "sort", "descending")
        return {name: getattr(self, name) for name in names}


def order_name(descending: bool) -> str:
    """How addresses name a direction."""
    return "decroissant" if descending else "croissant"


def parse_query(query: str) -> "DossierQuery":
    """The query of a URL; of a field given twice, the first."""
    try:
        pairs = parse_qsl(query, max_num_fields=MAX_FIELDS)
    except ValueError:
        return DossierQuery()
    given = dict(reversed(pairs))
    tab = _TABS.get(given.get("onglet", ""), TABS[0])
    sort = _SORTS.get(given.get("tri", ""), "filed_on")
    wanted = DossierQuery(
        tab=tab,
        search=_line(given.get("recherche", ""))[:MAX_SEARCH].strip(),
        status=_status(given.get("statut", "")),
        sort=sort,
        descending=ORDERS.get(given.get("sens", ""), sort in DATES),
        page=_number(given, "page", 1),
        size=_number(given, "taille", 20),
    )
    kind = given.get("type", "")
    if wanted.size not in SIZES:
        wanted = replace(wanted, size=20)
    return replace(wanted, kind=kind) if kind in wanted.kinds else wanted


def _number(given: Mapping[str, str], name: str, usual: int) -> int:
    text = given.get(name, "")
    return int(text) if PAGE.fullmatch(text) else usual


def _line(text: str) -> str:
    """One line without signs that cannot be seen; a text that stacks marks upon marks finds
    nothing."""
    try:
        text = clean_text(text[: max_typed_length("search")], max_typed_length("search"))
    except UnsafeText:
        return ""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())


def _status(text: str) -> str:
    return text if "\0" not in text and len(text) <= MAX_STATUS else ""
