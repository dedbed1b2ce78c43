"""The facts that the second factor says. The subject is always the account."""

from __future__ import annotations

from datetime import datetime

from shared.contracts.base import Event, event

OWNER = "mfa"


@event(OWNER)
class AuthenticatorEnrolled(Event, frozen=True, kw_only=True):
    """The account has its first authenticator: the first code of it was right."""

    enrolled_at: datetime
    device: str = ""


@event(OWNER)
class AuthenticatorReplaced(Event, frozen=True, kw_only=True):
    """A new authenticator took the place of the old one; sessions proved before are to end.

    `by` is `phone` (a code of the old one was given) or `recovery`.
    """

    by: str
    replaced_at: datetime
    device: str = ""


@event(OWNER)
class AuthenticatorRemoved(Event, frozen=True, kw_only=True):
    """The account has no authenticator any more; sessions are to end."""

    removed_at: datetime


@event(OWNER)
class RecoveryCodeUsed(Event, frozen=True, kw_only=True):
    """A recovery code was right and is used up; `left` are still good."""

    left: int
    used_at: datetime
    device: str = ""


@event(OWNER)
class RecoveryCodesReplaced(Event, frozen=True, kw_only=True):
    """The account has a new list of recovery codes in place of one that was in use."""

    replaced_at: datetime
    device: str = ""


@event(OWNER)
class CodeRefused(Event, frozen=True, kw_only=True):
    """After the right password, a code was wrong. `failures` counts those since the last right one.

    `kind` is `totp` or `recovery`.
    """

    kind: str
    failures: int
    refused_at: datetime
    device: str = ""


@event(OWNER)
class CodeCheckLocked(Event, frozen=True, kw_only=True):
    """So many codes were wrong that the next one has to wait until `locked_until`."""

    kind: str
    locked_at: datetime
    locked_until: datetime
    device: str = ""
