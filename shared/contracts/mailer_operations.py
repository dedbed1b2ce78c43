"""What the desk's page for operators asks of the mailer, through support: mails that were not
accepted. Addresses are masked, in what mail servers said too."""

from datetime import datetime

import msgspec

from shared.contracts.base import Reply, Request, Sealed, request
from shared.contracts.mailer import OWNER


class OperatorMailRow(msgspec.Struct, frozen=True, kw_only=True):
    """One mail, as `impex mail list` shows it. `state` is `waiting`, `deferred`, `refused`, `held`,
    or empty where it was accepted or given up; `answer` is the last one of the mail server.
    `sendable`: sending again does something, `droppable`: giving it up does."""

    mail_id: str
    state: str
    template: str
    address: str
    account_id: str
    written_at: datetime
    next_try_at: datetime | None
    ended_at: datetime | None
    reason: str
    attempts: int
    answer: str
    sendable: bool
    droppable: bool = False


class OperatorMailsView(Reply, frozen=True, kw_only=True):
    """The latest mails first, `cut` where there are more, and how many there are of each state. Of
    the refused ones, `unsendable` cannot be sent again."""

    mails: tuple[OperatorMailRow, ...]
    cut: bool
    counts: dict[str, int]
    unsendable: int = 0


@request(OWNER, OperatorMailsView, changes=False)
class ListOperatorMails(Request, frozen=True, kw_only=True):
    """Mails that were not accepted: of one state (empty: of all), to one address, written since
    then."""

    state: str
    to: Sealed | None
    since: datetime | None


class MailAttempt(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt, with the mail server's own words."""

    number: int
    began_at: datetime
    outcome: str
    smtp_code: int | None
    answer: str


class OperatorMailView(Reply, frozen=True, kw_only=True):
    """One mail, whatever became of it, with its attempts."""

    mail: OperatorMailRow
    attempts: tuple[MailAttempt, ...]


@request(OWNER, OperatorMailView, changes=False)
class ShowOperatorMail(Request, frozen=True, kw_only=True):
    """One mail with its attempts. Refused with `gone`: it is not there (any more)."""

    mail_id: str
