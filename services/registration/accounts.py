"""An account: its states, and what they permit. Pure.

An account is `active`, `deactivated` or `frozen`. A new password makes a frozen account `thawing`:
it can sign in, and the second factor then makes it active. Where the phone was stolen, or phone or
address changed shortly before the freeze, only support can unfreeze it (`desk_only`). Whoever reads
the mailbox can freeze: for some hours a sign-in with both factors undoes that (`undo_until`).
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from shared.domain.lost_phone_alone import UNCHANGED_PERIOD
from shared.security.password_hashing import PasswordHash

AccountState = Literal["active", "deactivated", "frozen", "thawing"]
#: A change of phone or address so shortly before a freeze may be a thief's: the link that freezes
#: is valid for a week, and its mail may have been delayed for days.
RECENT_CHANGE_PERIOD = timedelta(days=14)
#: For how long both factors undo a freeze that the mailbox alone caused.
UNDO_PERIOD = timedelta(hours=12)
#: For how long a password waits for no turn where spraying was recognised.
NEW_PASSWORD_PERIOD = timedelta(hours=1)
#: How long a change of address waits for its confirmation.
ADDRESS_CHANGE_RETENTION = timedelta(hours=24)


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """The password of an account.

    `changes` counts its changes, the last of which was at `set_at`; `right_at` is when it was last
    given right. `reset_required`: it opens nothing until it is replaced.
    """

    password: PasswordHash
    changes: int
    set_at: datetime
    right_at: datetime | None = None
    reset_required: bool = False


@dataclass(frozen=True, kw_only=True)
class Account:
    """An account, as it is stored."""

    id: str
    address: str
    address_key: str
    first_name: str
    last_name: str
    language: str
    state: AccountState
    verified_at: datetime
    frozen_at: datetime | None = None
    desk_only: bool = False
    phone_replaced_at: datetime | None = None
    address_changed_at: datetime | None = None
    named_at: datetime | None = None
    undo_until: datetime | None = None
    second_factor_at: datetime | None = None
    anonymised_at: datetime | None = None
    credentials: Credentials | None = None

    @property
    def is_taken(self) -> bool:
        """Whether a request for its address is a decoy: it has credentials, or it is closed."""
        return self.credentials is not None or self.state != "active"

    @property
    def is_anonymous(self) -> bool:
        """Whether nothing says any more who it belonged to."""
        return self.anonymised_at is not None

    @property
    def must_reset_password(self) -> bool:
        """Whether its password, even right, opens nothing until it is replaced (PW-09)."""
        return self.credentials is not None and self.credentials.reset_required

    @property
    def can_sign_in(self) -> bool:
        """Whether its password signs in; where not, it is refused like a wrong one."""
        opens = self.credentials is not None and not self.must_reset_password
        return opens and self.state in ("active", "thawing")

    @property
    def can_reset_password(self) -> bool:
        """Whether a mailed link may set a new password."""
        thaws = self.state == "frozen" and not self.desk_only
        return self.credentials is not None and (thaws or self.state in ("active", "thawing"))

    @property
    def support_only(self) -> bool:
        """Whether it is closed and only support can open it again."""
        return self.state == "deactivated" or (self.state == "frozen" and self.desk_only)

    @property
    def can_report_lost_phone(self) -> bool:
        """Whether a lost phone may be reported; for a frozen account too."""
        return self.credentials is not None and self.state != "deactivated"

    def can_undo_freeze(self, now: datetime) -> bool:
        """Whether a sign-in with both factors ends its freeze: it needs a phone."""
        return (
            self.state == "frozen"
            and not self.desk_only
            and self.second_factor_at is not None
            and self.undo_until is not None
            and now < self.undo_until
        )

    def has_new_password(self, now: datetime) -> bool:
        """Whether its password was chosen so lately that it is in nobody's list."""
        return self.credentials is not None and now - self.credentials.set_at < NEW_PASSWORD_PERIOD

    def compares_password(self, now: datetime) -> bool:
        """Whether a typed password is compared at sign-in."""
        opens = self.state in ("active", "thawing") or self.can_undo_freeze(now)
        return self.credentials is not None and opens

    def accepts_password(self, now: datetime) -> bool:
        """Whether the right password leads to the second factor."""
        return self.compares_password(now) and not self.must_reset_password

    def same_password(self, seen: "Account") -> bool:
        """Whether it has the password that it had in `seen`, an earlier reading."""
        if self.credentials is None or seen.credentials is None:
            return False
        return self.credentials.changes == seen.credentials.changes


