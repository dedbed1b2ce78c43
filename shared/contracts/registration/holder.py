"""Requests of an account's holder to registration: another address (B-14), their data (B-11).

The caller vouches for a session with both factors.
"""

from shared.contracts.base import Request, Sealed, request
from shared.contracts.data_export import PersonalDataView
from shared.contracts.registration.events import OWNER
from shared.contracts.registration.views import (
    AddressChangedView,
    AddressChangeView,
    Done,
    FrozenView,
)


@request(OWNER, Done, changes=True, reply_seconds=300)
class JudgeAddressChange(Request, frozen=True, kw_only=True):
    """Validate the address and password of `RequestAddressChange` before the authenticator's code,
    which is valid once, is used up. Refused as `RequestAddressChange`; `AnswerAddressChange`
    answers `likely_slip`."""

    account_id: str
    address: str
    password: Sealed
    point_out_slip: bool = False


@request(OWNER, AddressChangeView, changes=True, reply_seconds=300)
class RequestAddressChange(Request, frozen=True, kw_only=True):
    """The signed-in holder asks for another address; a code is sent to it. The caller vouches for
    the second factor. A former change becomes void.

    Refused with `invalid_fields` (address: as at the creation, or `unchanged`; password: `wrong`,
    or as at the creation, since it must hold no part of the new address), `too_many_tries`
    (retry_after), `too_many_requests` (params: limit), `account_closed`, or, where
    `point_out_slip` is true, `likely_slip` (params: suggestion, question). An address that has an
    account is answered the same way.
    """

    account_id: str
    address: str
    password: Sealed
    language: str
    device: str = ""
    point_out_slip: bool = False


@request(OWNER, AddressChangeView, changes=True, reply_seconds=300)
class AnswerAddressChange(Request, frozen=True, kw_only=True):
    """Say which address was meant after `likely_slip`, without the password. The caller vouches for
    the second factor.

    Refused with `too_many_requests` (params: limit), `account_closed`, or `question_gone`:
    answered, older than half an hour, another password since, or a third address.
    """

    account_id: str
    question_id: str
    address: str
    language: str
    device: str = ""


@request(OWNER, AddressChangeView, changes=False)
class DescribeAddressChange(Request, frozen=True, kw_only=True):
    """The state of the requested change of address. Refused with `no_change`."""

    account_id: str


@request(OWNER, AddressChangeView, changes=True, reply_seconds=300)
class ResendAddressChange(Request, frozen=True, kw_only=True):
    """Send another code to the new address; the former one is void. Refused with `no_change`,
    `too_soon` (retry_after), `too_many_requests` (params: limit), `account_closed`."""

    account_id: str
    language: str
    device: str = ""


@request(OWNER, AddressChangedView, changes=True, reply_seconds=300)
class ConfirmAddressChange(Request, frozen=True, kw_only=True):
    """Verify the new address by the code of the latest message: it is the account's from then on.

    Refused with `wrong_code` (params: tries_left), `code_void` (params: tries), `code_expired`
    (params: at), `no_change`, `address_taken` (another account verified it first),
    `account_closed`, or `invalid_fields` where it is not six digits.
    """

    account_id: str
    code: Sealed
    device: str = ""


@request(OWNER, Done, changes=True)
class CancelAddressChange(Request, frozen=True, kw_only=True):
    """Cancel the change of address; a change that is already gone is no error. Refused with
    `account_closed`."""

    account_id: str


@request(OWNER, Done, changes=True)
class AcceptNewTerms(Request, frozen=True, kw_only=True):
    """The signed-in holder accepts the terms that were shown (RE-13); again is no error.

    Refused with `terms_changed` (they are no longer the ones in force; params: version, date) or
    `unknown_account`.
    """

    account_id: str
    terms_version: str
    terms_sha256: str
    language: str


@request(OWNER, FrozenView, changes=True)
class BlockAccount(Request, frozen=True, kw_only=True):
    """« Bloquer mon compte »: freeze the account of the signed-in holder. One that is closed
    already is no error. Signing in does not undo it. Refused with `unknown_account`."""

    account_id: str


@request(OWNER, PersonalDataView, changes=False)
class ExportAccount(Request, frozen=True, kw_only=True):
    """The data that registration holds about an account (B-11). Refused with `unknown_account`."""

    account_id: str
