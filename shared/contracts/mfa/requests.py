"""Requests to the second factor, and their refusals.

Requests with a `code` are refused with `invalid_fields` (code: format) where it is not six digits,
`wrong_code` (params: tries_left), `code_used` (it was right once: wait for the next), `clock_off`
(params: minutes, direction; that is `slow` or `fast`, and two codes in a row agree on it),
`too_many_codes` (retry_after), `not_enrolled`.

Wherever a key is returned, `front_end` is the one whose page shows it: the key is sealed for it
alone, and the authenticator application names it.
"""

from datetime import datetime

from shared.contracts.base import Reply, Request, Sealed, request
from shared.contracts.data_export import PersonalDataView
from shared.contracts.mfa import views
from shared.contracts.mfa.events import OWNER


class Noted(Reply, frozen=True, kw_only=True):
    """Carried out; nothing to return."""


@request(OWNER, views.FactorView, changes=False)
class DescribeFactor(Request, frozen=True, kw_only=True):
    """The second factor of an account."""

    account_id: str


@request(OWNER, views.EnrolmentView, changes=True, reply_seconds=300)
class StartEnrolment(Request, frozen=True, kw_only=True):
    """Create a key for an account without an authenticator. `label` (its address) goes into the
    URI.

    Every session gets a key of its own; the first one that is confirmed wins. Refused with
    `already_enrolled`.
    """

    account_id: str
    label: Sealed
    front_end: str = "gateway"


@request(OWNER, views.EnrolmentView, changes=True, reply_seconds=300)
class StartReplacement(Request, frozen=True, kw_only=True):
    """Create a key for a new phone, with a code of the old one."""

    account_id: str
    label: Sealed
    code: Sealed
    device: str = ""
    front_end: str = "gateway"


@request(OWNER, views.EnrolmentView, changes=True, reply_seconds=300)
class UseRecoveryCode(Request, frozen=True, kw_only=True):
    """Create a key for a new phone, with a recovery code, which is used up.

    Refused with `recovery_refused` (params: tries_left; the same for wrong and used ones),
    `invalid_fields` (recovery_code: format), `too_many_codes`, `recovery_off`, `not_enrolled`.
    """

    account_id: str
    label: Sealed
    recovery_code: Sealed
    device: str = ""
    front_end: str = "gateway"


@request(OWNER, views.EnrolmentView, changes=True, reply_seconds=300)
class StartReplacementAfterDelay(Request, frozen=True, kw_only=True):
    """Create a key for a new phone, once a lost one has waited and nobody has objected.

    Refused with `replacement_not_open` or `not_enrolled`.
    """

    account_id: str
    label: Sealed
    front_end: str = "gateway"


@request(OWNER, views.EnrolmentView, changes=False)
class DescribeEnrolment(Request, frozen=True, kw_only=True):
    """The same key again, until the enrolment ends. Refused with `enrolment_gone`."""

    account_id: str
    enrolment_id: str
    label: Sealed
    front_end: str = "gateway"


@request(OWNER, views.EnrolmentView, changes=True, reply_seconds=300)
class RestartEnrolment(Request, frozen=True, kw_only=True):
    """Replace the key of the enrolment, which becomes void; what allowed the enrolment stays.

    Refused with `enrolment_gone`.
    """

    account_id: str
    enrolment_id: str
    label: Sealed
    front_end: str = "gateway"


@request(OWNER, views.EnrolledView, changes=True, reply_seconds=300)
class ConfirmEnrolment(Request, frozen=True, kw_only=True):
    """Enter the first code of the new authenticator, which is active from then on.

    Refused also with `enrolment_gone`, `already_enrolled`; without a throttle, since the key is on
    the screen.
    """

    account_id: str
    enrolment_id: str
    code: Sealed
    device: str = ""


@request(OWNER, views.CodeView, changes=True, reply_seconds=300)
class CheckCode(Request, frozen=True, kw_only=True):
    """Check a code of the account's authenticator, which is accepted once.

    `about`: the digest of the request that it is given for (`request_digest`); the reply has a
    proof of it then. Refused also with `unknown_choice` (params: field) where it is no digest.
    """

    account_id: str
    code: Sealed
    device: str = ""
    about: str = ""


@request(OWNER, views.RecoveryCodesView, changes=True, reply_seconds=300)
class MakeRecoveryCodes(Request, frozen=True, kw_only=True):
    """Create a new list of recovery codes; the former ones become invalid. Refused with
    `recovery_off`, `not_enrolled`."""

    account_id: str
    device: str = ""


@request(OWNER, Noted, changes=True)
class KeepRecoveryCodes(Request, frozen=True, kw_only=True):
    """The person confirms having the list that was created at `made_at`, or the latest one.

    Refused with `not_enrolled`, or `list_replaced` where there is another list by now.
    """

    account_id: str
    made_at: datetime | None = None


@request(OWNER, PersonalDataView, changes=False)
class ExportAccount(Request, frozen=True, kw_only=True):
    """The data that mfa holds about an account (B-11): no key, no code."""

    account_id: str