def recently_changed(account: Account, now: datetime) -> bool:
    """Whether phone or address changed so recently that only support may end a freeze made now.

    A reset link goes to the address: the person who changed it could unfreeze the account.
    """
    changes = (account.phone_replaced_at, account.address_changed_at)
    return any(changed is not None and changed > now - RECENT_CHANGE_PERIOD for changed in changes)


AloneRefusal = Literal["", "closed", "password_lately", "address_lately"]


def alone_refusal(account: Account, now: datetime) -> AloneRefusal:
    """Why the holder may not replace a lost phone without an agent, or an empty text.

    Whoever reads the mailbox can set a password by it: one that is new says nothing of who they
    are, nor does a new address. An account that was created or opened again lately has a new one.
    """
    since, credentials = now - UNCHANGED_PERIOD, account.credentials
    if credentials is None or account.state != "active" or account.must_reset_password:
        return "closed"
    if credentials.set_at > since:
        return "password_lately"
    changed = account.address_changed_at
    return "address_lately" if changed is not None and changed > since else ""


FreezeConsequence = Literal["none", "desk_only", "freeze"]


def freeze_consequence(account: Account, replaced_at: datetime) -> FreezeConsequence:
    """What follows from a phone replacement reported once the account is frozen or thawing.

    A frozen account is restricted to support. A thawing one is frozen again, unless the phone was
    replaced after the freeze, which needs both factors.
    """
    if account.frozen_at is None or replaced_at <= account.frozen_at - RECENT_CHANGE_PERIOD:
        return "none"
    if account.state == "frozen":
        return "none" if account.desk_only else "desk_only"
    return "freeze" if account.state == "thawing" and replaced_at <= account.frozen_at else "none"


@dataclass(frozen=True, kw_only=True)
class MailedLink:
    """A link for a new password (`password`), one that confirms a lost phone (`phone`), perhaps
    `stolen`, or one that lifts limits (`unlock`)."""

    kind: str
    account_id: str | None
    stolen: bool = False
    requested_at: datetime
    expires_at: datetime
    replaced: bool = False
    used_at: datetime | None = None

    def state(self, now: datetime) -> str:
        """`used`, `replaced`, `expired` or `valid`."""
        if self.used_at is not None:
            return "used"
        if self.replaced:
            return "replaced"
        return "expired" if self.expires_at <= now else "valid"


@dataclass(frozen=True, kw_only=True)
class AddressCode:
    """The latest code that verifies an account's address again."""

    account_id: str
    code_key_id: str
    code_hash: bytes = field(repr=False)
    tries: int = 0
    sent_at: datetime
    expires_at: datetime
    used_at: datetime | None = None

    def is_usable(self, now: datetime) -> bool:
        """Whether it is shown rather than replaced, also once its tries are used up."""
        return self.used_at is None and self.expires_at > now


@dataclass(frozen=True, kw_only=True)
class RecoveryAddress:
    """The second address of an account, told of recoveries."""

    address: str
    verified_at: datetime


@dataclass(frozen=True, kw_only=True)
class RecoveryAddressChange:
    """A recovery address that waits for its code."""

    account_id: str
    id: str
    address: str
    code_key_id: str
    code_hash: bytes = field(repr=False)
    tries: int = 0
    sent_at: datetime
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class AddressChange:
    """A requested change of address. `decoy`: the address has an account, and no code is right.

    The password is the account's, hashed for the new address, as of `password_changes`.
    """

    account_id: str
    id: str
    address: str
    address_key: str
    decoy: bool
    password_hash: str = field(repr=False)
    pepper_key_id: str
    password_changes: int
    code_key_id: str = ""
    code_hash: bytes = field(default=b"", repr=False)
    tries: int = 0
    requested_at: datetime
    sent_at: datetime
    expires_at: datetime
    kept_until: datetime

    def is_pending(self, account: Account, now: datetime) -> bool:
        """Whether it may still be confirmed: neither expired nor followed by a new password."""
        own = account.credentials
        return (
            account.can_sign_in
            and own is not None
            and own.changes == self.password_changes
            and now < self.kept_until
        )
