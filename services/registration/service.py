"""Registration as data, and what its handlers are given: the composition root."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from services.registration.deps import Deps
from services.registration.handlers import (
    address_changes,
    address_codes,
    address_wishes,
    corrections,
    creation,
    export,
    freezing,
    lost_phones,
    mail,
    passwords,
    proofs,
    queries,
    renaming,
    requests,
    resets,
    sign_in,
)
from services.registration.hashing import Cost, Hasher
from services.registration.library import load_lexicon, load_rules, load_terms
from services.registration.networks import read_networks
from services.registration.purge import keep_purging
from services.registration.settings import RegistrationSettings
from services.registration.strength import is_too_simple
from shared.contracts import registration as words
from shared.contracts.gateway import SessionOpened
from shared.contracts.mailer import MailAccepted, MailDeferred, MailRefused
from shared.contracts.mfa import AuthenticatorReplaced
from shared.contracts.profile import ProfileSaved
from shared.messaging.handlers import answers, hears
from shared.runtime.service import Runtime, Service
from shared.security.sealing import Opener, Sealer


@asynccontextmanager
async def build(runtime: Runtime, settings: RegistrationSettings) -> AsyncIterator[Deps]:
    """Read rules, lists and terms, open the hashing threads, start the purge."""
    rules = load_rules().with_policy(
        min_length=settings.password_min,
        max_length=settings.password_max,
        mixed_case=settings.password_mixed_case,
    )
    cost = Cost(settings.argon2_memory, settings.argon2_time, settings.argon2_parallelism)
    hasher = Hasher(settings.pepper_keys, cost, settings.hash_threads)
    # The first call makes zxcvbn's tables; later ones only read them, from several threads.
    is_too_simple("x")
    deps = Deps(
        settings=settings,
        clock=runtime.clock,
        rules=rules,
        lexicon=load_lexicon(rules, settings.password_lists_dir),
        hasher=hasher,
        opener=Opener("registration", settings.seal_keys),
        sealer=Sealer("mailer", settings.mailer_keys),
        gateway=Sealer("gateway", settings.gateway_keys),
        tokens=settings.token_keys,
        terms=load_terms(settings.terms_dir),
        raised_networks=read_networks(settings.network_quotas),
        disavowals=settings.disavowal_keys,
    )
    runtime.background_task(
        "purge", partial(keep_purging, runtime.pool, runtime.clock, runtime.wake_relay)
    )
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
        hears(MailAccepted, mail.mail_accepted),
        hears(MailDeferred, mail.mail_deferred),
        hears(MailRefused, mail.mail_refused),
        hears(SessionOpened, freezing.session_opened),
        hears(AuthenticatorReplaced, freezing.authenticator_replaced),
        hears(ProfileSaved, renaming.profile_saved),
    ),
    answers=(
        answers(words.RequestAccount, requests.request_account, requests.judge_form),
        answers(words.DescribeRequest, requests.describe_request),
        answers(words.ResendValidation, requests.resend_validation),
        answers(words.CorrectAddress, corrections.correct_address, corrections.judge_correction),
        answers(words.VerifyCode, proofs.verify_code),
        answers(words.DescribeLink, proofs.describe_link),
        answers(words.VerifyLink, proofs.verify_link, proofs.know_holder),
        answers(words.DescribeTerms, creation.describe_terms),
        answers(words.AcceptTerms, creation.accept_terms),
        answers(words.CancelRequest, requests.cancel_request),
        answers(words.SignIn, sign_in.sign_in, sign_in.check),
        answers(words.DescribePasswordRules, queries.describe_password_rules),
        answers(words.FindListedWord, queries.find_listed_word),
        answers(words.SuggestAddress, queries.suggest_address),
        answers(words.CheckPassword, passwords.check_password, passwords.check),
        answers(words.ChangePassword, passwords.change_password, passwords.judge_change),
        answers(words.RequestPasswordReset, resets.request_password_reset),
        answers(words.DescribeReset, resets.describe_reset),
        answers(words.ResetPassword, resets.reset_password, resets.judge_new_password),
        answers(words.SendAddressCode, address_codes.send_address_code),
        answers(words.VerifyAddressCode, address_codes.verify_address_code),
        answers(words.ClaimLostPhone, lost_phones.claim_lost_phone),
        answers(words.DescribeLostPhone, lost_phones.describe_lost_phone),
        answers(words.ConfirmLostPhone, lost_phones.confirm_lost_phone),
        answers(words.DescribeDisavowal, freezing.describe_disavowal),
        answers(words.Disavow, freezing.disavow),
        answers(
            words.JudgeAddressChange,
            address_wishes.judge_address_change,
            address_wishes.judge_wish,
        ),
        answers(
            words.RequestAddressChange,
            address_wishes.request_address_change,
            address_wishes.judge_and_hash,
        ),
        answers(words.DescribeAddressChange, address_changes.describe_address_change),
        answers(words.ResendAddressChange, address_changes.resend_address_change),
        answers(words.ConfirmAddressChange, address_changes.confirm_address_change),
        answers(words.CancelAddressChange, address_changes.cancel_address_change),
        answers(words.ExportAccount, export.export_account),
    ),
    emits=(
        words.AccountRequested,
        words.ValidationResent,
        words.EmailVerified,
        words.AccountCreated,
        words.RequestCancelled,
        words.RequestExpired,
        words.KnownAddressRequested,
        words.PasswordAccepted,
        words.PasswordRefused,
        words.SignInLocked,
        words.PasswordResetRequested,
        words.UnknownAddressAsked,
        words.PasswordChanged,
        words.AddressProofRequested,
        words.AddressProofRenewed,
        words.LostPhoneClaimed,
        words.LostPhoneReported,
        words.AccountFrozen,
        words.AccountThawed,
        words.NameChanged,
        words.AddressChangeRequested,
        words.AddressChanged,
        # Said by the desk's acts, which sessions and second factors must end for.
        words.AccountDeactivated,
        words.AccountReactivated,
        words.CredentialsRemoved,
    ),
)
