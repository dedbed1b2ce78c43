"""Messages of the gateway: sessions opened and closed, and requests to the desk."""

from datetime import datetime

from shared.contracts.base import Event, Sealed, event

OWNER = "gateway"


@event(OWNER)
class SessionOpened(Event, frozen=True, kw_only=True):
    """Password and second factor were right: the subject's account has a session.

    `device` is a readable name of browser and system, `network` the /24 or /64. `new_device`: this
    browser was not signed in to the account before. `failures` counts wrong passwords and codes
    since the last session. `phone_replaced`: this sign-in enrolled a new phone by a recovery code.
    """

    session_id: str
    device: str
    network: str
    new_device: bool
    failures: int
    opened_at: datetime
    phone_replaced: bool = False


@event(OWNER)
class SessionClosed(Event, frozen=True, kw_only=True):
    """A session ended. `reason` is `signed_out`, `closed_by_holder`, `expired`, `too_many`, or what
    happened to the account: `password_changed`, `address_changed`, `phone_replaced`,
    `phone_removed`, `account_frozen`, `account_deactivated`, `credentials_removed`,
    `password_compromised`, `closed_by_desk`."""

    session_id: str
    reason: str
    closed_at: datetime


@event(OWNER)
class SessionsEndedByDesk(Event, frozen=True, kw_only=True):
    """The desk ended the sessions of the account, `sessions` of them, for this reason."""

    sessions: int
    reason: str
    ended_at: datetime


@event(OWNER)
class CorrectionRequested(Event, frozen=True, kw_only=True):
    """The holder of the subject's account asks the desk to correct the data held about them.

    `request_id` is the number that the page shows, and `answer_by` the day that it promises
    (`2026-12-04`). `about` is `person`, `establishment` or `other`; `text`, what they wrote, is
    sealed for the desk.
    """

    request_id: str
    about: str
    text: Sealed
    requested_at: datetime
    answer_by: str = ""


@event(OWNER)
class DepartureReported(Event, frozen=True, kw_only=True):
    """A person leaves their establishment: the desk should deactivate an account.

    `by` is `holder` (the subject's account, in a session) or `colleague`: then there is no subject,
    nothing was verified, and `details` names the person and the reporter. `details` is JSON, sealed
    for the desk: of the holder `date` and `remark`; of a colleague also `address`,
    `establishment`, `reporter_name`, `reporter_address`, empty where not given. `network` and
    `language` are the reporter's; `answer_by` is the day that the page promises.
    """

    request_id: str
    by: str
    details: Sealed
    network: str
    reported_at: datetime
    answer_by: str = ""
    language: str = "fr"


@event(OWNER)
class MessageWritten(Event, frozen=True, kw_only=True):
    """Somebody writes to the desk: the holder of the subject's account, in a session, or anybody.

    `details` is JSON, sealed for the desk: `text`; without a subject also `name` and `address`,
    which nobody has verified. `request_id` and `answer_by` are what the page shows.
    """

    request_id: str
    details: Sealed
    network: str
    language: str
    answer_by: str
    written_at: datetime


@event(OWNER)
class MailboxReported(Event, frozen=True, kw_only=True):
    """Emails do not arrive at the address of an account, as its holder says in a session, or
    anybody without one.

    `details` is JSON, sealed for the desk: `text`; without a subject also `account_address`, the
    address that fails, `name`, and `address`, where an answer arrives; none of it is verified.
    """

    request_id: str
    details: Sealed
    network: str
    language: str
    answer_by: str
    reported_at: datetime
