"""The words of the second factor: enrolled, replaced, checked, recovered."""

from shared.contracts.mfa.events import (
    OWNER,
    AuthenticatorEnrolled,
    AuthenticatorRemoved,
    AuthenticatorReplaced,
    CodeCheckLocked,
    CodeRefused,
    RecoveryCodesReplaced,
    RecoveryCodeUsed,
)
from shared.contracts.mfa.requests import (
    CheckCode,
    ConfirmEnrolment,
    DescribeEnrolment,
    DescribeFactor,
    KeepRecoveryCodes,
    MakeRecoveryCodes,
    Noted,
    RestartEnrolment,
    StartEnrolment,
    StartReplacement,
    UseRecoveryCode,
)
from shared.contracts.mfa.views import (
    CodeView,
    EnrolledView,
    EnrolmentView,
    FactorView,
    RecoveryCodesView,
)

__all__ = [
    "OWNER",
    "AuthenticatorEnrolled",
    "AuthenticatorRemoved",
    "AuthenticatorReplaced",
    "CheckCode",
    "CodeCheckLocked",
    "CodeRefused",
    "CodeView",
    "ConfirmEnrolment",
    "DescribeEnrolment",
    "DescribeFactor",
    "EnrolledView",
    "EnrolmentView",
    "FactorView",
    "KeepRecoveryCodes",
    "MakeRecoveryCodes",
    "Noted",
    "RecoveryCodeUsed",
    "RecoveryCodesReplaced",
    "RecoveryCodesView",
    "RestartEnrolment",
    "StartEnrolment",
    "StartReplacement",
    "UseRecoveryCode",
]
