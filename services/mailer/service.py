"""The mailer's composition root: what it hears, what it says, what it opens."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from services.mailer import personal, store
from services.mailer.courier import Courier
from services.mailer.handlers import accounts, changes, notices, requests
from services.mailer.handlers.writing import Mailer
from services.mailer.sender import Sender
from services.mailer.settings import MailerSettings
from services.mailer.smtp import Limits, Lines
from shared.contracts.gateway import SessionOpened
from shared.contracts.mailer import ExportAccount, MailAccepted, MailDeferred, MailRefused
from shared.contracts.mfa.events import (
    AuthenticatorEnrolled,
    AuthenticatorRemoved,
    AuthenticatorReplaced,
    CodeCheckLocked,
    CodeRefused,
    RecoveryCodesReplaced,
    RecoveryCodeUsed,
)
from shared.contracts.profile.events import AccountValidated
from shared.contracts.registration.events import (
    AccountCreated,
    AccountDeactivated,
    AccountFrozen,
    AccountRequested,
    AccountThawed,
    AddressChanged,
    AddressChangeRequested,
    AddressProofRequested,
    KnownAddressRequested,
    LostPhoneClaimed,
    NameChanged,
    PasswordChanged,
    PasswordResetRequested,
    RequestCancelled,
    RequestExpired,
    SignInLocked,
    UnknownAddressAsked,
    ValidationResent,
)
from shared.database import TRANSIENT_ERRORS, transaction
from shared.messaging.connection import describe
from shared.messaging.handlers import answers, hears
from shared.runtime.service import Runtime, Service
from shared.runtime.telemetry import get_logger
from shared.security.sealing import Opener, Sealer

#: Seconds between two purges.
PURGE_SECONDS = 3600
#: Of the time a stop may take, what is left for everything but the mails.
DRAIN_RESERVE = 5

log = get_logger("mailer")


@asynccontextmanager
async def build(runtime: Runtime, settings: MailerSettings) -> AsyncIterator[Mailer]:
    """Put the mailer together: connections to the mail server, courier, sender."""
    lines = Lines(
        settings.mail_server,
        Limits(command=settings.smtp_timeout, final=settings.smtp_final_timeout),
        hostname=_greeting_name(settings.instance),
        ca_file=settings.smtp_ca_file,
        clock=time.monotonic,
    )
    courier = Courier(
        pool=runtime.pool,
        lines=lines,
        messages=settings.messages(),
        opener=Opener("mailer", settings.seal_keys),
        disavowal_keys=settings.disavowal_keys,
        sender=settings.brand.sender,
        schedule=settings.retry_schedule,
        lease=settings.mail_lease,
        clock=runtime.clock,
        wake_relay=runtime.wake_relay,
    )
    sender = Sender(courier, settings.smtp_connections)
    runtime.background_task("sender", sender.run)
    runtime.background_task("leases", sender.renew_leases)
    runtime.background_task("purge", lambda: _purge(runtime, settings))
    runtime.on_drain(lambda: sender.stop(max(1, settings.drain_seconds - DRAIN_RESERVE)))
    yield Mailer(
        give_up=timedelta(hours=settings.mail_give_up),
        nudge=sender.nudge,
        gateway=Sealer("gateway", settings.gateway_keys),
    )


async def _purge(runtime: Runtime, settings: MailerSettings) -> None:
    while True:
        keep = timedelta(days=settings.mail_keep)
        try:
            async with transaction(runtime.pool) as tx:
                gone = await store.purge(tx, runtime.clock(), keep)
            log.info("Old mails are forgotten.", action="mail_purge", count=gone)
        except TRANSIENT_ERRORS as error:
            log.warning("Nothing was purged.", action="mail_purge_failed", reason=describe(error))
        await asyncio.sleep(PURGE_SECONDS)


def _greeting_name(instance: str) -> str:
    """The machine's name as EHLO may carry it."""
    return instance if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.-]*", instance) else "localhost"


SERVICE = Service(
    name="mailer",
    settings=MailerSettings,
    hears=(
        hears(AccountRequested, requests.account_requested),
        hears(ValidationResent, requests.validation_resent),
        hears(AccountCreated, requests.account_created),
        hears(KnownAddressRequested, requests.known_address_requested),
        hears(RequestCancelled, requests.request_cancelled),
        hears(RequestExpired, requests.request_expired),
        hears(PasswordResetRequested, accounts.password_reset_requested),
        hears(AddressProofRequested, accounts.address_proof_requested),
        hears(LostPhoneClaimed, accounts.lost_phone_claimed),
        hears(AddressChangeRequested, accounts.address_change_requested),
        hears(UnknownAddressAsked, accounts.unknown_address_asked),
        hears(NameChanged, changes.name_changed),
        hears(AddressChanged, changes.address_changed),
        hears(AccountValidated, changes.account_validated),
        hears(PasswordChanged, notices.password_changed),
        hears(AuthenticatorEnrolled, notices.authenticator_enrolled),
        hears(AuthenticatorReplaced, notices.authenticator_replaced),
        hears(AuthenticatorRemoved, notices.authenticator_removed),
        hears(RecoveryCodeUsed, notices.recovery_code_used),
        hears(RecoveryCodesReplaced, notices.recovery_codes_replaced),
        hears(SignInLocked, notices.sign_in_locked),
        hears(CodeCheckLocked, notices.code_check_locked),
        hears(CodeRefused, notices.code_refused),
        hears(SessionOpened, notices.session_opened),
        hears(AccountFrozen, notices.account_frozen),
        hears(AccountThawed, notices.account_thawed),
        hears(AccountDeactivated, notices.account_deactivated),
    ),
    answers=(answers(ExportAccount, personal.export_account),),
    emits=(MailAccepted, MailDeferred, MailRefused),
    migrations=Path(__file__).parent / "migrations",
    build=build,
)
