"""Events of registration. Addresses and names travel in clear in its messages only."""

from datetime import datetime

from shared.contracts.base import Event, Sealed, event

OWNER = "registration"


@event(OWNER)
class AccountRequested(Event, frozen=True, kw_only=True):
    """An account was requested with this address, which is not verified yet.

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
    """A new code and link replace the former ones of a request, possibly at a corrected address."""

    request_id: str
    address: str
    language: str
    code: Sealed
    link_token: Sealed
    requested_at: datetime
    expires_at: datetime


@event(OWNER)
class EmailVerified(Event, frozen=True, kw_only=True):
    """The address of a request was verified by code or by link (`by`)."""

    request_id: str
    by: str
    verified_at: datetime


@event(OWNER)
class AccountCreated(Event, frozen=True, kw_only=True):
    """The terms were accepted and the account exists.

    Until `enrol_before` a second factor may be enrolled without verifying the address again.
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
class AccountImported(Event, frozen=True, kw_only=True):
    """An operator imported an account of a person whom the agency knew before.

    It has no credentials and no accepted terms: the person creates the account with this address
    and gives a code, then `AccountResumed` follows.
    """

    address: str
    first_name: str
    last_name: str
    language: str
    imported_at: datetime


@event(OWNER)
class RequestCancelled(Event, frozen=True, kw_only=True):
    """The person cancelled the request; nothing of it is kept."""

    request_id: str


@event(OWNER)
class RequestExpired(Event, frozen=True, kw_only=True):
    """The request expired before an account was created, or another one was verified first."""

    request_id: str


@event(OWNER)
class KnownAddressRequested(Event, frozen=True, kw_only=True):
    """An account was requested with an address that already has one; only its holder is notified.

    The subject is the existing account's id. `expires_at` is when a code would have run out.
    """

    request_id: str
    address: str
    language: str
    requested_at: datetime
    expires_at: datetime | None = None


@event(OWNER)
class PasswordAccepted(Event, frozen=True, kw_only=True):
    """The password of the subject's account was right; the second factor is not checked yet."""

    network: str
    accepted_at: datetime


@event(OWNER)
class PasswordRefused(Event, frozen=True, kw_only=True):
    """A sign-in was refused: wrong password, or no account that can sign in. Without a subject the
    address has no account; the event never contains what was typed."""

    network: str
    refused_at: datetime


@event(OWNER)
class SignInLocked(Event, frozen=True, kw_only=True):
    """Too many passwords were wrong: no password is checked until `locked_until`.

    Published at the first wait for one network, and when the day's ceiling is reached; not for
    every wait that follows. Without a subject the address has no account. `unlock_offered`:
    the holder is notified by `UnlockOffered`.
    """

    network: str
    locked_at: datetime
    locked_until: datetime
    unlock_offered: bool = False


@event(OWNER)
class UnlockOffered(Event, frozen=True, kw_only=True):
    """The limit of an address is used up, by its holder or by strangers: a mailed link lifts it and
    does nothing else.

    `about` is `sign_in` (wrong passwords; without a subject no mail is sent) or `requests`.
    `link_token` (256 bits, base64url) is sealed for the mailer.
    """

    address: str
    language: str
    about: str
    link_token: Sealed
    requested_at: datetime
    expires_at: datetime


@event(OWNER)
class PasswordResetRequested(Event, frozen=True, kw_only=True):
    """A password reset was requested for the subject's account.

    `link_token` (256 bits, base64url) is sealed for the mailer; the former link is void. `thaws`:
    the new password also reopens an account that was frozen.
    """

    address: str
    language: str
    link_token: Sealed
    requested_at: datetime
    expires_at: datetime
    thaws: bool = False


@event(OWNER)
class UnknownAddressAsked(Event, frozen=True, kw_only=True):
    """A password reset or a lost phone was requested for an address without an account that can
    sign in; only its holder is notified. `about` is `password` or `phone`; `closed`: the address
    has an account that only the desk can open."""

    address: str
    language: str
    about: str
    requested_at: datetime
    closed: bool = False


@event(OWNER)
class PasswordChanged(Event, frozen=True, kw_only=True):
    """The account has a new password; sessions proved before `changed_at` must end.

    `by` is `reset` (through a mailed link) or `person` (within a session). `device` is the browser
    and system that did it, as a person reads them.
    """

    by: str
    changed_at: datetime
    device: str = ""


@event(OWNER)
class AddressProofRequested(Event, frozen=True, kw_only=True):
    """The address must be verified again before a second factor is enrolled.

    `code` (six digits) is sealed for the mailer; the former code is void.
    """

    address: str
    language: str
    code: Sealed
    requested_at: datetime
    expires_at: datetime


