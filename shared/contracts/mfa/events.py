"""Events of the second factor. The subject is always the account."""

from datetime import datetime

from shared.contracts.base import Event, event

OWNER = "mfa"


@event(OWNER)
class AuthenticatorEnrolled(Event, frozen=True, kw_only=True):
    """The account has its first authenticator: its first code was right."""

    enrolled_at: datetime
    device: str = ""


@event(OWNER)
class AuthenticatorReplaced(Event, frozen=True, kw_only=True):
    """A new authenticator replaced the old one; sessions proved before must end.

    `by` is `phone` (a code of the old one was given), `recovery`, or `delay` (the old one was lost,
    and nobody objected in time).
    """

    by: str
    replaced_at: datetime
    device: str = ""


@event(OWNER)
class AuthenticatorRemoved(Event, frozen=True, kw_only=True):
    """The account has no authenticator any more; its sessions must end."""

    removed_at: datetime


@event(OWNER)
class RecoveryCodeUsed(Event, frozen=True, kw_only=True):
    """A recovery code was right and is used up; `left` are still valid."""

    left: int
    used_at: datetime
    device: str = ""


@event(OWNER)
class RecoveryCodesReplaced(Event, frozen=True, kw_only=True):
    """A new list of recovery codes replaced the one that the account was using."""

    replaced_at: datetime
    device: str = ""


@event(OWNER)
class CodeRefused(Event, frozen=True, kw_only=True):
    """After the right password, a code was wrong. `failures` counts wrong codes since the last
    right one.

    `kind` is `totp` or `recovery`.
    """

    kind: str
    failures: int
    refused_at: datetime
    device: str = ""


@event(OWNER)
class CodeCheckLocked(Event, frozen=True, kw_only=True):
    """Too many codes were wrong: no code is checked until `locked_until`."""

    kind: str
    locked_at: datetime
    locked_until: datetime
    device: str = ""
