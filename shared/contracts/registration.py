"""The words of registration: accounts asked for, proved, created.

Until an account exists, its id (the envelope's subject) is reserved by the request that may create
it. Addresses and names travel in clear in these messages only.
"""

from __future__ import annotations

from datetime import datetime

from shared.contracts.base import Event, Reply, Request, Sealed, event, request

OWNER = "registration"


@event(OWNER)
class AccountRequested(Event, frozen=True, kw_only=True):
    """Somebody asked for an account with this address; the address is still to be proved.

    `code` (six digits) and `link_token` (256 bits, base64url) are sealed for the mailer. Both run
    out at `expires_at`.
    """

    request_id: str
    address: str
    language: str
    code: Sealed
    link_token: Sealed
    requested_at: datetime
    expires_at: datetime


@event(OWNER)
class ValidationResent(Event, frozen=True, kw_only=True):
    """A new code and link replace the former ones of a request, perhaps at a corrected address."""

    request_id: str
    address: str
    language: str
    code: Sealed
    link_token: Sealed
    requested_at: datetime
    expires_at: datetime


@event(OWNER)
class EmailVerified(Event, frozen=True, kw_only=True):
    """The address of a request was proved by code or by link (`by`)."""

    request_id: str
    by: str
    verified_at: datetime


@event(OWNER)
class AccountCreated(Event, frozen=True, kw_only=True):
    """The terms were accepted and the account exists.

    `enrol_before` is when a second factor should be enrolled, lest the address be asked again.
    """

    request_id: str
    address: str
    first_name: str
    last_name: str
    language: str
    terms_version: str
    terms_accepted_at: datetime
    created_at: datetime
    enrol_before: datetime


@event(OWNER)
class RequestCancelled(Event, frozen=True, kw_only=True):
    """The person gave the request up; nothing of it is kept."""

    request_id: str


@event(OWNER)
class RequestExpired(Event, frozen=True, kw_only=True):
    """The request ran out before an account was created, or another one was proved first."""

    request_id: str


@event(OWNER)
class KnownAddressRequested(Event, frozen=True, kw_only=True):
    """An account was asked for with an address that already has one; only its holder is told.

    The subject is the existing account's id.
    """

    request_id: str
    address: str
    language: str
    requested_at: datetime


class MailView(Reply, frozen=True, kw_only=True):
    """What became of the latest message: waiting, accepted, deferred, refused or doubtful.

    `reason` is one of `unknown_mailbox`, `mailbox_full`, `refused`, `unreachable`, None.
    """

    state: str
    at: datetime | None = None
    next_try_at: datetime | None = None
    reason: str | None = None


class RequestView(Reply, frozen=True, kw_only=True):
    """A request as its owner sees it.

    `due` is the step that comes next: `validation`, `terms`, `created`. A name is given only once
    the address is proved. `resend_at` is the earliest time another message may be asked for;
    `expires_at` ends the code and the link.
    """

    request_id: str
    due: str
    address: str
    language: str
    code_sent_at: datetime
    expires_at: datetime
    resend_at: datetime
    resends_left: int
    tries_left: int
    mail: MailView
    verified_at: datetime | None = None
    created_at: datetime | None = None
    first_name: str | None = None
    last_name: str | None = None


class LinkView(Reply, frozen=True, kw_only=True):
    """What a link is worth: `valid`, `replaced`, `expired`, `verified`, `malformed` or `gone`.

    `needs_password` is true where the browser is not the one that asked. `at` is when the link ran
    out. `tries_left` counts passwords.
    """

    state: str
    masked_address: str | None = None
    needs_password: bool = False
    tries_left: int = 0
    at: datetime | None = None


class SignInView(Reply, frozen=True, kw_only=True):
    """Where a right password leads: `due` is `request` or `account`."""

    due: str
    request_id: str | None = None
    account_id: str | None = None


class PasswordRulesView(Reply, frozen=True, kw_only=True):
    """The password rules as data: the JSON document that both interpreters read."""

    document: str


class ListedWordView(Reply, frozen=True, kw_only=True):
    """The listed word found in a password, and its list's name, or two nulls."""

    word: str | None = None
    source: str | None = None


class TermsView(Reply, frozen=True, kw_only=True):
    """The terms in force, in one language. `sha256` is that of the file served."""

    version: str
    date: str
    sha256: str
    text: str
    model: bool


