"""The other services, one typed client each, under one app key."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from services.gateway.clients.address_change import AddressChangeClient
from services.gateway.clients.auth import AuthClient
from services.gateway.clients.data_export import DataExportClient
from services.gateway.clients.dossiers import Dossiers
from services.gateway.clients.mfa import MfaClient
from services.gateway.clients.profile import Profile
from services.gateway.clients.registration import Registration
from shared.contracts import dossiers, mailer
from shared.contracts.base import Request
from shared.contracts.mfa.requests import (
    CheckCode,
    ConfirmEnrolment,
    DescribeEnrolment,
    DescribeFactor,
    KeepRecoveryCodes,
    MakeRecoveryCodes,
    RestartEnrolment,
    StartEnrolment,
    StartReplacement,
    UseRecoveryCode,
)
from shared.contracts.mfa.requests import ExportAccount as MfaExportAccount
from shared.contracts.profile.requests import (
    DescribeProfile,
    FindEstablishment,
    SaveProfile,
    ValidateProfile,
)
from shared.contracts.profile.requests import ExportAccount as ProfileExportAccount
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


@dataclass(frozen=True)
class Clients:
    """One client for each service."""

    registration: Registration
    auth: AuthClient
    address_change: AddressChangeClient
    mfa: MfaClient
    profile: Profile
    dossiers: Dossiers
    data_export: DataExportClient


CLIENTS = web.AppKey("clients", Clients)

CALLS: tuple[type[Request], ...] = (
    RequestAccount,
    DescribeRequest,
    ResendValidation,
    CorrectAddress,
    VerifyCode,
    DescribeLink,
    VerifyLink,
    DescribeTerms,
    AcceptTerms,
    CancelRequest,
    DescribePasswordRules,
    FindListedWord,
    SuggestAddress,
    SignIn,
    CheckPassword,
    ChangePassword,
    RequestPasswordReset,
    DescribeReset,
    ResetPassword,
    SendAddressCode,
    VerifyAddressCode,
    ClaimLostPhone,
    DescribeLostPhone,
    ConfirmLostPhone,
    DescribeDisavowal,
    Disavow,
    JudgeAddressChange,
    RequestAddressChange,
    DescribeAddressChange,
    ResendAddressChange,
    ConfirmAddressChange,
    CancelAddressChange,
    RegistrationExportAccount,
    MfaExportAccount,
    DescribeFactor,
    StartEnrolment,
    StartReplacement,
    UseRecoveryCode,
    DescribeEnrolment,
    RestartEnrolment,
    ConfirmEnrolment,
    CheckCode,
    MakeRecoveryCodes,
    KeepRecoveryCodes,
    DescribeProfile,
    SaveProfile,
    ValidateProfile,
    FindEstablishment,
    ProfileExportAccount,
    mailer.ExportAccount,
    dossiers.ListDossiers,
    dossiers.ReadDossiers,
)