@event(OWNER)
class AddressProofRenewed(Event, frozen=True, kw_only=True):
    """The address was verified again; a second factor may be enrolled until `enrol_before`."""

    proved_at: datetime
    enrol_before: datetime


@event(OWNER)
class LostPhoneClaimed(Event, frozen=True, kw_only=True):
    """Somebody reported the phone of the subject's account as lost; only the mailbox can confirm
    it.

    `link_token` (256 bits, base64url) is sealed for the mailer. `stolen` is asked behind the link
    and false here.
    """

    address: str
    language: str
    link_token: Sealed
    stolen: bool
    requested_at: datetime
    expires_at: datetime


@event(OWNER)
class LostPhoneReported(Event, frozen=True, kw_only=True):
    """The holder of the address confirmed that the phone is lost: the desk has a case, whose number
    is `request_id`; events from before have none. `alone`: the password was given too, and the
    person would do without an agent."""

    stolen: bool
    reported_at: datetime
    request_id: str = ""
    alone: bool = False


@event(OWNER)
class AccountFrozen(Event, frozen=True, kw_only=True):
    """The account cannot sign in until it is unfrozen; its sessions must end.

    `by` is `holder` (« ce n'est pas moi »), `lost_phone` or `desk`. `desk_only`: a new password
    does not unfreeze it, because the phone was stolen or replaced shortly before. A freeze by the
    mailbox alone is undone by signing in with both factors until `undo_until`. `signed_in`: the
    holder did it in an open session, not by the link of a mail.
    """

    by: str
    desk_only: bool
    frozen_at: datetime
    undo_until: datetime | None = None
    signed_in: bool = False


@event(OWNER)
class AccountThawed(Event, frozen=True, kw_only=True):
    """A frozen account can sign in again: address verified, new password, second factor given; or
    both factors given soon after a freeze by the mailbox alone."""

    thawed_at: datetime


@event(OWNER)
class DormantAccountWarned(Event, frozen=True, kw_only=True):
    """Nobody signed in to the account for `months` whole months: unless somebody does, it is
    deactivated at `deactivation_at`. Said 30 days before, and 7 days before (`again`)."""

    months: int
    deactivation_at: datetime
    again: bool
    warned_at: datetime


@event(OWNER)
class AccountDeactivated(Event, frozen=True, kw_only=True):
    """The account can no longer sign in and keeps its history; its sessions must end.

    `by` is `desk`, or `inactivity` where nobody signed in for a long time.
    """

    deactivated_at: datetime
    by: str = "desk"


@event(OWNER)
class AccountReactivated(Event, frozen=True, kw_only=True):
    """A deactivated account can sign in again."""

    reactivated_at: datetime


@event(OWNER)
class AccountUnfreezeAllowed(Event, frozen=True, kw_only=True):
    """The desk lets the holder open the frozen account again, by a new password and the second
    factor."""

    allowed_at: datetime


@event(OWNER)
class AddressReleased(Event, frozen=True, kw_only=True):
    """The desk took the address from the deactivated account: it may be used for another one. The
    history stays with the account's id."""

    released_at: datetime


@event(OWNER)
class PasswordResetRequired(Event, frozen=True, kw_only=True):
    """The desk found that others may know the password: it opens nothing until it is replaced;
    sessions must end."""

    required_at: datetime


@event(OWNER)
class AccountAnonymised(Event, frozen=True, kw_only=True):
    """Name, address and password of the account are deleted; its id stays with the history."""

    anonymised_at: datetime


@event(OWNER)
class ActNotCarriedOut(Event, frozen=True, kw_only=True):
    """An act of the desk could not be carried out. `why` is `unknown_account`, `unchanged`,
    `wrong_state`, `address_taken`, `changed_since` (the proposal) or `invalid`."""

    proposal_id: str
    why: str
    refused_at: datetime


@event(OWNER)
class CredentialsRemoved(Event, frozen=True, kw_only=True):
    """Address and password were removed, and with them the second factor; sessions must end. The
    history is kept for an account that is created again with the same address."""

    removed_at: datetime


@event(OWNER)
class NameChanged(Event, frozen=True, kw_only=True):
    """The name of the account's holder changed or was corrected.

    `by` is `holder` (in the complementary information, before it was validated) or `desk`.
    """

    first_name: str
    last_name: str
    by: str
    changed_at: datetime


@event(OWNER)
class AddressChangeRequested(Event, frozen=True, kw_only=True):
    """The signed-in holder asked for another address: it becomes the account's once it is verified
    by `code` (six digits, sealed for the mailer).

    The code goes to `new_address`; `address`, which stays until then, is notified, unless this is
    another message of the same change (`again`). Without a `code` the new address has an account
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
    """The account has another address, which is its user name from now on; `former_address` is
    notified.

    `by` is `holder` or `desk`.
    """

    address: str
    former_address: str
    by: str
    changed_at: datetime
    device: str = ""
