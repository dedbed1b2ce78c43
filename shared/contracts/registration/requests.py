"""Requests to registration, and their refusals."""

from shared.contracts.base import Request, Sealed, request
from shared.contracts.registration import views
from shared.contracts.registration.events import OWNER


@request(OWNER, views.RequestView, changes=True)
class RequestAccount(Request, frozen=True, kw_only=True):
    """Request an account.

    Refused with `invalid_fields` (errors for first_name, last_name, address, password),
    `too_many_requests`, or, where `point_out_slip` is true, `likely_slip` (params: suggestion,
    question), which `AnswerAddressQuestion` answers. An address that has an account is answered the
    same way. `network` is the applicant's network.
    """

    first_name: str
    last_name: str
    address: str
    password: Sealed
    language: str
    network: str
    point_out_slip: bool = False


@request(OWNER, views.RequestView, changes=True)
class AnswerAddressQuestion(Request, frozen=True, kw_only=True):
    """Say which address was meant after `likely_slip`, without the password: the form continues.

    `request_id` is that of a correction. Refused with `too_many_requests`, `request_gone`,
    `already_verified`, or `question_gone`: answered, older than half an hour, about another form,
    or other names or a third address than those of the form.
    """

    question_id: str
    address: str
    network: str
    first_name: str = ""
    last_name: str = ""
    request_id: str | None = None


@request(OWNER, views.RequestView, changes=False)
class DescribeRequest(Request, frozen=True, kw_only=True):
    """The state of a request. Refused with `request_gone`."""

    request_id: str


@request(OWNER, views.RequestView, changes=True)
class ResendValidation(Request, frozen=True, kw_only=True):
    """Send a new code and link. Refused with `too_soon`, `too_many_requests`, `request_gone`,
    `already_verified`."""

    request_id: str
    language: str
    network: str


@request(OWNER, views.RequestView, changes=True)
class CorrectAddress(Request, frozen=True, kw_only=True):
    """Move a request to another address; the password is validated and checked again.

    Refused with `invalid_fields` (address, password), `too_many_requests`, `request_gone`,
    `already_verified`, or, where `point_out_slip` is true, `likely_slip` (params: suggestion,
    question), which `AnswerAddressQuestion` answers.
    """

    request_id: str
    address: str
    password: Sealed
    language: str
    network: str
    point_out_slip: bool = False


@request(OWNER, views.RequestView, changes=True, reply_seconds=300)
class VerifyCode(Request, frozen=True, kw_only=True):
    """Verify the address by the code of the latest message.

    Refused with `wrong_code` (params: tries_left), `code_void`, `code_expired`, `request_gone`;
    `invalid_fields` where it is not six digits. Verified already is no error.
    """

    request_id: str
    code: Sealed


@request(OWNER, views.LinkView, changes=False)
class DescribeLink(Request, frozen=True, kw_only=True):
    """The state of a link, for this browser's request or for none. Changes nothing."""

    link_token: Sealed
    request_id: str | None = None


@request(OWNER, views.RequestView, changes=True, reply_seconds=300)
class VerifyLink(Request, frozen=True, kw_only=True):
    """Verify the address by link, with the asking browser's request or the chosen password.

    Refused with `link_malformed`, `link_replaced`, `link_expired`, `link_gone`,
    `already_verified`, `password_needed`, `wrong_password` (params: tries_left),
    `link_password_void`.
    """

    link_token: Sealed
    request_id: str | None = None
    password: Sealed | None = None


@request(OWNER, views.TermsView, changes=False)
class DescribeTerms(Request, frozen=True, kw_only=True):
    """The terms in force."""

    language: str


@request(OWNER, views.RequestView, changes=True)
class AcceptTerms(Request, frozen=True, kw_only=True):
    """Accept the terms that were shown and create the account.

    Refused with `terms_changed` (they are no longer the ones in force), `not_verified`,
    `request_gone`. Created already is no error.
    """

    request_id: str
    terms_version: str
    terms_sha256: str
    language: str


@request(OWNER, views.Done, changes=True)
class CancelRequest(Request, frozen=True, kw_only=True):
    """Cancel the request. Refused with `account_exists`; a request that is already gone is no
    error."""

    request_id: str


@request(OWNER, views.SignInView, changes=True, reply_seconds=300)
class SignIn(Request, frozen=True, kw_only=True):
    """Check address and password: leads to the due step of a pending request or to the account.

    Refused with `wrong_credentials`, `too_many_tries` (retry_after), both alike for unknown
    addresses, or, where the password was right, `password_reset_required`: the desk wants another
    one. `known_accounts` are those that this browser was signed in to before, as the asker
    vouches: for them it keeps a few tries of its own.
    """

    address: str
    password: Sealed
    network: str
    known_accounts: tuple[str, ...] = ()


@request(OWNER, views.PasswordRulesView, changes=False)
class DescribePasswordRules(Request, frozen=True, kw_only=True):
    """The password rules in force."""


@request(OWNER, views.ListedWordView, changes=False)
class FindListedWord(Request, frozen=True, kw_only=True):
    """Find a common word in a password, or that it is too easy to guess: the rules that only the
    server has."""

    password: Sealed


@request(OWNER, views.SuggestionView, changes=False)
class SuggestAddress(Request, frozen=True, kw_only=True):
    """Suggest a correction for an address that looks like a typing error of a well-known one. Never
    refused."""

    address: str


@request(OWNER, views.Done, changes=True, reply_seconds=300)
class CheckPassword(Request, frozen=True, kw_only=True):
    """Check the password of the account of a session before a sensitive action.

    Refused with `wrong_password` or `too_many_tries` (retry_after), counted like a sign-in of a
    known browser.
    """

    account_id: str
    password: Sealed


