"""Mails that somebody requested, most of them with a code or a link."""

from collections.abc import Awaitable, Callable

from services.mailer import store
from services.mailer.handlers.enqueue import Deps, Replacing, enqueue, enqueue_latest
from services.mailer.handlers.notices import send_notice
from services.mailer.mail_templates import (
    ADDRESS_CHANGE_ASKED,
    NEW_ADDRESS_CODE,
    NO_ACCOUNT,
    UNLOCK,
    Template,
)
from shared.contracts.registration.events import (
    AddressChangeRequested,
    RequestCancelled,
    RequestExpired,
    UnknownAddressAsked,
    UnlockOffered,
)
from shared.messaging.handlers import Context


def latest(template: Template) -> Callable[[Replacing, Context[Deps]], Awaitable[None]]:
    """A handler that enqueues this mail of the event; earlier ones are dropped if not sent yet."""

    async def handler(event: Replacing, context: Context[Deps]) -> None:
        await enqueue_latest(context, template, event)

    return handler


async def request_cancelled(event: RequestCancelled, context: Context[Deps]) -> None:
    """Send nothing more about this request and delete its records (G-04, RE-14)."""
    await store.lock(context.tx, event.request_id)
    await store.delete_request(context.tx, event.request_id, context.now())


async def request_expired(event: RequestExpired, context: Context[Deps]) -> None:
    """Drop unsent mails; send nothing more about this request."""
    await store.lock(context.tx, event.request_id)
    await store.close_request(context.tx, event.request_id, context.now())


async def address_change_requested(event: AddressChangeRequested, context: Context[Deps]) -> None:
    """Enqueue the code for the new address, and a notice to the current one (B-14).

    No mail to the new address without a code, no notice where the same request is repeated.
    """
    if event.code is not None:
        await enqueue_latest(context, NEW_ADDRESS_CODE, event, event.new_address)
    if not event.again:
        await send_notice(context, ADDRESS_CHANGE_ASKED, event, event.requested_at, event.address)


async def unlock_offered(event: UnlockOffered, context: Context[Deps]) -> None:
    """Enqueue the link that lifts a limit; for wrong passwords only where there is an account."""
    if context.envelope.subject is not None or event.about != "sign_in":
        await enqueue(
            context, UNLOCK, event, event.requested_at, event, expires_at=event.expires_at
        )


async def unknown_address_asked(event: UnknownAddressAsked, context: Context[Deps]) -> None:
    """Enqueue the mail to an address without a usable account; the page reveals nothing (B-03)."""
    await enqueue(context, NO_ACCOUNT, event, event.requested_at, event)
