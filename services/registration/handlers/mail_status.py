"""What became of a message, for the page that shows it (B-01).

Only the latest message of a request counts; facts about former ones, or that come late, change
nothing.
"""

from __future__ import annotations

from services.registration import account_request_store
from services.registration.account_requests import Mail
from services.registration.deps import Deps
from shared.contracts.mailer import MailAccepted, MailDeferred, MailRefused
from shared.messaging.handlers import Context

#: What the page says where the mailer is more precise.
REASONS = {"expired": "unreachable"}


async def mail_accepted(event: MailAccepted, context: Context[Deps]) -> None:
    """The mail server took it."""
    await account_request_store.set_mail(
        context.tx, event.cause, Mail(state="accepted", at=event.at)
    )


async def mail_deferred(event: MailDeferred, context: Context[Deps]) -> None:
    """It is tried again later."""
    mail = Mail(state="deferred", at=event.at, next_try_at=event.next_try_at, reason=event.reason)
    await account_request_store.set_mail(context.tx, event.cause, mail)


async def mail_refused(event: MailRefused, context: Context[Deps]) -> None:
    """It will not arrive, or nobody can tell."""
    if event.reason == "in_doubt":
        mail = Mail(state="doubtful", at=event.at)
    else:
        reason = REASONS.get(event.reason, event.reason)
        mail = Mail(state="refused", at=event.at, reason=reason)
    await account_request_store.set_mail(context.tx, event.cause, mail)
