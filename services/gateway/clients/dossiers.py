"""The list of dossiers. Nothing in it is sealed: it is what the person filed themselves."""

from typing import cast

from services.gateway.clients.rpc import RpcSender
from shared.contracts import dossiers

#: The requests of this client.
CALLS = (dossiers.ListDossiers, dossiers.ReadDossiers)


class Dossiers:
    """Every method may raise `RequestTimeout` or `ServiceUnavailable`."""

    def __init__(self, sender: RpcSender) -> None:
        self._sender = sender

    async def page(self, request: dossiers.ListDossiers) -> dossiers.DossiersView:
        """One page of one tab, with the counts of all four."""
        return cast(dossiers.DossiersView, await self._sender.ask(request))

    async def rows(self, request: dossiers.ReadDossiers) -> dossiers.DossierRowsView:
        """The rows of a whole tab, some at a time."""
        return cast(dossiers.DossierRowsView, await self._sender.ask(request))
