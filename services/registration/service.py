"""Registration as data, and its composition root."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from services.registration import dormant_accounts
from services.registration.common_words import is_too_simple
from services.registration.data_files import load_common_words, load_rules, load_terms
from services.registration.deps import Deps
from services.registration.handlers import (
    account_creation,
    account_requests,
    account_search,
    address_answers,
    address_changes,
    address_codes,
    address_corrections,
    data_export,
    desk_orders,
    email_verification,
    freezing,
    lost_phones,
    name_changes,
    passwords,
    queries,
    recovery_addresses,
    resumption,
    sign_in,
    unlocking,
    validation_messages,
)
from services.registration.handlers.spraying_alarms import watch_spraying
from services.registration.purge import INTERVAL_SECONDS, purge
from services.registration.settings import RegistrationSettings
from services.registration.spraying import CLEAR_SECONDS
from shared.contracts.gateway import SessionOpened
from shared.contracts.mailer import MailAccepted, MailDeferred, MailRefused
from shared.contracts.mfa.events import AuthenticatorRemoved, AuthenticatorReplaced
from shared.contracts.profile.events import ProfileSaved
from shared.contracts.registration import desk, events, holder, recovery_address, requests
from shared.contracts.registration.resumption import (
    AccountResumed,
    ResumeAccount,
    ResumptionCodeRefused,
    ResumptionHeld,
)
from shared.contracts.settings import DESCRIBE_SETTINGS
from shared.contracts.support import acts
from shared.contracts.support.lost_phones import (
    LostPhoneStopped,
    OtherNamesAccepted,
    ResumptionCodeTold,
    ResumptionCodeVoided,
)
from shared.messaging.handlers import answers, hears, hears_sql
from shared.runtime.service import Runtime, Service
from shared.runtime.settings_view import describe_settings
from shared.security.password_hashing import Cost, Hasher
from shared.security.sealing import Opener, Sealer


@asynccontextmanager
async def build(runtime: Runtime, settings: RegistrationSettings) -> AsyncIterator[Deps]:
    """Read rules, word lists and terms; start the hashing threads and the purge."""
    rules = load_rules().with_policy(
        min_length=settings.password_min,
        max_length=settings.password_max,
        mixed_case=settings.password_mixed_case,
    )
    cost = Cost(settings.argon2_memory, settings.argon2_time, settings.argon2_parallelism)
    hasher = Hasher("registration", settings.pepper_keys, cost, settings.hash_threads)
    # The first call builds zxcvbn's tables; later calls only read them, from several threads.
    is_too_simple("x")
    spraying = watch_spraying(settings)
    deps = Deps(
        settings=settings,
        clock=runtime.clock,
        rules=rules,
        common_words=load_common_words(rules, settings.password_lists_dir),
        hasher=hasher,
        opener=Opener("registration", settings.seal_keys),
        mailer_sealer=Sealer("mailer", settings.mailer_keys),
        gateway_sealer=Sealer("gateway", settings.gateway_keys),
        support_sealer=Sealer("support", settings.support_keys),
        token_keys=settings.token_keys,
        terms=load_terms(settings.terms_dir),
        disavowal_keys=settings.disavowal_keys,
        spraying=spraying,
    )

    async def purge_and_publish() -> None:
        if await purge(runtime.pool, runtime.clock()):
            runtime.wake_relay()

    async def watch_dormant_accounts() -> None:
        done = await dormant_accounts.run(runtime.pool, settings.dormant_months, runtime.clock())
        if done.emitted:
            runtime.wake_relay()

    async def clear_spraying() -> None:
        spraying.clear_expired(runtime.clock())

    runtime.every(INTERVAL_SECONDS, "purge", purge_and_publish)
    runtime.every(CLEAR_SECONDS, "spraying", clear_spraying)
    runtime.every(dormant_accounts.INTERVAL_SECONDS, "dormant_accounts", watch_dormant_accounts)
    try:
        yield deps
    finally:
        hasher.close()


SERVICE = Service(
    name="registration",
    settings=RegistrationSettings,
    build=build,
    migrations=Path(__file__).parent / "migrations",
    hears=(
        hears_sql(
            MailAccepted,
            validation_messages.mail_accepted,
            only_if=validation_messages.is_of_a_request,
        ),
        hears_sql(
            MailDeferred,
            validation_messages.mail_deferred,
            only_if=validation_messages.is_of_a_request,
        ),
        hears_sql(
            MailRefused,
            validation_messages.mail_refused,
            only_if=validation_messages.is_of_a_request,
        ),
        hears_sql(SessionOpened, freezing.record_session, freezing.session_opened),
        hears(AuthenticatorReplaced, freezing.authenticator_replaced),
        hears(AuthenticatorRemoved, freezing.authenticator_removed),
        hears(ProfileSaved, name_changes.profile_saved),
        hears(acts.AccountDeactivationOrdered, desk_orders.deactivate),
        hears(acts.AccountReactivationOrdered, desk_orders.reactivate),
        hears(acts.AccountFreezeOrdered, desk_orders.freeze),
        hears(acts.AccountUnfreezeOrdered, desk_orders.allow_unfreeze),
        hears(acts.AddressReleaseOrdered, desk_orders.release_address),
        hears(acts.AddressChangeOrdered, desk_orders.change_address),
        hears(acts.NameChangeOrdered, desk_orders.change_name),
        hears(acts.PasswordMarkedCompromised, desk_orders.require_reset),
        hears(acts.AnonymisationOrdered, desk_orders.anonymise),
        hears(acts.CredentialsRemovalOrdered, resumption.remove_credentials),
        hears(ResumptionCodeTold, resumption.store_code),
        hears(ResumptionCodeVoided, resumption.void_code),
        hears(OtherNamesAccepted, resumption.accept_other_names),
        hears(LostPhoneStopped, freezing.lost_phone_stopped),
    ),
    answers=(
        answers(DESCRIBE_SETTINGS["registration"], describe_settings),
        answers(
            requests.RequestAccount,
            account_requests.request_account,
            account_requests.validate_form,
        ),
        answers(requests.AnswerAddressQuestion, address_answers.answer_question),
        answers(requests.DescribeRequest, account_requests.describe_request),
        answers(requests.ResendValidation, account_requests.resend_validation),
        answers(
            requests.CorrectAddress,
            address_corrections.correct_address,
            address_corrections.validate_correction,
        ),
        answers(requests.VerifyCode, email_verification.verify_code),
        answers(requests.DescribeLink, email_verification.describe_link),
        answers(
            requests.VerifyLink,
            email_verification.verify_link,
            email_verification.check_holder_password,
        ),
        answers(requests.DescribeTerms, account_creation.describe_terms),
        answers(requests.AcceptTerms, account_creation.accept_terms),
        answers(ResumeAccount, resumption.resume_account),
        answers(holder.AcceptNewTerms, account_creation.accept_new_terms),
        answers(requests.CancelRequest, account_requests.cancel_request),
        answers(requests.SignIn, sign_in.sign_in, sign_in.check_credentials),
        answers(requests.DescribePasswordRules, queries.describe_password_rules),
        answers(requests.FindListedWord, queries.find_listed_word),
        answers(requests.SuggestAddress, queries.suggest_address),
        answers(requests.CheckPassword, passwords.check_password, passwords.check),
        answers(requests.ChangePassword, passwords.change_password, passwords.validate_change),
        answers(requests.RequestPasswordReset, passwords.request_password_reset),
        answers(requests.DescribeReset, passwords.describe_reset),
        answers(
            requests.ResetPassword,
            passwords.reset_password,
            passwords.validate_new_password,
        ),
        answers(requests.SendAddressCode, address_codes.send_address_code),
        answers(requests.VerifyAddressCode, address_codes.verify_address_code),
        answers(requests.ClaimLostPhone, lost_phones.claim_lost_phone),
        answers(requests.DescribeLostPhone, lost_phones.describe_lost_phone),
        answers(
            requests.ConfirmLostPhone,
            lost_phones.confirm_lost_phone,
            lost_phones.check_password,
        ),
        answers(requests.CheckPhoneReplacement, lost_phones.check_phone_replacement),
        answers(requests.DescribeUnlock, unlocking.describe_unlock),
        answers(requests.UnlockAddress, unlocking.unlock_address),
        answers(requests.DescribeDisavowal, freezing.describe_disavowal),
        answers(requests.Disavow, freezing.disavow),
        answers(holder.BlockAccount, freezing.block_account),
        answers(
            holder.JudgeAddressChange,
            address_changes.judge_address_change,
            address_changes.validate_form,
        ),
        answers(
            holder.RequestAddressChange,
            address_changes.request_address_change,
            address_changes.validate_and_hash,
        ),
        answers(holder.AnswerAddressChange, address_answers.answer_change),
        answers(holder.DescribeAddressChange, address_changes.describe_address_change),
        answers(holder.ResendAddressChange, address_changes.resend_address_change),
        answers(holder.ConfirmAddressChange, address_changes.confirm_address_change),
        answers(holder.CancelAddressChange, address_changes.cancel_address_change),
        answers(
            recovery_address.DescribeRecoveryAddress,
            recovery_addresses.describe_recovery_address,
        ),
        answers(recovery_address.CheckRecoveryAddress, recovery_addresses.check_recovery_address),
        answers(
            recovery_address.RequestRecoveryAddress, recovery_addresses.request_recovery_address
        ),
        answers(
            recovery_address.ConfirmRecoveryAddress, recovery_addresses.confirm_recovery_address
        ),
        answers(recovery_address.RemoveRecoveryAddress, recovery_addresses.remove_recovery_address),
        answers(holder.ExportAccount, data_export.export_account),
        answers(desk.SearchAccounts, account_search.search_accounts),
        answers(desk.DescribeAccounts, account_search.describe_accounts),
        answers(desk.ListDormantAccounts, account_search.list_dormant_accounts),
    ),
    emits=(
        events.AccountRequested,
        events.ValidationResent,
        events.EmailVerified,
        events.AccountCreated,
        events.AccountImported,
        events.RequestCancelled,
        events.RequestExpired,
        events.KnownAddressRequested,
        events.PasswordAccepted,
        events.PasswordRefused,
        events.SignInLocked,
        events.UnlockOffered,
        events.PasswordResetRequested,
        events.UnknownAddressAsked,
        events.PasswordChanged,
        events.AddressProofRequested,
        events.AddressProofRenewed,
        events.LostPhoneClaimed,
        events.LostPhoneReported,
        events.AccountFrozen,
        events.AccountThawed,
        events.NameChanged,
        events.AddressChangeRequested,
        events.AddressChanged,
        # What the desk decided.
        events.DormantAccountWarned,
        events.AccountDeactivated,
        events.AccountReactivated,
        events.AccountUnfreezeAllowed,
        events.AddressReleased,
        events.PasswordResetRequired,
        events.CredentialsRemoved,
        events.AccountAnonymised,
        events.ActNotCarriedOut,
        recovery_address.RecoveryAddressRequested,
        recovery_address.RecoveryAddressChanged,
        AccountResumed,
        ResumptionHeld,
        ResumptionCodeRefused,
    ),
)
