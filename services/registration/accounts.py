"""An account that exists, and what opens or closes it: states, freezing, thawing (settled 1, 8).

Pure. An account is `active`, `deactivated` or `frozen`; a new password makes a frozen one
`thawing`, which may be signed in to, and the second factor then makes it active again. Where the
phone was stolen, or phone or address changed shortly before, only the desk thaws it (`desk_only`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from services.registration.passwords import Hashed

AccountState = Literal["active", "deactivated", "frozen", "thawing"]
#: A phone or an address changed within so long before a freeze may be a thief's: the link
#: « ce n'est pas moi » lives a week, and its mail may have been days on its way.
DOUBT = timedelta(days=14)
#: How long a wish for another address may wait for its proof.
CHANGE_KEPT = timedelta(hours=24)


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """What an account is signed in with; `changes` tells one password from the next, `right_at` is
    when it was last given right."""

    password: Hashed
    changes: int
    right_at: datetime | None = None


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
    credentials: Credentials | None = None

    @property
    def opens(self) -> bool:
        """Whether its password signs in; where not, it is wrong like any other (settled 4)."""
        return self.credentials is not None and self.state in ("active", "thawing")

    @property
    def takes_reset(self) -> bool:
        """Whether a mailed link may give it a new password."""
        thaws = self.state == "frozen" and not self.desk_only
        return self.opens or (thaws and self.credentials is not None)

    @property
    def left_to_desk(self) -> bool:
        """Whether it is closed and only the desk opens it again."""
        return self.state == "deactivated" or (self.state == "frozen" and self.desk_only)

    @property
    def takes_lost_phone(self) -> bool:
        """Whether its phone may be told lost: frozen too, since the desk thaws it then."""
        return self.credentials is not None and self.state != "deactivated"

    def same_password(self, seen: Account) -> bool:
        """Whether it still opens with the password that it had when it was `seen`."""
        if self.credentials is None or seen.credentials is None or not self.opens:
            return False
        return self.credentials.changes == seen.credentials.changes


def in_doubt(account: Account, now: datetime) -> bool:
    """Whether phone or address changed so shortly before `now` that a freeze is the desk's to end.

    A reset link goes to the address: whoever changed it could thaw the account.
    """
    changes = (account.phone_replaced_at, account.address_changed_at)
    return any(changed is not None and changed > now - DOUBT for changed in changes)


LateDoubt = Literal["none", "desk_only", "freeze"]


def doubt_after_freeze(account: Account, replaced_at: datetime) -> LateDoubt:
    """What a replacement means that is heard of only once the account is frozen or thawing.

    A frozen account becomes the desk's. So does one that was thawed too easily: it is frozen again,
    unless the phone was replaced after the freeze, by who has both factors.
    """
    if account.frozen_at is None or replaced_at <= account.frozen_at - DOUBT:
        return "none"
    if account.state == "frozen":
        return "none" if account.desk_only else "desk_only"
    return "freeze" if account.state == "thawing" and replaced_at <= account.frozen_at else "none"


@dataclass(frozen=True, kw_only=True)
class MailedLink:
    """A link for a new password (`password`) or one that confirms a lost phone (`phone`)."""

    kind: str
    account_id: str | None
    stolen: bool
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
    """The latest code that proves an account's address again."""

    code_key_id: str
    code_hash: bytes
    tries: int
    sent_at: datetime
    expires_at: datetime
    used_at: datetime | None = None

    def is_good(self, now: datetime) -> bool:
        """Whether it is shown rather than replaced; tries used up are for the person to see."""
        return self.used_at is None and self.expires_at > now


@dataclass(frozen=True, kw_only=True)
class AddressChange:
    """A wish for another address. `decoy`: somebody has it, and no code is right.

    `password` is the account's, hashed for the new address; `password_changes` says which one.
    """

    id: str
    address: str
    address_key: str
    decoy: bool
    password: Hashed
    password_changes: int
    code_key_id: str
    code_hash: bytes = field(repr=False)
    tries: int
    requested_at: datetime
    sent_at: datetime
    expires_at: datetime
    kept_until: datetime

    def stands(self, account: Account, now: datetime) -> bool:
        """Whether it may still be proved: not too old, and no new password since."""
        own = account.credentials
        return (
            account.opens
            and own is not None
            and own.changes == self.password_changes
            and now < self.kept_until
        )
