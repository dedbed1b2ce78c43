"""The words of the mailer: what became of each message, and what it keeps about a person."""

from __future__ import annotations

from datetime import datetime

from shared.contracts.base import Event, Request, event, request
from shared.contracts.data_export import PersonalDataView

OWNER = "mailer"


@event(OWNER)
class MailAccepted(Event, frozen=True, kw_only=True):
    """The mail server took the message. `cause` is the id of the event it was written for."""

    mail_id: str
    cause: str
    template: str
    at: datetime


@event(OWNER)
class MailDeferred(Event, frozen=True, kw_only=True):
    """The mail server asked to wait, or could not be reached; tried again at `next_try_at`.

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
    """The message will not be delivered: refused for good, run out, or held in doubt.

    `reason` is one of `unknown_mailbox`, `mailbox_full`, `refused`, `expired`, `in_doubt`.
    """

    mail_id: str
    cause: str
    template: str
    at: datetime
    reason: str


@request(OWNER, PersonalDataView, changes=False)
class ExportAccount(Request, frozen=True, kw_only=True):
    """What the mailer holds about an account (B-11): which mails went where, never their texts."""

    account_id: str
