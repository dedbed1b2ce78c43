"""Mails about requests to the support desk: received, delayed, answered, closed, another link.

A request of an account goes to the directory's address and greets its holder. One without goes to
the address that was typed with it, which nobody has verified, and names nobody.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from services.mailer.handlers.enqueue import Deps, enqueue, recipient
from services.mailer.mail_templates import REQUEST_MAILS, Template
from shared.contracts.base import Event
from shared.contracts.support.people_requests import RequestClosed, RequestReceived
from shared.errors import DecryptionError, Reject
from shared.messaging.handlers import Context, hears
from shared.security.sealing import seal_context


class TypedAddress(msgspec.Struct, frozen=True, kw_only=True):
    """Where the mails about a request without an account go."""

    address: str
    language: str


def _mails(template: Template) -> Callable[[Any, Context[Deps]], Awaitable[None]]:
    async def handler(event: Any, context: Context[Deps]) -> None:
        if told_otherwise(event):
            return
        at = getattr(event, template.at)
        to = await _addressee(event, context)
        more: Any = {name: getattr(to, name, "") for name in ("first_name", "last_name")}
        await enqueue(context, template, event, at, to, at=at, **more)

    return handler


def told_otherwise(event: Event) -> bool:
    """Whether another mail says the same: a lost phone ends with a mail of its own, and begins with
    one where it waits without an agent."""
    if isinstance(event, RequestReceived):
        return event.alone
    return (
        isinstance(event, RequestClosed)
        and event.kind == "lost_phone"
        and not event.agent_id
        and event.reason in ("act_stopped", "done_as_asked")
    )


async def _addressee(event: Any, context: Context[Deps]) -> Any:
    """Whom a request's mail goes to. `Retry` while the account is not in the directory yet."""
    if event.address is None:
        return await recipient(context)
    kind: type[Event] = type(event)
    try:
        address = context.deps.opener.open(event.address, seal_context(kind, "address"))
    except DecryptionError as error:
        raise Reject("the address cannot be opened") from error
    return TypedAddress(address=address, language=event.language)


#: The events of support that cause a mail about a request.
SUBSCRIPTIONS = tuple(
    hears(template.event, _mails(template))
    for template in REQUEST_MAILS
    if template.event is not None
)
