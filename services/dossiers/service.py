"""The dossiers service as data: the composition root."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from services.dossiers import account_search, handlers, outcomes, transfers
from services.dossiers.settings import DossiersSettings
from shared.contracts import backoffice
from shared.contracts.dossiers import (
    ActNotCarriedOut,
    DossierAccepted,
    DossierRefused,
    DossiersTransferred,
    DossierTransferUndone,
    ListDossiers,
    ReadDossiers,
)
from shared.contracts.dossiers_desk import DescribeLatestDossiers, SearchAccounts
from shared.contracts.settings import DESCRIBE_SETTINGS
from shared.contracts.support.acts import DossierTransferOrdered, DossierTransferUndoOrdered
from shared.messaging.handlers import answers, hears, hears_sql
from shared.runtime.service import Runtime, Service
from shared.runtime.settings_view import describe_settings

PURGE_SECONDS = 3_600


@asynccontextmanager
async def build(runtime: Runtime, _settings: DossiersSettings) -> AsyncIterator[outcomes.Deps]:
    """The handlers need to know which partners hear what is for them alone."""

    async def purge() -> None:
        await outcomes.purge(runtime.pool, runtime.clock())

    runtime.every(PURGE_SECONDS, "outcomes", purge)
    yield outcomes.Deps(runtime.is_heard)


SERVICE = Service(
    name="dossiers",
    settings=DossiersSettings,
    build=build,
    migrations=Path(__file__).parent / "migrations",
    hears=(
        hears_sql(backoffice.DossierSaved, handlers.update_dossier, logged=True, batched=True),
        hears_sql(backoffice.DossierFiled, handlers.update_dossier, logged=True, batched=True),
        hears_sql(
            backoffice.DossierStatusChanged, handlers.update_dossier, logged=True, batched=True
        ),
        hears_sql(backoffice.DossierDecided, handlers.update_dossier, logged=True, batched=True),
        hears_sql(backoffice.DossierWithdrawn, handlers.update_dossier, logged=True, batched=True),
        hears(DossierTransferOrdered, transfers.transfer),
        hears(DossierTransferUndoOrdered, transfers.undo),
    ),
    answers=(
        answers(DESCRIBE_SETTINGS["dossiers"], describe_settings),
        answers(ListDossiers, handlers.list_dossiers),
        answers(ReadDossiers, handlers.read_dossiers),
        answers(SearchAccounts, account_search.search_accounts),
        answers(DescribeLatestDossiers, account_search.describe_latest_dossiers),
    ),
    emits=(
        DossiersTransferred,
        DossierTransferUndone,
        ActNotCarriedOut,
        DossierAccepted,
        DossierRefused,
    ),
    refused=outcomes.refused,
)
