"""The list of dossiers as the home page and its file show it. Pure.

The file opens in any spreadsheet and is inert (IN-06): UTF-8 with its mark, formulas escaped.
Semicolons separate fields, as spreadsheets in French and other languages of the continent expect:
the comma is their decimal sign. The rest is RFC 4180: CRLF, quotes doubled.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from msgspec.structs import asdict

from services.gateway.features.dossiers.dossier_query import (
    SIZES,
    SORT_NAMES,
    TAB_NAMES,
    DossierQuery,
)
from services.gateway.features.dossiers.filing_links import FilingLinks
from services.gateway.portal.dossier_texts import BADGES, COLUMNS, KINDS, TAB_TITLES, status_text
from shared.contracts.dossiers import DossierRow, DossiersView
from shared.i18n.catalogue import translate

#: Links to pages on either side of the current one.
NEIGHBOURS = 2


@dataclass(frozen=True, kw_only=True)
class TabView:
    """One tab; `count` is None where the list is unavailable."""

    title: str
    count: int | None
    href: str
    current: bool


@dataclass(frozen=True, kw_only=True)
class ColumnView:
    """One column; `order` is the value of `aria-sort`, empty where rows are not sorted by it."""

    key: str
    name: str
    title: str
    href: str
    order: str


@dataclass(frozen=True, kw_only=True)
class Option:
    """One line of a list to choose from."""

    value: str
    text: str
    chosen: bool


@dataclass(frozen=True, kw_only=True)
class RowView:
    """One dossier: its row, its status in words, its link (empty: none)."""

    row: DossierRow
    status: str
    badge: str
    href: str


@dataclass(frozen=True, kw_only=True)
class PageLink:
    """One page of the rows; `href` is empty where pages are left out."""

    number: int
    href: str


@dataclass(frozen=True, kw_only=True)
class ListView:
    """What the page shows of one tab."""

    none_at_all: bool
    total: int
    columns: list[ColumnView]
    rows: list[RowView]
    kinds: list[Option]
    statuses: list[Option]
    sizes: list[Option]
    pages: int
    page_links: list[PageLink]
    previous: str
    next: str
    download: str
    whole: str


def tab_views(
    query: DossierQuery, counts: Sequence[int] | None, lang: str, home: str
) -> list[TabView]:
    """The four tabs; without counts where the list does not answer."""
    return [
        TabView(
            title=tab_title(tab, lang),
            count=None if counts is None else counts[place],
            href=query.reset_filters(tab).url(home),
            current=tab == query.tab,
        )
        for place, tab in enumerate(TAB_NAMES)
    ]


def tab_title(tab: str, lang: str) -> str:
    """The guide's title of a tab."""
    return translate(TAB_TITLES[tab], lang)


def list_view(
    query: DossierQuery,
    view: DossiersView,
    links: FilingLinks,
    lang: str,
    url: Callable[[str], str],
    names: Mapping[str, str],
) -> ListView:
    """One page of one tab; `query` is at the page that was answered.

    `names` are those of the service and its operator, for the titles of columns.
    """
    page, pages, home = view.page, view.pages, url("home")
    return ListView(
        none_at_all=not any(view.counts),
        total=view.total,
        columns=[_column(key, query, lang, home, names) for key in COLUMNS],
        rows=[_row(row, links, lang) for row in view.rows],
        kinds=[_option(kind, query.kind, _kind_text(kind, lang)) for kind in query.kinds],
        statuses=_statuses(query, view.statuses, lang),
        sizes=[_option(str(size), str(query.size), str(size)) for size in SIZES],
        pages=pages,
        page_links=[
            PageLink(number=number, href=query.with_page(number).url(home) if number else "")
            for number in page_numbers(page, pages)
        ],
        previous=query.with_page(page - 1).url(home) if page > 1 else "",
        next=query.with_page(page + 1).url(home) if page < pages else "",
        download=query.with_page(1).url(url("dossiers_file")),
        whole=query.reset_filters().url(home),
    )


def page_numbers(page: int, pages: int) -> list[int]:
    """The pages to name: the first, the last, those around this one; 0 where some are left out."""
    near = range(max(1, page - NEIGHBOURS), min(pages, page + NEIGHBOURS) + 1)
    found = sorted({1, *near, max(pages, 1)})
    named: list[int] = []
    for number in found:
        if named and number - named[-1] == 2:
            named.append(number - 1)
        elif named and number - named[-1] > 2:
            named.append(0)
        named.append(number)
    return named


def file_rows(rows: Iterable[DossierRow], lang: str) -> list[list[str]]:
    """Rows of the file: the columns of the page; days as 2026-11-25, which every spreadsheet takes
    for a day whatever its language."""
    shown = [asdict(row) | {"status": status_text(row.status, lang)} for row in rows]
    return [[str(row[key] or "") for key in COLUMNS] for row in shown]


def file_head(lang: str, names: Mapping[str, str]) -> list[str]:
    """The titles of the columns."""
    return [translate(title, lang, **names) for title in COLUMNS.values()]


def _column(
    key: str, query: DossierQuery, lang: str, home: str, names: Mapping[str, str]
) -> ColumnView:
    order = ""
    if key == query.sort:
        order = "descending" if query.descending else "ascending"
    return ColumnView(
        key=key,
        name=SORT_NAMES[key],
        title=translate(COLUMNS[key], lang, **names),
        href=query.sorted_by(key).url(home),
        order=order,
    )


def _row(row: DossierRow, links: FilingLinks, lang: str) -> RowView:
    return RowView(
        row=row,
        status=status_text(row.status, lang),
        badge=BADGES.get(row.status, ""),
        href=links.link(row),
    )


def _option(value: str, chosen: str, text: str) -> Option:
    return Option(value=value, text=text, chosen=value == chosen)


def _kind_text(kind: str, lang: str) -> str:
    return f"{kind} ({translate(KINDS[kind], lang)})"


def _statuses(query: DossierQuery, found: Iterable[str], lang: str) -> list[Option]:
    """The statuses of the tab, and the selected one even where no row has it."""
    known = dict.fromkeys((*found, query.status))
    return [_option(status, query.status, status_text(status, lang)) for status in known if status]
