"""The profile service as data, and its dependencies: the composition root."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from services.profile.deps import Deps
from services.profile.directory import open_directory
from services.profile.handlers import establishments, export, names, profiles
from services.profile.purge import INTERVAL_SECONDS, purge
from services.profile.settings import ProfileSettings
from shared.contracts.profile.events import (
    AccountValidated,
    DraftExpired,
    EstablishmentCheckDeferred,
    EstablishmentChecked,
    ProfileSaved,
)
from shared.contracts.profile.requests import (
    DescribeProfile,
    FindEstablishment,
    SaveProfile,
    ValidateProfile,
)
from shared.contracts.profile.requests import ExportAccount as ProfileExportAccount
from shared.contracts.registration.events import AccountCreated, NameChanged
from shared.messaging.handlers import answers, hears
from shared.runtime.service import Runtime, Service
from shared.security.sealing import Opener, Sealer


@asynccontextmanager
async def build(runtime: Runtime, settings: ProfileSettings) -> AsyncIterator[Deps]:
    """Open the key rings and the directory, start the purge."""

    async def purge_expired() -> None:
        if await purge(runtime.pool, runtime.clock(), settings.draft_retention):
            runtime.wake_relay()

    runtime.every(INTERVAL_SECONDS, "purge", purge_expired)
    async with open_directory(
        settings.directory_url, settings.directory_rate, settings.base_url
    ) as directory:
        yield Deps(
            settings=settings,
            clock=runtime.clock,
            opener=Opener("profile", settings.seal_keys),
            gateway_sealer=Sealer("gateway", settings.gateway_keys),
            registration_sealer=Sealer("registration", settings.registration_keys),
            directory=directory,
        )


SERVICE = Service(
    name="profile",
    settings=ProfileSettings,
    build=build,
    migrations=Path(__file__).parent / "migrations",
    hears=(
        hears(AccountCreated, names.account_created),
        hears(NameChanged, names.name_changed),
        hears(
            EstablishmentCheckDeferred,
            establishments.complete_deferred_check,
            prepare=establishments.look_up_again,
        ),
    ),
    answers=(
        answers(DescribeProfile, profiles.describe_profile),
        answers(SaveProfile, profiles.save_profile, prepare=profiles.read_form),
        answers(ValidateProfile, profiles.validate_profile),
        answers(
            FindEstablishment,
            establishments.find_establishment,
            prepare=establishments.look_up,
        ),
        answers(ProfileExportAccount, export.export_account),
    ),
    emits=(
        ProfileSaved,
        AccountValidated,
        EstablishmentCheckDeferred,
        EstablishmentChecked,
        DraftExpired,
    ),
)
