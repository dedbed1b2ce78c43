"""What the desk asks the mailer: an account's mails and what became of each."""

from datetime import datetime

import msgspec

from shared.contracts.account_search import AccountRecordsView
from shared.contracts.base import Request, request
from shared.contracts.mailer import OWNER


class MailRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A mail. `state` and `reason` are as in `MailAccepted`, `MailDeferred` and `MailRefused`;
    `server_answer` is the mail server's last one, which may name the address. `kept_back` is why it
    cannot be sent again now, as in `ActNotCarriedOut`; empty where it can."""

    mail_id: str
    template: str
    address: str
    written_at: datetime
    state: str
    reason: str = ""
    ended_at: datetime | None = None
    next_try_at: datetime | None = None
    attempts: int = 0
    server_answer: str = ""
    kept_back: str = ""


@request(OWNER, AccountRecordsView, changes=False)
class ListAccountMails(Request, frozen=True, kw_only=True):
    """The mails of an account written since then, latest first, at most a hundred, each a
    `MailRecord`. The mail to an address that is not proved yet is left out."""

    account_id: str
    since: datetime
