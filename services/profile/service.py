"""The complementary information as data, and what its handlers are given: the composition root."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from services.profile.deps import Deps
from services.profile.directory import open_directory
from services.profile.handlers import establishments, export, names, profiles
from services.profile.purge import keep_purging
from services.profile.settings import ProfileSettings
from shared.contracts import profile as words
from shared.contracts.registration import AccountCreated, NameChanged
from shared.messaging.handlers import answers, hears
from shared.runtime.service import Runtime, Service
from shared.security.sealing import Opener, Sealer


@asynccontextmanager
async def build(runtime: Runtime, settings: ProfileSettings) -> AsyncIterator[Deps]:
    """Lay the key rings out, open the directory, start the purge."""
    runtime.background_task(
        "purge",
        partial(keep_purging, runtime.pool, runtime.clock, runtime.wake_relay, settings.draft_life),
    )
    async with open_directory(
        settings.directory_url, settings.directory_rate, settings.base_url
    ) as directory:
        yield Deps(
            settings=settings,
            clock=runtime.clock,
            opener=Opener("profile", settings.seal_keys),
            gateway=Sealer("gateway", settings.gateway_keys),
            registration=Sealer("registration", settings.registration_keys),
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
            words.EstablishmentCheckDeferred,
            establishments.check_again,
            prepare=establishments.ask_again,
        ),
    ),
    answers=(
        answers(words.DescribeProfile, profiles.describe_profile),
        answers(words.SaveProfile, profiles.save_profile, prepare=profiles.read_form),
        answers(words.ValidateProfile, profiles.validate_profile),
        answers(
            words.FindEstablishment,
            establishments.find_establishment,
            prepare=establishments.look_up,
        ),
        answers(words.ExportAccount, export.export_account),
    ),
    emits=(
        words.ProfileSaved,
        words.AccountValidated,
        words.EstablishmentCheckDeferred,
        words.EstablishmentChecked,
        words.DraftExpired,
    ),
)
