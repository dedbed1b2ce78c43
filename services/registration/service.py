"""Registration as data, and its composition root."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from services.registration.data_files import load_common_words, load_rules, load_terms
from services.registration.deps import Deps
from services.registration.handlers import (
    account_creation,
    account_requests,
    address_change_confirmation,
    address_change_requests,
    address_codes,
    address_corrections,
    data_export,
    email_verification,
    freezing,
    lost_phones,
    mail_status,
    name_changes,
    password_resets,
    passwords,
    queries,
    sign_in,
)
from services.registration.hashing import Cost, Hasher
from services.registration.network_quotas import parse_network_quotas
from services.registration.purge import INTERVAL_SECONDS, purge
from services.registration.settings import RegistrationSettings
from services.registration.zxcvbn_check import is_too_simple
from shared.contracts.gateway import SessionOpened
from shared.contracts.mailer import MailAccepted, MailDeferred, MailRefused
from shared.contracts.mfa.events import AuthenticatorReplaced
from shared.contracts.profile.events import ProfileSaved
from shared.contracts.registration.events import (
    AccountCreated,
    AccountDeactivated,
    AccountFrozen,
    AccountReactivated,
    AccountRequested,
    AccountThawed,
    AddressChanged,
    AddressChangeRequested,
    AddressProofRenewed,
    AddressProofRequested,
    CredentialsRemoved,
    EmailVerified,
    KnownAddressRequested,
    LostPhoneClaimed,
    LostPhoneReported,
    NameChanged,
    PasswordAccepted,
    PasswordChanged,
    PasswordRefused,
    PasswordResetRequested,
    RequestCancelled,
    RequestExpired,
    SignInLocked,
    UnknownAddressAsked,
    ValidationResent,
)
from shared.contracts.registration.holder import (
    CancelAddressChange,
    ConfirmAddressChange,
    DescribeAddressChange,
    JudgeAddressChange,
    RequestAddressChange,
    ResendAddressChange,
)
from shared.contracts.registration.holder import ExportAccount as RegistrationExportAccount
from shared.contracts.registration.requests import (
    AcceptTerms,
    CancelRequest,
    ChangePassword,
    CheckPassword,
    ClaimLostPhone,
    ConfirmLostPhone,
    CorrectAddress,
    DescribeDisavowal,
    DescribeLink,
    DescribeLostPhone,
    DescribePasswordRules,
    DescribeRequest,
    DescribeReset,
    DescribeTerms,
    Disavow,
    FindListedWord,
    RequestAccount,
    RequestPasswordReset,
    ResendValidation,
    ResetPassword,
    SendAddressCode,
    SignIn,
    SuggestAddress,
    VerifyAddressCode,
    VerifyCode,
    VerifyLink,
)
from shared.messaging.handlers import answers, hears
from shared.runtime.service import Runtime, Service
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
    hasher = Hasher(settings.pepper_keys, cost, settings.hash_threads)
    # The first call builds zxcvbn's tables; later calls only read them, from several threads.
    is_too_simple("x")
    deps = Deps(
        settings=settings,
        clock=runtime.clock,
        rules=rules,
        common_words=load_common_words(rules, settings.password_lists_dir),
        hasher=hasher,
        opener=Opener("registration", settings.seal_keys),
        mailer_sealer=Sealer("mailer", settings.mailer_keys),
        gateway_sealer=Sealer("gateway", settings.gateway_keys),
        token_keys=settings.token_keys,
        terms=load_terms(settings.terms_dir),
        network_quotas=parse_network_quotas(settings.network_quotas),
        disavowal_keys=settings.disavowal_keys,
    )

    async def purge_and_publish() -> None:
        if await purge(runtime.pool, runtime.clock()):
            runtime.wake_relay()

    runtime.every(INTERVAL_SECONDS, "purge", purge_and_publish)
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
        hears(MailAccepted, mail_status.mail_accepted),
        hears(MailDeferred, mail_status.mail_deferred),
        hears(MailRefused, mail_status.mail_refused),
        hears(SessionOpened, freezing.session_opened),
        hears(AuthenticatorReplaced, freezing.authenticator_replaced),
        hears(ProfileSaved, name_changes.profile_saved),
    ),
    answers=(
        answers(
            RequestAccount,
            account_requests.request_account,
            account_requests.validate_form,
        ),
        answers(DescribeRequest, account_requests.describe_request),
        answers(ResendValidation, account_requests.resend_validation),
        answers(
            CorrectAddress,
            address_corrections.correct_address,
            address_corrections.validate_correction,
        ),
        answers(VerifyCode, email_verification.verify_code),
        answers(DescribeLink, email_verification.describe_link),
        answers(
            VerifyLink,
            email_verification.verify_link,
            email_verification.check_holder_password,
        ),
        answers(DescribeTerms, account_creation.describe_terms),
        answers(AcceptTerms, account_creation.accept_terms),
        answers(CancelRequest, account_requests.cancel_request),
        answers(SignIn, sign_in.sign_in, sign_in.check_credentials),
        answers(DescribePasswordRules, queries.describe_password_rules),
        answers(FindListedWord, queries.find_listed_word),
        answers(SuggestAddress, queries.suggest_address),
        answers(CheckPassword, passwords.check_password, passwords.check),
        answers(ChangePassword, passwords.change_password, passwords.validate_change),
        answers(RequestPasswordReset, password_resets.request_password_reset),
        answers(DescribeReset, password_resets.describe_reset),
        answers(
            ResetPassword,
            password_resets.reset_password,
            password_resets.validate_new_password,
        ),
        answers(SendAddressCode, address_codes.send_address_code),
        answers(VerifyAddressCode, address_codes.verify_address_code),
        answers(ClaimLostPhone, lost_phones.claim_lost_phone),
        answers(DescribeLostPhone, lost_phones.describe_lost_phone),
        answers(ConfirmLostPhone, lost_phones.confirm_lost_phone),
        answers(DescribeDisavowal, freezing.describe_disavowal),
        answers(Disavow, freezing.disavow),
        answers(
            JudgeAddressChange,
            address_change_requests.judge_address_change,
            address_change_requests.validate_form,
        ),
        answers(
            RequestAddressChange,
            address_change_requests.request_address_change,
            address_change_requests.validate_and_hash,
        ),
        answers(DescribeAddressChange, address_change_confirmation.describe_address_change),
        answers(ResendAddressChange, address_change_confirmation.resend_address_change),
        answers(ConfirmAddressChange, address_change_confirmation.confirm_address_change),
        answers(CancelAddressChange, address_change_confirmation.cancel_address_change),
        answers(RegistrationExportAccount, data_export.export_account),
    ),
    emits=(
        AccountRequested,
        ValidationResent,
        EmailVerified,
        AccountCreated,
        RequestCancelled,
        RequestExpired,
        KnownAddressRequested,
        PasswordAccepted,
        PasswordRefused,
        SignInLocked,
        PasswordResetRequested,
        UnknownAddressAsked,
        PasswordChanged,
        AddressProofRequested,
        AddressProofRenewed,
        LostPhoneClaimed,
        LostPhoneReported,
        AccountFrozen,
        AccountThawed,
        NameChanged,
        AddressChangeRequested,
        AddressChanged,
        # Reserved for actions of support; gateway and mfa subscribe to them already.
        AccountDeactivated,
        AccountReactivated,
        CredentialsRemoved,
    ),
)
