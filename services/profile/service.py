"""The profile service as data, its dependencies, and the purge: the composition root."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

from services.profile import data_export, establishment_lookup, store
from services.profile.deps import Deps
from services.profile.directory import open_directory
from services.profile.handlers import (
    account_search,
    desk_orders,
    establishments,
    names,
    profiles,
    telephones,
)
from services.profile.settings import ProfileSettings
from shared.contracts.profile import acts, desk, events, requests
from shared.contracts.profile.telephones import DescribeTelephone
from shared.contracts.registration.events import AccountCreated, AccountImported, NameChanged
from shared.contracts.settings import DESCRIBE_SETTINGS
from shared.contracts.support.acts import AnonymisationOrdered, InformationCorrectionOrdered
from shared.database import Pool, transaction
from shared.messaging.handlers import answers, hears
from shared.outbox import emit
from shared.runtime.service import Runtime, Service
from shared.runtime.settings_view import describe_settings
from shared.runtime.telemetry import get_logger
from shared.security.sealing import Opener, Sealer

PURGE_SECONDS = 60
#: Drafts deleted in one transaction.
PURGE_BATCH = 200

log = get_logger("profile")


@asynccontextmanager
async def build(runtime: Runtime, settings: ProfileSettings) -> AsyncIterator[Deps]:
    """Open the key rings and the directory, start the purge."""

    async def purge_expired() -> None:
        if await purge(runtime.pool, runtime.clock(), settings.draft_retention):
            runtime.wake_relay()

    runtime.every(PURGE_SECONDS, "purge", purge_expired)
    async with open_directory(
        settings.directory_url, settings.directory_rate, settings.base_url
    ) as directory:
        yield Deps(
            clock=runtime.clock,
            opener=Opener("profile", settings.seal_keys),
            gateway_sealer=Sealer("gateway", settings.gateway_keys),
            registration_sealer=Sealer("registration", settings.registration_keys),
            mailer_sealer=Sealer("mailer", settings.mailer_keys),
            support_sealer=Sealer("support", settings.support_keys),
            directory=directory,
        )


async def purge(pool: Pool, now: datetime, draft_retention: timedelta) -> int:
    """Delete the drafts and directory records that have expired at `now`; returns how many drafts.

    Several processes may purge at once: each skips rows that another one has locked.
    """
    total = 0
    while True:
        async with transaction(pool) as tx:
            accounts = await store.delete_expired_drafts(tx, now - draft_retention, PURGE_BATCH)
            for account_id in accounts:
                event = events.DraftExpired(expired_at=now)
                await emit(tx, events.OWNER, event, subject=account_id, now=now)
            await establishment_lookup.delete_expired(tx, now)
        total += len(accounts)
        if len(accounts) < PURGE_BATCH:
            break
    if total:
        log.info("Deleted expired drafts.", action="drafts_purged", drafts=total)
    return total


SERVICE = Service(
    name="profile",
    settings=ProfileSettings,
    build=build,
    migrations=Path(__file__).parent / "migrations",
    hears=(
        hears(AccountCreated, names.save_names),
        hears(AccountImported, names.save_names),
        hears(NameChanged, names.save_names),
        hears(
            InformationCorrectionOrdered,
            desk_orders.correct_information,
            prepare=desk_orders.read_order,
        ),
        hears(AnonymisationOrdered, desk_orders.anonymise),
        hears(
            events.EstablishmentCheckDeferred,
            establishments.complete_deferred_check,
            prepare=establishments.look_up_again,
        ),
    ),
    answers=(
        answers(DESCRIBE_SETTINGS["profile"], describe_settings),
        answers(requests.DescribeProfile, profiles.describe_profile),
        answers(requests.SaveProfile, profiles.save_profile, prepare=profiles.read_form),
        answers(requests.ValidateProfile, profiles.validate_profile),
        answers(
            requests.FindEstablishment,
            establishments.find_establishment,
            prepare=establishments.look_up,
        ),
        answers(requests.ExportAccount, data_export.export_account),
        answers(DescribeTelephone, telephones.describe_telephone),
        answers(
            acts.CheckCorrection, desk_orders.check_correction, prepare=desk_orders.read_request
        ),
        answers(desk.SearchAccounts, account_search.search_accounts),
        answers(desk.DescribeAccounts, account_search.describe_accounts),
    ),
    emits=(
        events.ProfileSaved,
        events.AccountValidated,
        events.InformationCorrected,
        events.ActNotCarriedOut,
        events.EstablishmentCheckDeferred,
        events.EstablishmentChecked,
        events.DraftExpired,
    ),
)
