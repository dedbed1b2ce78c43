"""The mfa service as data, and its dependencies: the composition root."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from services.mfa.deps import DESK, Deps
from services.mfa.enrolments import AT_REST
from services.mfa.handlers import checks, delayed_replacements, enrolments, export, factor, recovery
from services.mfa.purge import INTERVAL_SECONDS, purge
from services.mfa.settings import MfaSettings
from shared.contracts.mfa import events, requests
from shared.contracts.registration.events import CredentialsRemoved
from shared.contracts.settings import DESCRIBE_SETTINGS
from shared.contracts.support.agents import AgentCredentialsRemoved
from shared.contracts.support.lost_phones import LostPhoneStopped, PhoneReplacementOpened
from shared.messaging.handlers import answers, hears
from shared.runtime import clock_sync
from shared.runtime.clock_sync import ClockWatch
from shared.runtime.service import Runtime, Service
from shared.runtime.settings_view import describe_settings
from shared.security.sealing import Opener, Sealer


@asynccontextmanager
async def build(runtime: Runtime, settings: MfaSettings) -> AsyncIterator[Deps]:
    """Open the key rings, start the purge and the watch over the machine's clock."""

    async def purge_expired() -> None:
        await purge(runtime.pool, runtime.clock())

    runtime.every(INTERVAL_SECONDS, "purge", purge_expired)
    runtime.every(clock_sync.INTERVAL_SECONDS, "clock", ClockWatch("mfa").look)
    yield Deps(
        settings=settings,
        clock=runtime.clock,
        random=secrets.token_bytes,
        opener=Opener("mfa", settings.seal_keys),
        sealers={
            "gateway": Sealer("gateway", settings.gateway_keys),
            DESK: Sealer(DESK, settings.desk_keys),
        },
        key_sealer=Sealer(AT_REST, settings.totp_keys),
        key_opener=Opener(AT_REST, settings.totp_keys),
        recovery_keys=settings.recovery_keys,
    )


SERVICE = Service(
    name="mfa",
    settings=MfaSettings,
    build=build,
    migrations=Path(__file__).parent / "migrations",
    hears=(
        hears(CredentialsRemoved, factor.credentials_removed),
        hears(AgentCredentialsRemoved, factor.credentials_removed),
        hears(PhoneReplacementOpened, delayed_replacements.replacement_opened),
        hears(LostPhoneStopped, delayed_replacements.lost_phone_stopped),
    ),
    answers=(
        answers(DESCRIBE_SETTINGS["mfa"], describe_settings),
        answers(requests.DescribeFactor, factor.describe_factor),
        answers(requests.StartEnrolment, enrolments.start_enrolment),
        answers(requests.StartReplacement, enrolments.start_replacement),
        answers(requests.StartReplacementAfterDelay, delayed_replacements.start_replacement),
        answers(requests.DescribeEnrolment, enrolments.describe_enrolment),
        answers(requests.RestartEnrolment, enrolments.restart_enrolment),
        answers(requests.ConfirmEnrolment, enrolments.confirm_enrolment),
        answers(requests.CheckCode, checks.check_code),
        answers(requests.UseRecoveryCode, recovery.use_recovery_code),
        answers(requests.MakeRecoveryCodes, recovery.make_recovery_codes),
        answers(requests.KeepRecoveryCodes, recovery.keep_recovery_codes),
        answers(requests.ExportAccount, export.export_account),
    ),
    emits=(
        events.AuthenticatorEnrolled,
        events.AuthenticatorReplaced,
        events.AuthenticatorRemoved,
        events.RecoveryCodeUsed,
        events.RecoveryCodesReplaced,
        events.CodeRefused,
        events.CodeCheckLocked,
    ),
)
