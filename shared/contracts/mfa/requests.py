"""What the second factor can be asked, and how it refuses.

Wherever a code is given: `invalid_fields` (code: format) where it is not six digits, `wrong_code`
(params: tries_left), `code_used` (it was right once: wait for the next), `clock_off` (params:
minutes, and direction `slow` or `fast`: two codes in a row agree on it), `too_many_codes`
(retry_after), `not_enrolled`.
"""

from __future__ import annotations

from datetime import datetime

from shared.contracts.base import Reply, Request, Sealed, request
from shared.contracts.data_export import PersonalDataView
from shared.contracts.mfa.events import OWNER
from shared.contracts.mfa.views import (
    CodeView,
    EnrolledView,
    EnrolmentView,
    FactorView,
    RecoveryCodesView,
)


class Noted(Reply, frozen=True, kw_only=True):
    """Carried out; nothing to say."""


@request(OWNER, FactorView, changes=False)
class DescribeFactor(Request, frozen=True, kw_only=True):
    """What an account has."""

    account_id: str


@request(OWNER, EnrolmentView, changes=True, reply_seconds=300)
class StartEnrolment(Request, frozen=True, kw_only=True):
    """Make a key for an account without an authenticator. `label` (its address) goes into the URI.

    Every asker gets a key of its own; the first one that is confirmed wins. Refused with
    `already_enrolled`.
    """

    account_id: str
    label: Sealed


@request(OWNER, EnrolmentView, changes=True, reply_seconds=300)
class StartReplacement(Request, frozen=True, kw_only=True):
    """Make a key for a new phone, by a code of the old one. Refused as any code."""

    account_id: str
    label: Sealed
    code: Sealed
    device: str = ""


@request(OWNER, EnrolmentView, changes=True, reply_seconds=300)
class UseRecoveryCode(Request, frozen=True, kw_only=True):
    """Make a key for a new phone, by a recovery code, which is used up.

    Refused with `recovery_refused` (params: tries_left; the same for wrong and used ones),
    `too_many_codes`, `recovery_off`, `not_enrolled`.
    """

    account_id: str
    label: Sealed
    recovery_code: Sealed
    device: str = ""


@request(OWNER, EnrolmentView, changes=False)
class DescribeEnrolment(Request, frozen=True, kw_only=True):
    """The same key again, until the enrolment ends. Refused with `enrolment_gone`."""

    account_id: str
    enrolment_id: str
    label: Sealed


@request(OWNER, EnrolmentView, changes=True, reply_seconds=300)
class RestartEnrolment(Request, frozen=True, kw_only=True):
    """Another key in place of the one that was begun, which is void; what allowed it stays.

    Refused with `enrolment_gone`.
    """

    account_id: str
    enrolment_id: str
    label: Sealed


@request(OWNER, EnrolledView, changes=True, reply_seconds=300)
class ConfirmEnrolment(Request, frozen=True, kw_only=True):
    """Give the first code of the new authenticator, which is in force from then on.

    Refused as any code but without a throttle (the key is on the screen), or with
    `enrolment_gone`, `already_enrolled`.
    """

    account_id: str
    enrolment_id: str
    code: Sealed
    device: str = ""


@request(OWNER, CodeView, changes=True, reply_seconds=300)
class CheckCode(Request, frozen=True, kw_only=True):
    """Whether this is a code of the account's authenticator, now, and for the first time."""

    account_id: str
    code: Sealed
    device: str = ""


@request(OWNER, RecoveryCodesView, changes=True, reply_seconds=300)
class MakeRecoveryCodes(Request, frozen=True, kw_only=True):
    """A new list of recovery codes; the former ones end. Refused with `recovery_off`,
    `not_enrolled`."""

    account_id: str
    device: str = ""


@request(OWNER, Noted, changes=True)
class KeepRecoveryCodes(Request, frozen=True, kw_only=True):
    """The person confirms to have the list that was made at `made_at`, or the latest.

    Refused with `not_enrolled`, or `list_replaced` where there is another list by now.
    """

    account_id: str
    made_at: datetime | None = None


@request(OWNER, PersonalDataView, changes=False)
class ExportAccount(Request, frozen=True, kw_only=True):
    """What the second factor holds about an account (B-11): no key, no code."""

    account_id: str
