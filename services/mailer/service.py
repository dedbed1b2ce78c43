"""The mailer's composition root: subscriptions, events, connections."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from services.mailer import account_mails, data_export, store
from services.mailer.courier import Courier
from services.mailer.delivery_worker import DeliveryWorker
from services.mailer.handlers import (
    act_mails,
    agent_mails,
    changes,
    lost_phone_mails,
    notices,
    operations,
    request_mails,
    requests,
    resending,
)
from services.mailer.handlers.enqueue import Deps
from services.mailer.handlers.requests import latest
from services.mailer.mail_templates import (
    ADDRESS_CODE,
    KNOWN_ACCOUNT,
    LOST_PHONE,
    PASSWORD_RESET,
    RECOVERY_ADDRESS_CODE,
    VALIDATION,
)
from services.mailer.settings import MailerSettings
from services.mailer.smtp import SmtpPool
from shared.contracts.gateway import SessionOpened
from shared.contracts.mailer import (
    ActNotCarriedOut,
    ExportAccount,
    MailAccepted,
    MailDeferred,
    MailRefused,
)
from shared.contracts.mailer_desk import ListAccountMails
from shared.contracts.mfa.events import AuthenticatorReplaced, CodeRefused
from shared.contracts.profile.events import AccountValidated
from shared.contracts.registration import events
from shared.contracts.registration.recovery_address import (
    RecoveryAddressChanged,
    RecoveryAddressRequested,
)
from shared.contracts.settings import DESCRIBE_SETTINGS
from shared.contracts.support import lost_phones
from shared.database import TRANSIENT_ERRORS, transaction
from shared.messaging.connection import describe
from shared.messaging.handlers import answers, hears
from shared.runtime.service import Runtime, Service
from shared.runtime.settings_view import describe_settings
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
    opener = Opener("mailer", settings.seal_keys)
    courier = Courier(
        runtime=runtime,
        settings=settings,
        smtp=SmtpPool(settings.mail_server, time.monotonic),
        messages=settings.messages(),
        opener=opener,
    )
    worker = DeliveryWorker(courier)
    runtime.background_task("sender", worker.run)
    runtime.every(settings.mail_lease / 3, "leases", worker.renew_leases)
    runtime.every(PURGE_SECONDS, "purge", lambda: _purge(runtime, settings))
    runtime.on_drain(lambda: worker.stop(max(1, settings.drain_seconds - DRAIN_RESERVE)))
    yield Deps(
        give_up=timedelta(hours=settings.mail_give_up),
        wake=worker.wake,
        gateway_sealer=Sealer("gateway", settings.gateway_keys),
        opener=opener,
        support_sealer=Sealer("support", settings.support_keys),
    )


async def _purge(runtime: Runtime, settings: MailerSettings) -> None:
    try:
        async with transaction(runtime.pool) as tx:
            gone = await store.purge(tx, runtime.clock(), timedelta(days=settings.mail_keep))
        log.info("Old mails are deleted.", action="mail_purge", count=gone)
    except TRANSIENT_ERRORS as error:
        log.warning(
            "Old mails could not be deleted.", action="mail_purge_failed", reason=describe(error)
        )


SERVICE = Service(
    name="mailer",
    settings=MailerSettings,
    hears=(
        hears(events.AccountRequested, latest(VALIDATION)),
        hears(events.ValidationResent, latest(VALIDATION)),
        hears(events.KnownAddressRequested, latest(KNOWN_ACCOUNT)),
        hears(events.PasswordResetRequested, latest(PASSWORD_RESET)),
        hears(events.AddressProofRequested, latest(ADDRESS_CODE)),
        hears(events.LostPhoneClaimed, latest(LOST_PHONE)),
        hears(events.RequestCancelled, requests.request_cancelled),
        hears(events.RequestExpired, requests.request_expired),
        hears(events.AddressChangeRequested, requests.address_change_requested),
        hears(events.UnlockOffered, requests.unlock_offered),
        hears(events.UnknownAddressAsked, requests.unknown_address_asked),
        hears(events.AccountCreated, changes.account_created),
        hears(events.AccountImported, changes.account_imported),
        hears(events.NameChanged, changes.name_changed),
        hears(events.AddressChanged, changes.address_changed),
        hears(RecoveryAddressRequested, latest(RECOVERY_ADDRESS_CODE)),
        hears(RecoveryAddressChanged, changes.recovery_address_changed),
        hears(AccountValidated, changes.account_validated),
        hears(events.SignInLocked, notices.sign_in_locked),
        hears(CodeRefused, notices.code_refused, only_if=notices.is_third_failure),
        hears(SessionOpened, notices.session_opened, only_if=notices.is_unusual),
        *notices.SUBSCRIPTIONS,
        *request_mails.SUBSCRIPTIONS,
        hears(lost_phones.CallEnded, lost_phone_mails.call_ended),
        hears(lost_phones.PhoneRemovalPlanned, lost_phone_mails.removal_planned),
        hears(lost_phones.PhoneReplacementPlanned, lost_phone_mails.replacement_planned),
        hears(lost_phones.PhoneReplacementOpened, lost_phone_mails.replacement_opened),
        hears(lost_phones.ResumptionCodeTold, lost_phone_mails.code_told),
        hears(AuthenticatorReplaced, lost_phone_mails.phone_replaced),
        *act_mails.SUBSCRIPTIONS,
        *agent_mails.SUBSCRIPTIONS,
        *resending.SUBSCRIPTIONS,
        *operations.SUBSCRIPTIONS,
    ),
    answers=(
        answers(DESCRIBE_SETTINGS["mailer"], describe_settings),
        answers(ExportAccount, data_export.export_account),
        answers(ListAccountMails, account_mails.list_account_mails),
        *operations.ANSWERS,
    ),
    emits=(MailAccepted, MailDeferred, MailRefused, ActNotCarriedOut),
    migrations=Path(__file__).parent / "migrations",
    build=build,
)