@request(OWNER, views.PasswordChangedView, changes=True, reply_seconds=300)
class ChangePassword(Request, frozen=True, kw_only=True):
    """Change the password within a session.

    Refused with `invalid_fields` (`current_password`: wrong; `password`: as at the creation, or
    `unchanged`) or `too_many_tries` (retry_after). `device` is the browser and system, as readable
    names.
    """

    account_id: str
    current_password: Sealed
    password: Sealed
    device: str = ""


@request(OWNER, views.Done, changes=True)
class RequestPasswordReset(Request, frozen=True, kw_only=True):
    """Send a link for a new password, if the address has an account; the reply is the same if it
    has none.

    Refused with `invalid_fields` (address) or `too_many_requests` (params: limit).
    """

    address: str
    language: str
    network: str


@request(OWNER, views.MailedLinkView, changes=False)
class DescribeReset(Request, frozen=True, kw_only=True):
    """The state of a link for a new password. Changes nothing."""

    link_token: Sealed


@request(OWNER, views.PasswordChangedView, changes=True, reply_seconds=300)
class ResetPassword(Request, frozen=True, kw_only=True):
    """Set a new password with a mailed link; only this uses the link up, and lifts the throttle.

    Refused with `invalid_fields` (password; the link stays good), or with `link_malformed`,
    `link_used`, `link_replaced`, `link_expired`, `link_gone`.
    """

    link_token: Sealed
    password: Sealed
    device: str = ""


@request(OWNER, views.AddressCodeView, changes=True)
class SendAddressCode(Request, frozen=True, kw_only=True):
    """Mail a code, valid for ten minutes, that verifies an account's address again.

    With `renew` false the code that is still good is described and none is sent. Refused with
    `too_soon` (retry_after), `too_many_requests` (params: limit) or, where the account opens no
    more, `account_closed`.
    """

    account_id: str
    language: str
    renew: bool = False


@request(OWNER, views.AddressProofView, changes=True, reply_seconds=300)
class VerifyAddressCode(Request, frozen=True, kw_only=True):
    """Enter that code. Refused with `wrong_code` (params: tries_left), `code_void` (params: tries),
    `code_expired` (params: at), `account_closed`, or `invalid_fields` where it is not six digits.
    """

    account_id: str
    code: Sealed


@request(OWNER, views.Done, changes=True)
class ClaimLostPhone(Request, frozen=True, kw_only=True):
    """Send a link that confirms a lost phone, if the address has an account; the reply is the same
    if it has none. `stolen` is asked behind the link and not read here any more.

    Refused with `invalid_fields` (address) or `too_many_requests` (params: limit).
    """

    address: str
    stolen: bool
    language: str
    network: str


@request(OWNER, views.MailedLinkView, changes=False)
class DescribeLostPhone(Request, frozen=True, kw_only=True):
    """The state of a link that confirms a lost phone. Changes nothing."""

    link_token: Sealed


@request(OWNER, views.LostPhoneView, changes=True)
class ConfirmLostPhone(Request, frozen=True, kw_only=True):
    """Confirm a lost phone: it is recorded for the desk, and the account is frozen if the phone was
    stolen.

    `code` are the six digits of the mail, since robots follow links; a theft needs the `password`
    too, since only the desk ends that freeze, and so does whoever would do without an agent
    (`alone`). Refused with `link_malformed`, `link_used`, `link_replaced`, `link_expired`,
    `link_gone`, `wrong_code` (params: tries_left), `code_void` (params: tries), `invalid_fields`
    (code, password; alone: `not_offered`, `stolen`, `password_lately`, `address_lately`, `closed`)
    or `too_many_tries` (retry_after).
    """

    link_token: Sealed
    code: Sealed | None = None
    stolen: bool = False
    password: Sealed | None = None
    alone: bool = False


@request(OWNER, views.Done, changes=False)
class CheckPhoneReplacement(Request, frozen=True, kw_only=True):
    """Whether the password of an account may still enrol another phone after the delay of a lost
    one. The caller vouches for a session with the password.

    Refused with `replacement_refused`: it is not offered, or password or address changed, or the
    account is closed.
    """

    account_id: str


@request(OWNER, views.MailedLinkView, changes=False)
class DescribeUnlock(Request, frozen=True, kw_only=True):
    """The state of a link that lifts the limits of an address. Changes nothing."""

    link_token: Sealed


@request(OWNER, views.Done, changes=True)
class UnlockAddress(Request, frozen=True, kw_only=True):
    """Lift the limits of an address, for this network and for all together.

    `code` are the six digits of the mail. Refused with `link_malformed`, `link_used`,
    `link_replaced`, `link_expired`, `link_gone`, `wrong_code` (params: tries_left), `code_void`
    (params: tries) or `invalid_fields` (code).
    """

    link_token: Sealed
    code: Sealed | None
    network: str


@request(OWNER, views.DisavowalView, changes=False)
class DescribeDisavowal(Request, frozen=True, kw_only=True):
    """The state of a « ce n'est pas moi » link. Changes nothing."""

    link_token: Sealed


@request(OWNER, views.FrozenView, changes=True)
class Disavow(Request, frozen=True, kw_only=True):
    """« Ce n'est pas moi »: freeze the account that the mail was about.

    `code` are the six digits of the mail, since robots follow links. Refused with `link_malformed`,
    `link_used`, `link_expired`, `wrong_code` (params: tries_left), `code_void` (params: tries) or
    `invalid_fields` (code); frozen already is no error.
    """

    link_token: Sealed
    code: Sealed | None = None
