"""The list of dossiers on a real database, the application that says what becomes of them, and a
clock to move."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from services.dossiers.service import SERVICE
from shared.contracts import backoffice as words
from shared.contracts.dossiers import DossierRow, DossiersView, ListDossiers, ReadDossiers
from shared.database import open_pool
from shared.secrets import KeyRing, Sealer, new_key
from tests.support.room import Room
from tests.support.servers import Database

#: When things were said, and the moment of the test.
START = datetime(2026, 1, 15, 12, tzinfo=UTC)
NOW = datetime(2026, 4, 1, 12, tzinfo=UTC)
MINE = str(uuid4())


KEYS = KeyRing.parse(new_key())


@dataclass
class Shelf(Room):
    """Somebody at the gateway's side of the list, and the application that tells of dossiers."""

    async def tell(self, event: words.DossierEvent, account: str | None = MINE) -> None:
        """What the other application says."""
        await self.hear(event, account)

    async def list(self, tab: str = "authorisations_filed", **more: Any) -> DossiersView:
        """A page of a tab."""
        request = ListDossiers(**{"account_id": MINE, "tab": tab} | more)
        view: DossiersView = await self.ask(request)
        return view

    async def row(self, dossier_id: str = "d1", account: str = MINE) -> DossierRow | None:
        """One dossier, in whatever tab it is."""
        view = await self.ask(ReadDossiers(account_id=account))
        found = {row.dossier_id: row for row in view.rows}
        return found.get(dossier_id)


def _told(dossier_id: str, version: int, more: dict[str, Any]) -> dict[str, Any]:
    told = {"dossier_id": dossier_id, "version": version, "kind": "AI"}
    return told | {"number": f"26-{dossier_id}"} | more


def _filled(more: dict[str, Any]) -> dict[str, Any]:
    return {
        "establishment": "Pharmacie du Marché",
        "medicine": "Paracétamol Exemple",
        "dosage": "500 mg",
        "pharmaceutical_form": "comprimé",
    } | more


def saved(dossier_id: str = "d1", version: int = 1, **more: Any) -> words.DossierSaved:
    """A draft."""
    more = {"saved_at": START, "number": ""} | more
    return words.DossierSaved(**_told(dossier_id, version, _filled(more)))


def filed(dossier_id: str = "d1", version: int = 2, **more: Any) -> words.DossierFiled:
    """The dossier is filed."""
    more = {"filed_at": START} | more
    return words.DossierFiled(**_told(dossier_id, version, _filled(more)))


def changed(dossier_id: str = "d1", version: int = 3, **more: Any) -> words.DossierStatusChanged:
    """Somebody looks at it."""
    more = {"status": "under_review", "changed_at": START} | more
    return words.DossierStatusChanged(**_told(dossier_id, version, more))


def decided(dossier_id: str = "d1", version: int = 4, **more: Any) -> words.DossierDecided:
    """It is granted."""
    more = {"status": "granted", "decided_at": START} | more
    return words.DossierDecided(**_told(dossier_id, version, more))


def withdrawn(dossier_id: str = "d1", version: int = 5, **more: Any) -> words.DossierWithdrawn:
    """The applicant takes it back."""
    return words.DossierWithdrawn(**_told(dossier_id, version, {"withdrawn_at": START} | more))


@asynccontextmanager
async def open_shelf(database: Database, now: datetime = NOW) -> AsyncIterator[Shelf]:
    """A list of dossiers on a database whose tables it empties first."""
    pool = await open_pool(database.url("dossiers"), "dossiers", "tests", 10)
    shelf = Shelf(service=SERVICE, pool=pool, now=now, sealer=Sealer("dossiers", KEYS))
    try:
        await shelf.empty("dossiers")
        yield shelf
    finally:
        await pool.close()
