"""The facts that registration says. Addresses and names travel in clear in its messages only."""

from __future__ import annotations

from datetime import datetime

from shared.contracts.base import Event, Sealed, event

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

    The subject is the existing account's id. `expires_at` is when a code would have run out.
    """

    request_id: str
    address: str
    language: str
    requested_at: datetime
    expires_at: datetime | None = None
