"""Messages of the mailer: the state of each mail, and the data it holds about a person."""

from datetime import datetime

from shared.contracts.base import Event, Request, event, request
from shared.contracts.data_export import PersonalDataView

OWNER = "mailer"


@event(OWNER)
class MailAccepted(Event, frozen=True, kw_only=True):
    """The mail server accepted the mail. `cause` is the id of the event that it was written for."""

    mail_id: str
    cause: str
    template: str
    at: datetime


@event(OWNER)
class MailDeferred(Event, frozen=True, kw_only=True):
    """The mail server deferred the mail or could not be reached; next attempt at `next_try_at`.

    `reason` is one of `mailbox_full`, `refused`, `unreachable`.
    """

    mail_id: str
    cause: str
    template: str
    at: datetime
    next_try_at: datetime
    reason: str


@event(OWNER)
class MailRefused(Event, frozen=True, kw_only=True):
    """The mail will not be delivered: refused for good, expired, or held in doubt.

    `reason` is one of `unknown_mailbox`, `mailbox_full`, `refused`, `expired`, `in_doubt`.
    """

    mail_id: str
    cause: str
    template: str
    at: datetime
    reason: str


@event(OWNER)
class ActNotCarriedOut(Event, frozen=True, kw_only=True):
    """A mail that the desk ordered again could not be sent.

    `why` is `unknown_mail`, `being_sent` (the first delivery still goes on), `secret_gone` (its
    code or link is not valid or not kept any more) or `address_changed` (it went to an address that
    is not the account's now).
    """

    proposal_id: str
    why: str
    refused_at: datetime


@request(OWNER, PersonalDataView, changes=False)
class ExportAccount(Request, frozen=True, kw_only=True):
    """The data that the mailer holds about an account (B-11): which mails were sent where, never
    their texts."""

    account_id: str
