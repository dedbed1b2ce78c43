"""Handlers: events about dossiers in any order (G-43), lists for the home page (G-41, G-42)."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from services.dossiers import store
from services.dossiers.dossier_updates import from_event
from services.dossiers.list_query import (
    InvalidParameter,
    StatusCounts,
    cursor_after,
    page_of,
    parse_cursor,
    parse_query,
)
from services.dossiers.outcomes import Deps, accepted
from shared.contracts.backoffice import DossierEvent
from shared.contracts.base import Refusal
from shared.contracts.dossiers import (
    MAX_ROWS,
    DossierRowsView,
    DossiersView,
    ListDossiers,
    ReadDossiers,
)
from shared.messaging.envelope import Envelope
from shared.messaging.handlers import Refused, RequestContext, SqlEffect


def update_dossier(event: DossierEvent, envelope: Envelope, now: datetime, deps: Deps) -> SqlEffect:
    """Save the parts of the event that are newer than ours. Raises `Reject` if it is invalid.

    The account need not be known. The same statement notifies the publisher.
    """
    update = from_event(event, envelope.subject, now)
    message = store.Message(envelope.publisher, envelope.id, envelope.type, now)
    return store.upsert(update, message, accepted(update, envelope, now, deps))


async def list_dossiers(request: ListDossiers, context: RequestContext[Deps]) -> DossiersView:
    """A page of one tab, with counts and statuses; an account without dossiers has empty tabs."""
    with _refuse_invalid():
        query = parse_query(request)
    counts = StatusCounts(await store.count_by_status(context.tx, request.account_id))
    total = counts.matching(query)
    if total is None:
        total = await store.count(context.tx, request.account_id, query)
    page, pages = page_of(request.page, request.size, total)
    offset = (page - 1) * request.size
    found = await store.read_rows(
        context.tx, request.account_id, query, limit=request.size, offset=offset
    )
    return DossiersView(
        rows=tuple(row for row, _sort_key in found),
        page=page,
        pages=pages,
        total=total,
        counts=counts.by_tab,
        statuses=counts.statuses(query),
    )


async def read_dossiers(request: ReadDossiers, context: RequestContext[Deps]) -> DossierRowsView:
    """The next rows. Only a dossier that changes in between may be missing or appear twice."""
    with _refuse_invalid():
        query = parse_query(request)
        after = parse_cursor(request.after, query)
    found = await store.read_rows(
        context.tx, request.account_id, query, limit=MAX_ROWS + 1, after=after
    )
    shown = found[:MAX_ROWS]
    more = len(found) > MAX_ROWS
    return DossierRowsView(
        rows=tuple(row for row, _sort_key in shown),
        after=cursor_after(shown[-1]) if more else None,
    )


@contextmanager
def _refuse_invalid() -> Iterator[None]:
    """Turn an invalid parameter into a refusal."""
    try:
        yield
    except InvalidParameter as error:
        raise Refused(Refusal(slug="unknown_choice", params={"field": error.field})) from None
