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
from shared.contracts import dossiers, mailer, mfa, profile, registration
from shared.contracts.base import Request


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
    registration.RequestAccount,
    registration.DescribeRequest,
    registration.ResendValidation,
    registration.CorrectAddress,
    registration.VerifyCode,
    registration.DescribeLink,
    registration.VerifyLink,
    registration.DescribeTerms,
    registration.AcceptTerms,
    registration.CancelRequest,
    registration.DescribePasswordRules,
    registration.FindListedWord,
    registration.SuggestAddress,
    registration.SignIn,
    registration.CheckPassword,
    registration.ChangePassword,
    registration.RequestPasswordReset,
    registration.DescribeReset,
    registration.ResetPassword,
    registration.SendAddressCode,
    registration.VerifyAddressCode,
    registration.ClaimLostPhone,
    registration.DescribeLostPhone,
    registration.ConfirmLostPhone,
    registration.DescribeDisavowal,
    registration.Disavow,
    registration.JudgeAddressChange,
    registration.RequestAddressChange,
    registration.DescribeAddressChange,
    registration.ResendAddressChange,
    registration.ConfirmAddressChange,
    registration.CancelAddressChange,
    registration.ExportAccount,
    mfa.ExportAccount,
    mfa.DescribeFactor,
    mfa.StartEnrolment,
    mfa.StartReplacement,
    mfa.UseRecoveryCode,
    mfa.DescribeEnrolment,
    mfa.RestartEnrolment,
    mfa.ConfirmEnrolment,
    mfa.CheckCode,
    mfa.MakeRecoveryCodes,
    mfa.KeepRecoveryCodes,
    profile.DescribeProfile,
    profile.SaveProfile,
    profile.ValidateProfile,
    profile.FindEstablishment,
    profile.ExportAccount,
    mailer.ExportAccount,
    dossiers.ListDossiers,
    dossiers.ReadDossiers,
)
