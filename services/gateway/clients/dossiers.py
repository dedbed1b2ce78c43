"""The list of dossiers, asked. Nothing in it is sealed: it is what the person filed themselves."""

from __future__ import annotations

from typing import cast

from services.gateway.clients.rpc import Asker
from services.gateway.features.dossiers.dossier_query import Wanted
from shared.contracts import dossiers as words


class Dossiers:
    """The list of dossiers, asked; every method may raise `RequestTimeout` or
    `ServiceUnavailable`.
    """

    def __init__(self, asker: Asker) -> None:
        self._asker = asker

    async def page(self, account_id: str, wanted: Wanted) -> words.DossiersView:
        """One page of one tab, with the counts of all four."""
        request = words.ListDossiers(
            account_id=account_id,
            tab=wanted.tab,
            search=wanted.search,
            kind=wanted.kind,
            status=wanted.status,
            sort=wanted.sort,
            descending=wanted.descending,
            page=wanted.page,
            size=wanted.size,
        )
        return cast(words.DossiersView, await self._asker.ask(request))

    async def rows(self, account_id: str, wanted: Wanted, after: str = "") -> words.DossierRowsView:
        """The rows of a whole tab, some at a time; `after` is what the answer before said."""
        request = words.ReadDossiers(
            account_id=account_id,
            tab=wanted.tab,
            search=wanted.search,
            kind=wanted.kind,
            status=wanted.status,
            sort=wanted.sort,
            descending=wanted.descending,
            after=after,
        )
        return cast(words.DossierRowsView, await self._asker.ask(request))
