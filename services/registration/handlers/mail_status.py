"""The delivery status of a request's message, for the page that shows it (B-01).

Only the latest message counts; events about former messages change nothing.
"""

from services.registration import account_request_store
from services.registration.account_requests import MailStatus
from services.registration.deps import Deps
from shared.contracts.mailer import MailAccepted, MailDeferred, MailRefused
from shared.messaging.handlers import Context

#: The page distinguishes fewer reasons than the mailer.
REASONS = {"expired": "unreachable"}


async def mail_accepted(event: MailAccepted, context: Context[Deps]) -> None:
    """The mail server accepted the message."""
    await account_request_store.set_mail_status(
        context.tx, event.cause, MailStatus(state="accepted", at=event.at)
    )


async def mail_deferred(event: MailDeferred, context: Context[Deps]) -> None:
    """The mailer retries later."""
    mail = MailStatus(
        state="deferred", at=event.at, next_try_at=event.next_try_at, reason=event.reason
    )
    await account_request_store.set_mail_status(context.tx, event.cause, mail)


async def mail_refused(event: MailRefused, context: Context[Deps]) -> None:
    """The message was not delivered, or its delivery is unknown."""
    if event.reason == "in_doubt":
        mail = MailStatus(state="doubtful", at=event.at)
    else:
        reason = REASONS.get(event.reason, event.reason)
        mail = MailStatus(state="refused", at=event.at, reason=reason)
    await account_request_store.set_mail_status(context.tx, event.cause, mail)
