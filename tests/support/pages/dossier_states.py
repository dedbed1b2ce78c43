"""The states of the home page: lists of dossiers, full, empty and unavailable."""

from datetime import date
from types import SimpleNamespace
from typing import Any

import msgspec

from services.gateway.app import PAGES
from services.gateway.features.dossiers.dossier_list import list_view, tab_title, tab_views
from services.gateway.features.dossiers.dossier_query import TAB_NAMES, DossierQuery
from services.gateway.features.dossiers.filing_links import FilingLinks
from services.gateway.http.routes import Routes
from shared.contracts.dossiers import TABS, DossierRow, DossiersView
from tests.support.pages.page_basis import BRAND, State, me
from tests.support.pages.sign_in_states import flash

FILING_LINKS = FilingLinks(
    "https://office.example/depot?de=impexweb", "https://office.example/dossiers/{dossier_id}"
)
USUAL = DossierQuery()
FILED = DossierRow(
    dossier_id="7b0c9a52-6f1d-4a55-9a94-3f2c64d0a001",
    kind="DEI",
    number="DEI-2026-001874",
    status="under_review",
    establishment="Pharmacie des Lilas",
    medicine="Amoxicilline Exemple 500 mg, gélule",
    dosage="500 mg",
    pharmaceutical_form="Gélule",
    filed_on=date(2026, 11, 2),
)
DRAFT = DossierRow(
    dossier_id="7b0c9a52-6f1d-4a55-9a94-3f2c64d0a002",
    kind="DEC",
    number="",
    status="draft",
    establishment="Pharmacie des Lilas",
    medicine="Paracétamol Exemple",
    dosage="",
    pharmaceutical_form="",
)
DECIDED = msgspec.structs.replace(
    FILED,
    dossier_id="7b0c9a52-6f1d-4a55-9a94-3f2c64d0a003",
    number="DEI-2026-000912",
    status="acknowledged",
    decided_on=date(2026, 10, 1),
    filed_on=date(2026, 9, 14),
)
STATUSES = (
    "filed",
    "under_review",
    "information_requested",
    "granted",
    "acknowledged",
    "refused",
    "withdrawn",
    "En attente d'avis",
)
#: Hostile fields of events: mark-up, right-to-left text, unbreakable words.
HOSTILE = DossierRow(
    dossier_id="../../a?b=c&d#e",
    kind="DEI",
    number="<script>alert(1)</script>",
    status='"><img src=x onerror=alert(1)>',
    establishment="شركة الأدوية المثالية (ش.م.م)",
    medicine="M" * 200,
    dosage="=1+1",
    pharmaceutical_form="Comprimé pelliculé sécable à libération prolongée " * 4,
    filed_on=date(2026, 1, 1),
)
ROUTES = Routes(PAGES)


def view(*rows: DossierRow, counts: tuple[int, ...] = (2, 1, 0, 0), **more: Any) -> DossiersView:
    """An answer of the list."""
    known = {
        "rows": rows,
        "page": 1,
        "pages": 1,
        "total": len(rows),
        "counts": counts,
        "statuses": tuple({row.status: None for row in rows}),
    }
    return DossiersView(**{**known, **more})


def _home(
    name: str,
    found: DossiersView | None,
    query: DossierQuery = USUAL,
    links: FilingLinks = FILING_LINKS,
    who: SimpleNamespace | None = None,
    **more: Any,
) -> State:
    def localized(lang: str) -> dict[str, Any]:
        return {
            "title": tab_title(query.tab, lang),
            "tabs": tab_views(query, found.counts if found else None, lang, "/accueil"),
            "shown": list_view(query, found, links, lang, ROUTES.url, BRAND.names(lang))
            if found
            else None,
        }

    given = {
        "query": query,
        "tab_name": TAB_NAMES[query.tab],
        "filing_url": links.filing_url,
        **more,
    }
    return State(
        name,
        "home.html",
        given,
        query.url("/accueil"),
        me=who or me(validated=True),
        localized=localized,
    )


def _many(count: int) -> tuple[DossierRow, ...]:
    return tuple(
        msgspec.structs.replace(
            FILED,
            number=f"DEI-2026-{number:06}",
            kind=("DEI", "DEC")[number % 2],
            status=STATUSES[number % len(STATUSES)],
        )
        for number in range(count)
    )


def at_home() -> list[State]:
    """The home page: empty, rows of every look, searches, pages, and the list unavailable."""
    nothing = (0, 0, 0, 0)
    search = DossierQuery(search="doliprane 1000", status="filed")
    imports = DossierQuery(tab=TABS[3], sort="decided_on")
    import_row = msgspec.structs.replace(DECIDED, kind="AI", number="AI-2026-000031")
    pages = DossierQuery(page=5, size=10, sort="medicine", descending=False)
    many = view(*_many(10), page=5, pages=1_235, total=12_345, counts=(12_345, 1_874, 3, 0))
    return [
        _home("home", view(counts=nothing), links=FilingLinks()),
        _home("home-filing", view(counts=nothing)),
        _home("home-enrolled", view(counts=nothing), **flash("enrolled")),
        _home("home-unnamed", view(counts=nothing), who=me(name="", validated=True)),
        _home("home-empty_tab", view(counts=(0, 1, 0, 0))),
        _home("home-rows", view(FILED, DRAFT)),
        _home("home-no_links", view(FILED, DRAFT), links=FilingLinks()),
        _home("home-decided", view(import_row, counts=(2, 1, 0, 1)), imports),
        _home("home-no_match", view(total=0), search),
        _home("home-pages", many, pages),
        _home("home-hostile", view(HOSTILE), DossierQuery(search='"><script>alert(1)</script>')),
        _home("home-to_validate", view(FILED, DRAFT), who=me(validated=False)),
        _home("home-unavailable", None),
    ]
