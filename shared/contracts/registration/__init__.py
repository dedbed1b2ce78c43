"""The words of registration: accounts asked for, proved, created.

Until an account exists, its id (the envelope's subject) is reserved by the request that may create
it.
"""

from shared.contracts.registration.events import (
    OWNER,
    AccountCreated,
    AccountRequested,
    EmailVerified,
    KnownAddressRequested,
    RequestCancelled,
    RequestExpired,
    ValidationResent,
)
from shared.contracts.registration.requests import (
    AcceptTerms,
    CancelRequest,
    CorrectAddress,
    DescribeLink,
    DescribePasswordRules,
    DescribeRequest,
    DescribeTerms,
    FindListedWord,
    RequestAccount,
    ResendValidation,
    SignIn,
    SuggestAddress,
    VerifyCode,
    VerifyLink,
)
from shared.contracts.registration.views import (
    Done,
    LinkView,
    ListedWordView,
    MailView,
    PasswordRulesView,
    RequestView,
    SignInView,
    SuggestionView,
    TermsView,
)

__all__ = [
    "OWNER",
    "AcceptTerms",
    "AccountCreated",
    "AccountRequested",
    "CancelRequest",
    "CorrectAddress",
    "DescribeLink",
    "DescribePasswordRules",
    "DescribeRequest",
    "DescribeTerms",
    "Done",
    "EmailVerified",
    "FindListedWord",
    "KnownAddressRequested",
    "LinkView",
    "ListedWordView",
    "MailView",
    "PasswordRulesView",
    "RequestAccount",
    "RequestCancelled",
    "RequestExpired",
    "RequestView",
    "ResendValidation",
    "SignIn",
    "SignInView",
    "SuggestAddress",
    "SuggestionView",
    "TermsView",
    "ValidationResent",
    "VerifyCode",
    "VerifyLink",
]
