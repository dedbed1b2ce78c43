"""Replies of registration: requests, links, terms and rules as a page needs them."""

from datetime import datetime

from shared.contracts.base import Reply


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

    `due` is the step that comes next: `validation`, `terms`, `created`; for an account that is
    created again after a lost phone also `resumption`, its code, and `resumption_check`, the desk
    compares names; then it is `resumed`. A name is given only once the address is proved.
    `resend_at` is the earliest time another message may be asked for; `expires_at` ends the code
    and the link. `described_at`: when all this was so, as a reply may be a stored one.
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
    resumed: bool = False
    first_name: str | None = None
    last_name: str | None = None
    described_at: datetime | None = None


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
    """Where a right password leads: `due` is `request` or `account`.

    Of an account also who it is, until when a second factor may be enrolled without proving the
    address again, how many passwords were wrong since the last right one, and `checked_at`, when
    the password was found right: a session lives from then, however late the answer is read.
    `terms_bind_at`: from when it binds a version of the terms that the account has not accepted.
    """

    due: str
    request_id: str | None = None
    account_id: str | None = None
    address: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    language: str | None = None
    enrol_before: datetime | None = None
    failures: int = 0
    checked_at: datetime | None = None
    terms_bind_at: datetime | None = None


class PasswordRulesView(Reply, frozen=True, kw_only=True):
    """The password rules as data: the JSON document that both interpreters read."""

    document: str


class ListedWordView(Reply, frozen=True, kw_only=True):
    """What only the server finds in a password: a listed word and its list's name, or two nulls;
    without a word, whether it is too easy to guess."""

    word: str | None = None
    source: str | None = None
    too_simple: bool = False


class TermsView(Reply, frozen=True, kw_only=True):
    """The terms in force, in one language. `sha256` is that of the file served; they bind those who
    have an account from the day `binding`. `text` is Markdown; `{service}` and `{operator}` in it
    stand for their names.
    """

    version: str
    date: str
    binding: str = ""
    sha256: str
    text: str
    model: bool


class Done(Reply, frozen=True, kw_only=True):
    """Carried out; nothing to return."""


class SuggestionView(Reply, frozen=True, kw_only=True):
    """The address that was probably meant, or null where nothing looks like a slip."""

    suggestion: str | None = None


class PasswordChangedView(Reply, frozen=True, kw_only=True):
    """The password was changed: whose, and when; sessions proved before that are to end."""

    account_id: str
    changed_at: datetime


class MailedLinkView(Reply, frozen=True, kw_only=True):
    """What a mailed link is worth: `valid`, `used`, `replaced`, `expired`, `malformed` or `gone`.

    `at` is when it expired or was used. `stolen`: the lost phone was reported as stolen.
    """

    state: str
    at: datetime | None = None
    stolen: bool = False


class AddressCodeView(Reply, frozen=True, kw_only=True):
    """The code that proves an address again: where and when it went, how long it is good."""

    address: str
    code_sent_at: datetime
    expires_at: datetime
    resend_at: datetime
    tries_left: int


class AddressChangeView(Reply, frozen=True, kw_only=True):
    """A change to `address`: when its code was sent there, how long it is valid, how
    many more messages may be asked for today."""

    address: str
    code_sent_at: datetime
    expires_at: datetime
    resend_at: datetime
    resends_left: int
    tries_left: int


class AddressChangedView(Reply, frozen=True, kw_only=True):
    """The account has this address since then; sessions proved before are to end."""

    address: str
    changed_at: datetime


class AddressProofView(Reply, frozen=True, kw_only=True):
    """The address is proved again: a second factor may be enrolled until `enrol_before`."""

    enrol_before: datetime


class LostPhoneView(Reply, frozen=True, kw_only=True):
    """The loss is recorded. `frozen`: the account `account_id` cannot sign in any more. `number` is
    that of the request to the desk. `alone`: no agent is asked."""

    account_id: str
    frozen: bool
    reported_at: datetime
    number: str = ""
    alone: bool = False


class DisavowalView(Reply, frozen=True, kw_only=True):
    """What a « ce n'est pas moi » link is worth: `valid`, `done`, `used`, `expired`, `malformed`.

    `done`: the account is frozen already; `used`: it was frozen and can sign in again.
    `masked_address` is the account's; `desk_only`: a new password will not reopen it.
    """

    state: str
    masked_address: str | None = None
    desk_only: bool = False


class FrozenView(Reply, frozen=True, kw_only=True):
    """The account is frozen. `desk_only`: a new password will not thaw it. Signing in with both
    factors until `undo_until` does."""

    account_id: str
    desk_only: bool
    undo_until: datetime | None = None