class Done(Reply, frozen=True, kw_only=True):
    """Carried out; nothing to say."""


@request(OWNER, RequestView, changes=True)
class RequestAccount(Request, frozen=True, kw_only=True):
    """Ask for an account.

    Refused with `invalid_fields` (errors for first_name, last_name, address, password) or
    `too_many_requests`. An address that has an account is answered alike.
    `network` is the applicant's network prefix.
    """

    first_name: str
    last_name: str
    address: str
    password: Sealed
    language: str
    network: str


@request(OWNER, RequestView, changes=False)
class DescribeRequest(Request, frozen=True, kw_only=True):
    """Where a request stands. Refused with `request_gone`."""

    request_id: str


@request(OWNER, RequestView, changes=True)
class ResendValidation(Request, frozen=True, kw_only=True):
    """Send a new code and link. Refused with `too_soon`, `too_many_requests`, `request_gone`,
    `already_verified`."""

    request_id: str
    language: str
    network: str


@request(OWNER, RequestView, changes=True)
class CorrectAddress(Request, frozen=True, kw_only=True):
    """Move a request to another address; the password is judged and checked again.

    Refused with `invalid_fields` (address, password), `too_many_requests`, `request_gone`,
    `already_verified`.
    """

    request_id: str
    address: str
    password: Sealed
    language: str
    network: str


@request(OWNER, RequestView, changes=True, reply_seconds=300)
class VerifyCode(Request, frozen=True, kw_only=True):
    """Prove the address by the code of the latest message.

    Refused with `wrong_code` (params: tries_left), `code_void`, `code_expired`, `request_gone`;
    `invalid_fields` where it is not six digits. Verified already is no error.
    """

    request_id: str
    code: Sealed


@request(OWNER, LinkView, changes=False)
class DescribeLink(Request, frozen=True, kw_only=True):
    """What a link is worth, for this browser's request or for none. Changes nothing."""

    link_token: Sealed
    request_id: str | None = None


@request(OWNER, RequestView, changes=True, reply_seconds=300)
class VerifyLink(Request, frozen=True, kw_only=True):
    """Prove the address by link, with the asking browser's request or the chosen password.

    Refused with `link_malformed`, `link_replaced`, `link_expired`, `link_gone`,
    `already_verified`, `password_needed`, `wrong_password` (params: tries_left),
    `link_password_void`.
    """

    link_token: Sealed
    request_id: str | None = None
    password: Sealed | None = None


@request(OWNER, TermsView, changes=False)
class DescribeTerms(Request, frozen=True, kw_only=True):
    """The terms in force."""

    language: str


@request(OWNER, RequestView, changes=True)
class AcceptTerms(Request, frozen=True, kw_only=True):
    """Accept the terms that were shown and create the account.

    Refused with `terms_changed` (they are no longer the ones in force), `not_verified`,
    `request_gone`. Created already is no error.
    """

    request_id: str
    terms_version: str
    terms_sha256: str
    language: str


@request(OWNER, Done, changes=True)
class CancelRequest(Request, frozen=True, kw_only=True):
    """Give the request up. Refused with `account_exists`; gone already is no error."""

    request_id: str


@request(OWNER, SignInView, changes=True, reply_seconds=300)
class SignIn(Request, frozen=True, kw_only=True):
    """Check address and password: leads to the pending request's due step or to the account.

    Refused with `wrong_credentials`, `too_many_tries` (retry_after), both alike for unknown
    addresses.
    """

    address: str
    password: Sealed
    network: str


@request(OWNER, PasswordRulesView, changes=False)
class DescribePasswordRules(Request, frozen=True, kw_only=True):
    """The rules that passwords are judged by."""


@request(OWNER, ListedWordView, changes=False)
class FindListedWord(Request, frozen=True, kw_only=True):
    """Whether a password holds a common word; the word lists are asked of the server only."""

    password: Sealed


class SuggestionView(Reply, frozen=True, kw_only=True):
    """The address that was probably meant, or null where nothing looks like a slip."""

    suggestion: str | None = None


@request(OWNER, SuggestionView, changes=False)
class SuggestAddress(Request, frozen=True, kw_only=True):
    """Whether an address looks like a slip of a well-known one. Points out, never refuses."""

    address: str
