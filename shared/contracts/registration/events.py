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


@event(OWNER)
class PasswordAccepted(Event, frozen=True, kw_only=True):
    """The password of the subject's account was right; the second factor is still to come."""

    network: str
    accepted_at: datetime


@event(OWNER)
class PasswordRefused(Event, frozen=True, kw_only=True):
    """A sign-in was refused: wrong password, or no account that opens. Without a subject the
    address has no account; what was typed is never said."""

    network: str
    refused_at: datetime


@event(OWNER)
class SignInLocked(Event, frozen=True, kw_only=True):
    """So many passwords were wrong that the next one has to wait until `locked_until`.

    Said when the door closes for one network, and when the day's ceiling is reached; not for every
    wait that follows. Without a subject the address has no account.
    """

    network: str
    locked_at: datetime
    locked_until: datetime


@event(OWNER)
class PasswordResetRequested(Event, frozen=True, kw_only=True):
    """Somebody forgot the password of the subject's account, or says so.

    `link_token` (256 bits, base64url) is sealed for the mailer; the former link is void. `thaws`
    says that the new password also opens an account that was frozen.
    """

    address: str
    language: str
    link_token: Sealed
    requested_at: datetime
    expires_at: datetime
    thaws: bool = False


@event(OWNER)
class UnknownAddressAsked(Event, frozen=True, kw_only=True):
    """A forgotten password or a lost phone was told for an address without an account that opens;
    only its holder is told. `about` is `password` or `phone`; `closed`: the address has an account
    that only the desk opens."""

    address: str
    language: str
    about: str
    requested_at: datetime
    closed: bool = False


@event(OWNER)
class PasswordChanged(Event, frozen=True, kw_only=True):
    """The account has a new password; sessions proved before `changed_at` are to end.

    `by` is `reset` (through a mailed link) or `person` (within a session). `device` is the browser
    and system that did it, as a person reads them.
    """

    by: str
    changed_at: datetime
    device: str = ""


@event(OWNER)
class AddressProofRequested(Event, frozen=True, kw_only=True):
    """The address must be proved again before a second factor is enrolled.

    `code` (six digits) is sealed for the mailer; the former code is void.
    """

    address: str
    language: str
    code: Sealed
    requested_at: datetime
    expires_at: datetime


@event(OWNER)
class AddressProofRenewed(Event, frozen=True, kw_only=True):
    """The address was proved again; a second factor may be enrolled until `enrol_before`."""

    proved_at: datetime
    enrol_before: datetime


@event(OWNER)
class LostPhoneClaimed(Event, frozen=True, kw_only=True):
    """Somebody says that the phone of the subject's account is lost; only its mailbox can confirm.

    `link_token` (256 bits, base64url) is sealed for the mailer; the former link is void. `stolen`
    asks for the account to be frozen at the confirmation.
    """

    address: str
    language: str
    link_token: Sealed
    stolen: bool
    requested_at: datetime
    expires_at: datetime


@event(OWNER)
class LostPhoneReported(Event, frozen=True, kw_only=True):
    """The holder of the address confirmed that the phone is lost: the desk has a case."""

    stolen: bool
    reported_at: datetime


@event(OWNER)
class AccountFrozen(Event, frozen=True, kw_only=True):
    """The account opens no more until it is thawed; its sessions are to end.

    `by` is `holder` (« ce n'est pas moi »), `lost_phone` or `desk`. `desk_only` says that a new
    password does not thaw it: the phone was stolen, or replaced shortly before.
    """

    by: str
    desk_only: bool
    frozen_at: datetime


@event(OWNER)
class AccountThawed(Event, frozen=True, kw_only=True):
    """A frozen account opens again: address proved, new password, second factor given."""

    thawed_at: datetime


@event(OWNER)
class AccountDeactivated(Event, frozen=True, kw_only=True):
    """The account opens no more, its history stays; its sessions are to end."""

    deactivated_at: datetime


@event(OWNER)
class AccountReactivated(Event, frozen=True, kw_only=True):
    """A deactivated account opens again."""

    reactivated_at: datetime


@event(OWNER)
class CredentialsRemoved(Event, frozen=True, kw_only=True):
    """Address and password of the first level are gone, and with them the second factor; sessions
    are to end. The history stays and waits for the same address."""

    removed_at: datetime


@event(OWNER)
class NameChanged(Event, frozen=True, kw_only=True):
    """The holder of the account has another name, or it was mistyped.

    `by` is `holder` (in the complementary information, before it was validated) or `desk`.
    """

    first_name: str
    last_name: str
    by: str
    changed_at: datetime


@event(OWNER)
class AddressChangeRequested(Event, frozen=True, kw_only=True):
    """The holder, signed in, wants another address: it must be proved by `code` (six digits, sealed
    for the mailer) before it is the account's.

    The code goes to `new_address`; `address`, which stays until then, is told, unless this is
    another message of the same wish (`again`). Without a `code` the new address has an account
    already: nothing goes there, `KnownAddressRequested` tells its holder.
    """

    address: str
    new_address: str
    language: str
    code: Sealed | None
    requested_at: datetime
    expires_at: datetime
    device: str = ""
    again: bool = False


@event(OWNER)
class AddressChanged(Event, frozen=True, kw_only=True):
    """The account has another address, its user name from now on; `former_address` is told.

    `by` is `holder` or `desk`.
    """

    address: str
    former_address: str
    by: str
    changed_at: datetime
    device: str = ""
