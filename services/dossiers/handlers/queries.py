"""The list, as the home page and its download ask for it (G-41, G-42)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from services.dossiers import store
from services.dossiers.lists import (
    NoSuchChoice,
    Tally,
    choose,
    cursor_after,
    page_of,
    read_cursor,
)
from shared.contracts.base import Refusal
from shared.contracts.dossiers import (
    MOST_ROWS,
    DossierRowsView,
    DossiersView,
    ListDossiers,
    ReadDossiers,
)
from shared.messaging.handlers import Refused, RequestContext


async def list_dossiers(request: ListDossiers, context: RequestContext[None]) -> DossiersView:
    """A page of one tab with what is around it; an account without dossiers has empty tabs."""
    with _choosing():
        choice = choose(request)
    tally = Tally(await store.tally(context.tx, request.account_id))
    total = tally.matching(choice)
    if total is None:
        total = await store.count(context.tx, request.account_id, choice)
    page, pages = page_of(request.page, request.size, total)
    skipped = (page - 1) * request.size
    found = await store.rows(
        context.tx, request.account_id, choice, limit=request.size, skipped=skipped
    )
    return DossiersView(
        rows=tuple(row for row, _key in found),
        page=page,
        pages=pages,
        total=total,
        counts=tally.counts,
        statuses=tally.statuses(choice),
    )


async def read_dossiers(request: ReadDossiers, context: RequestContext[None]) -> DossierRowsView:
    """The next rows. A dossier that changes in between may be left out or come twice; the others
    do neither."""
    with _choosing():
        choice = choose(request)
        after = read_cursor(request.after, choice)
    found = await store.rows(
        context.tx, request.account_id, choice, limit=MOST_ROWS + 1, after=after
    )
    shown = found[:MOST_ROWS]
    more = len(found) > MOST_ROWS
    return DossierRowsView(
        rows=tuple(row for row, _key in shown),
        after=cursor_after(shown[-1]) if more else None,
    )


@contextmanager
def _choosing() -> Iterator[None]:
    """Refuse what cannot be chosen."""
    try:
        yield
    except NoSuchChoice as error:
        raise Refused(Refusal(slug="unknown_choice", params={"field": error.field})) from None
