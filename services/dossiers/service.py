"""The list of dossiers as data, and what its handlers are given: the composition root."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from services.dossiers.handlers import events, queries
from services.dossiers.settings import DossiersSettings
from shared.contracts import backoffice
from shared.contracts.dossiers import ListDossiers, ReadDossiers
from shared.messaging.handlers import answers, hears_sql
from shared.runtime.service import Runtime, Service


@asynccontextmanager
async def build(_runtime: Runtime, _settings: DossiersSettings) -> AsyncIterator[None]:
    """Nothing of its own: events come in, the list goes out."""
    yield None


SERVICE = Service(
    name="dossiers",
    settings=DossiersSettings,
    build=build,
    migrations=Path(__file__).parent / "migrations",
    hears=(
        hears_sql(backoffice.DossierSaved, events.keep),
        hears_sql(backoffice.DossierFiled, events.keep),
        hears_sql(backoffice.DossierStatusChanged, events.keep),
        hears_sql(backoffice.DossierDecided, events.keep),
        hears_sql(backoffice.DossierWithdrawn, events.keep),
    ),
    answers=(
        answers(ListDossiers, queries.list_dossiers),
        answers(ReadDossiers, queries.read_dossiers),
    ),
)
