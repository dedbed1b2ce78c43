"""The dossiers service as data: the composition root."""

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
    """The handlers have no dependencies."""
    yield None


SERVICE = Service(
    name="dossiers",
    settings=DossiersSettings,
    build=build,
    migrations=Path(__file__).parent / "migrations",
    hears=(
        hears_sql(backoffice.DossierSaved, events.update_dossier),
        hears_sql(backoffice.DossierFiled, events.update_dossier),
        hears_sql(backoffice.DossierStatusChanged, events.update_dossier),
        hears_sql(backoffice.DossierDecided, events.update_dossier),
        hears_sql(backoffice.DossierWithdrawn, events.update_dossier),
    ),
    answers=(
        answers(ListDossiers, queries.list_dossiers),
        answers(ReadDossiers, queries.read_dossiers),
    ),
)
