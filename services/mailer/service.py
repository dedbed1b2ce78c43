"""The mailer's composition root: subscriptions, events, connections."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from services.mailer import data_export, store
from services.mailer.courier import Courier
from services.mailer.delivery_worker import DeliveryWorker
from services.mailer.handlers import accounts, changes, notices, requests
from services.mailer.handlers.enqueue import Deps
from services.mailer.settings import MailerSettings
from services.mailer.smtp import SmtpPool, SmtpTimeouts
from shared.contracts.gateway import SessionOpened
from shared.contracts.mailer import ExportAccount, MailAccepted, MailDeferred, MailRefused
from shared.contracts.mfa.events import (
    CodeRefused,
)
from shared.contracts.profile.events import AccountValidated
from shared.contracts.registration.events import (
    AccountCreated,
    AccountRequested,
    AddressChanged,
    AddressChangeRequested,
    AddressProofRequested,
    KnownAddressRequested,
    LostPhoneClaimed,
    NameChanged,
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
#: Seconds of a stop's time limit that are reserved for everything but the mails.
DRAIN_RESERVE = 5

log = get_logger("mailer")


@asynccontextmanager
async def build(runtime: Runtime, settings: MailerSettings) -> AsyncIterator[Deps]:
    """Connections to the mail server, courier, delivery worker."""
    lines = SmtpPool(
        settings.mail_server,
        SmtpTimeouts(command=settings.smtp_timeout, final=settings.smtp_final_timeout),
        hostname=_greeting_name(settings.instance),
        ca_file=settings.smtp_ca_file,
        clock=time.monotonic,
    )
    courier = Courier(
        pool=runtime.pool,
        smtp=lines,
        messages=settings.messages(),
        opener=Opener("mailer", settings.seal_keys),
        not_me_keys=settings.not_me_keys,
        sender=settings.brand.sender,
        schedule=settings.retry_schedule,
        lease=settings.mail_lease,
        clock=runtime.clock,
        wake_relay=runtime.wake_relay,
    )
    sender = DeliveryWorker(courier, settings.smtp_connections)
    runtime.background_task("sender", sender.run)
    runtime.background_task("leases", sender.renew_leases)
    runtime.background_task("purge", lambda: _purge(runtime, settings))
    runtime.on_drain(lambda: sender.stop(max(1, settings.drain_seconds - DRAIN_RESERVE)))
    yield Deps(
        give_up=timedelta(hours=settings.mail_give_up),
        wake=sender.wake,
        gateway_sealer=Sealer("gateway", settings.gateway_keys),
    )


async def _purge(runtime: Runtime, settings: MailerSettings) -> None:
    while True:
        keep = timedelta(days=settings.mail_keep)
        try:
            async with transaction(runtime.pool) as tx:
                gone = await store.purge(tx, runtime.clock(), keep)
            log.info("Old mails are deleted.", action="mail_purge", count=gone)
        except TRANSIENT_ERRORS as error:
            log.warning(
                "Old mails could not be deleted.",
                action="mail_purge_failed",
                reason=describe(error),
            )
        await asyncio.sleep(PURGE_SECONDS)


def _greeting_name(instance: str) -> str:
    """The host name for EHLO."""
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
        hears(SignInLocked, notices.sign_in_locked),
        hears(CodeRefused, notices.code_refused),
        hears(SessionOpened, notices.session_opened),
        *notices.SUBSCRIPTIONS,
    ),
    answers=(answers(ExportAccount, data_export.export_account),),
    emits=(MailAccepted, MailDeferred, MailRefused),
    migrations=Path(__file__).parent / "migrations",
    build=build,
)
