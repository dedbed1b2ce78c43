"""The second factor as data, and what its handlers are given: the composition root."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from services.mfa.deps import Deps
from services.mfa.enrolments import AT_REST
from services.mfa.handlers import checks, enrolments, export, factor, recovery
from services.mfa.purge import keep_purging
from services.mfa.settings import MfaSettings
from shared.contracts import mfa as words
from shared.contracts.registration import CredentialsRemoved
from shared.messaging.handlers import answers, hears
from shared.runtime.service import Runtime, Service
from shared.security.sealing import Opener, Sealer


@asynccontextmanager
async def build(runtime: Runtime, settings: MfaSettings) -> AsyncIterator[Deps]:
    """Lay the key rings out, start the purge."""
    runtime.background_task("purge", partial(keep_purging, runtime.pool, runtime.clock))
    yield Deps(
        settings=settings,
        clock=runtime.clock,
        random=secrets.token_bytes,
        opener=Opener("mfa", settings.seal_keys),
        gateway=Sealer("gateway", settings.gateway_keys),
        safe=Sealer(AT_REST, settings.totp_keys),
        safe_opener=Opener(AT_REST, settings.totp_keys),
        recovery_ring=settings.recovery_keys,
    )


SERVICE = Service(
    name="mfa",
    settings=MfaSettings,
    build=build,
    migrations=Path(__file__).parent / "migrations",
    hears=(hears(CredentialsRemoved, factor.credentials_removed),),
    answers=(
        answers(words.DescribeFactor, factor.describe_factor),
        answers(words.StartEnrolment, enrolments.start_enrolment),
        answers(words.StartReplacement, enrolments.start_replacement),
        answers(words.DescribeEnrolment, enrolments.describe_enrolment),
        answers(words.RestartEnrolment, enrolments.restart_enrolment),
        answers(words.ConfirmEnrolment, enrolments.confirm_enrolment),
        answers(words.CheckCode, checks.check_code),
        answers(words.UseRecoveryCode, recovery.use_recovery_code),
        answers(words.MakeRecoveryCodes, recovery.make_recovery_codes),
        answers(words.KeepRecoveryCodes, recovery.keep_recovery_codes),
        answers(words.ExportAccount, export.export_account),
    ),
    emits=(
        words.AuthenticatorEnrolled,
        words.AuthenticatorReplaced,
        words.AuthenticatorRemoved,
        words.RecoveryCodeUsed,
        words.RecoveryCodesReplaced,
        words.CodeRefused,
        words.CodeCheckLocked,
    ),
)
