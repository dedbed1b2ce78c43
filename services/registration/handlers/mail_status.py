"""The delivery status of a request's message, for the page that shows it (B-01).

Only the latest message counts; events about former messages change nothing.
"""

from services.registration.account_request_store import set_mail_status
from services.registration.deps import Deps
from shared.contracts.mailer import MailAccepted, MailDeferred, MailRefused
from shared.messaging.handlers import Context

#: The page distinguishes fewer reasons than the mailer.
REASONS = {"expired": "unreachable"}


async def mail_accepted(event: MailAccepted, context: Context[Deps]) -> None:
    """The mail server accepted the message."""
    await set_mail_status(context.tx, event, "accepted")


async def mail_deferred(event: MailDeferred, context: Context[Deps]) -> None:
    """The mailer retries later."""
    await set_mail_status(
        context.tx, event, "deferred", next_try_at=event.next_try_at, reason=event.reason
    )


async def mail_refused(event: MailRefused, context: Context[Deps]) -> None:
    """The message was not delivered, or its delivery is unknown."""
    if event.reason == "in_doubt":
        await set_mail_status(context.tx, event, "doubtful")
    else:
        reason = REASONS.get(event.reason, event.reason)
        await set_mail_status(context.tx, event, "refused", reason=reason)
