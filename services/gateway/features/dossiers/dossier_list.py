"""The list of dossiers as the home page and its file show it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.gateway.features.dossiers.dossier_query import (
    DOWNLOAD,
    SIZES,
    SORT_NAMES,
    TAB_NAMES,
    Wanted,
)
from services.gateway.features.dossiers.filing_links import Office
from services.gateway.portal.dossier_texts import BADGES, COLUMNS, KINDS, TAB_TITLES, status_text
from shared.contracts.dossiers import DossierRow, DossiersView
from shared.i18n.catalogue import translate

#: Pages that are named on either side of the one that is shown.
NEIGHBOURS = 2


@dataclass(frozen=True, kw_only=True)
class Tab:
    """One tab; `count` is None where nobody could count."""

    title: str
    count: int | None
    href: str
    current: bool


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column; `order` is what `aria-sort` says, empty where rows do not go by it."""

    key: str
    name: str
    title: str
    href: str
    order: str


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One line of a list to choose from."""

    value: str
    text: str
    chosen: bool


@dataclass(frozen=True, kw_only=True)
class ShownRow:
    """One dossier: what it says, its status in words, and where it is seen (empty: nowhere)."""

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
class ShownList:
    """What the page says of one tab's rows."""

    none_at_all: bool
    total: int
    columns: list[Column]
    rows: list[ShownRow]
    kinds: list[Choice]
    statuses: list[Choice]
    sizes: list[Choice]
    pages: int
    page_links: list[PageLink]
    previous: str
    next: str
    download: str
    whole: str


def shown_tabs(wanted: Wanted, counts: Sequence[int] | None, lang: str) -> list[Tab]:
    """The four tabs; without counts where the list does not answer."""
    return [
        Tab(
            title=tab_title(tab, lang),
            count=None if counts is None else counts[place],
            href=wanted.whole(tab).address(),
            current=tab == wanted.tab,
        )
        for place, tab in enumerate(TAB_NAMES)
    ]


def tab_title(tab: str, lang: str) -> str:
    """The guide's title of a tab."""
    return translate(TAB_TITLES[tab], lang)


def shown_list(
    wanted: Wanted, view: DossiersView, office: Office, lang: str, names: Mapping[str, str]
) -> ShownList:
    """One page of one tab; `wanted` is at the page that was answered.

    `names` are those of the service and its operator, which titles of columns bear.
    """
    page, pages = view.page, view.pages
    return ShownList(
        none_at_all=not any(view.counts),
        total=view.total,
        columns=[_column(key, wanted, lang, names) for key in COLUMNS],
        rows=[_row(row, office, lang) for row in view.rows],
        kinds=[_choice(kind, wanted.kind, _kind_text(kind, lang)) for kind in wanted.kinds],
        statuses=_statuses(wanted, view.statuses, lang),
        sizes=[_choice(str(size), str(wanted.size), str(size)) for size in SIZES],
        pages=pages,
        page_links=[
            PageLink(number=number, href=wanted.at(number).address() if number else "")
            for number in page_numbers(page, pages)
        ],
        previous=wanted.at(page - 1).address() if page > 1 else "",
        next=wanted.at(page + 1).address() if page < pages else "",
        download=wanted.at(1).address(DOWNLOAD),
        whole=wanted.whole().address(),
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
    return [
        [
            row.kind,
            row.number,
            row.filed_on.isoformat() if row.filed_on else "",
            status_text(row.status, lang),
            row.establishment,
            row.medicine,
            row.dosage,
            row.pharmaceutical_form,
            row.decided_on.isoformat() if row.decided_on else "",
        ]
        for row in rows
    ]


def file_head(lang: str, names: Mapping[str, str]) -> list[str]:
    """The titles of the columns."""
    return [translate(title, lang, **names) for title in COLUMNS.values()]


def _column(key: str, wanted: Wanted, lang: str, names: Mapping[str, str]) -> Column:
    order = ""
    if key == wanted.sort:
        order = "descending" if wanted.descending else "ascending"
    return Column(
        key=key,
        name=SORT_NAMES[key],
        title=translate(COLUMNS[key], lang, **names),
        href=wanted.sorted_by(key).address(),
        order=order,
    )


def _row(row: DossierRow, office: Office, lang: str) -> ShownRow:
    return ShownRow(
        row=row,
        status=status_text(row.status, lang),
        badge=BADGES.get(row.status, ""),
        href=office.link(row),
    )


def _choice(value: str, chosen: str, text: str) -> Choice:
    return Choice(value=value, text=text, chosen=value == chosen)


def _kind_text(kind: str, lang: str) -> str:
    return f"{kind} ({translate(KINDS[kind], lang)})"


def _statuses(wanted: Wanted, found: Iterable[str], lang: str) -> list[Choice]:
    """Those of the tab, in its owner's order, and the one asked for even where no row has it."""
    known = dict.fromkeys((*found, wanted.status))
    return [_choice(status, wanted.status, status_text(status, lang)) for status in known if status]
