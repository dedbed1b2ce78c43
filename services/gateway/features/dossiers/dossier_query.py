"""What the address of the home page asks for, and the addresses of what it may ask for next.

Pure. All of the page's state is in its address, so that Back, a bookmark and the other language
find the same rows. Whatever nobody could have chosen on the page is read as if it were not there:
an old or hand-made address shows a page, never an error (IN-04).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlencode

from shared.contracts.dossiers import TABS

HOME = "/accueil"
DOWNLOAD = "/accueil/dossiers.csv"

#: How addresses name the tabs and the columns.
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
#: Columns whose latest, not first, is what one looks for.
DATES = ("filed_on", "decided_on")
SIZES = (10, 20, 50, 100)
LONGEST_SEARCH = 100
LONGEST_STATUS = 200
MOST_FIELDS = 50
ORDERS = {"croissant": False, "decroissant": True}
PAGE = re.compile(r"[1-9][0-9]{0,6}")

_TABS = {name: tab for tab, name in TAB_NAMES.items()}
_SORTS = {name: sort for sort, name in SORT_NAMES.items()}


@dataclass(frozen=True, kw_only=True)
class Wanted:
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

    def whole(self, tab: str = "") -> Wanted:
        """A tab with all its rows, as many on a page as now, in the usual order."""
        return Wanted(tab=tab or self.tab, size=self.size)

    def sorted_by(self, sort: str) -> Wanted:
        """By another column, or by the same one the other way round; from the first page."""
        turned = not self.descending if sort == self.sort else sort in DATES
        return replace(self, sort=sort, descending=turned, page=1)

    def at(self, page: int) -> Wanted:
        """Another page of the same rows."""
        return replace(self, page=page)

    def address(self, path: str = HOME) -> str:
        """Where this is; what is usual is left out."""
        usual = Wanted()
        given: dict[str, str | int] = {}
        if self.tab != usual.tab:
            given["onglet"] = TAB_NAMES[self.tab]
        if self.search:
            given["recherche"] = self.search
        if self.kind:
            given["type"] = self.kind
        if self.status:
            given["statut"] = self.status
        if self.sort != usual.sort:
            given["tri"] = SORT_NAMES[self.sort]
        if self.descending != (self.sort in DATES):
            given["sens"] = order_name(self.descending)
        if self.page != usual.page:
            given["page"] = self.page
        if self.size != usual.size:
            given["taille"] = self.size
        return f"{path}?{urlencode(given)}" if given else path


def order_name(descending: bool) -> str:
    """How addresses name a direction."""
    return "decroissant" if descending else "croissant"


def read_wanted(query: str) -> Wanted:
    """What an address asks for after its question mark; of a field given twice, the first."""
    try:
        pairs = parse_qsl(query, max_num_fields=MOST_FIELDS)
    except ValueError:
        return Wanted()
    given = dict(reversed(pairs))
    tab = _TABS.get(given.get("onglet", ""), TABS[0])
    sort = _SORTS.get(given.get("tri", ""), "filed_on")
    wanted = Wanted(
        tab=tab,
        search=_line(given.get("recherche", ""))[:LONGEST_SEARCH].strip(),
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
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())


def _status(text: str) -> str:
    return text if "\0" not in text and len(text) <= LONGEST_STATUS else ""
