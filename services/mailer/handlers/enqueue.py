"""Adding a mail to the deliveries, for every handler."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import NAMESPACE_URL, UUID, uuid5

from services.mailer import store
from services.mailer.deliveries import SECRET_FIELDS, Delivery, Secrets
from services.mailer.mail_templates import Template
from services.mailer.messages import envelope_address
from services.mailer.store import Owner, Recipient
from shared.contracts.base import Event
from shared.contracts.registration.events import (
    AccountRequested,
    AddressChangeRequested,
    AddressProofRequested,
    KnownAddressRequested,
    LostPhoneClaimed,
    PasswordResetRequested,
    ValidationResent,
)
from shared.contracts.registration.recovery_address import RecoveryAddressRequested
from shared.errors import Reject, Retry
from shared.messaging.handlers import Context
from shared.runtime.tracing import traceparent
from shared.security.sealing import Opener, Sealer

#: Events that cause a mail of which only the latest is valid.
Replacing = (
    AccountRequested
    | ValidationResent
    | KnownAddressRequested
    | PasswordResetRequested
    | AddressProofRequested
    | LostPhoneClaimed
    | AddressChangeRequested
    | RecoveryAddressRequested
)


@dataclass(frozen=True, kw_only=True)
class Deps:
    """What the handlers need.

    `give_up` is how long a mail without a code is tried; `wake` wakes the delivery worker.
    """

    give_up: timedelta
    wake: Callable[[], None]
    gateway_sealer: Sealer
    opener: Opener
    support_sealer: Sealer


class Addressee(Protocol):
    """Who a mail goes to: an entry of the directory, or an event that names the address itself."""

    @property
    def address(self) -> str: ...
    @property
    def language(self) -> str: ...


def account_of(context: Context[Deps]) -> str:
    """The account that an event is about; `Reject` where the envelope names none."""
    subject = context.envelope.subject
    try:
        UUID(subject or "")
    except ValueError:
        raise Reject("the envelope does not say which account this is about") from None
    return str(subject)


async def recipient(context: Context[Deps]) -> Recipient:
    """The directory's entry for the event's account. `Retry` while there is none yet."""
    person = await store.find_recipient(context.tx, account_of(context))
    if person is None:
        raise Retry("the account is not in the directory yet")
    return person


async def enqueue(
    context: Context[Deps],
    template: Template,
    event: Event,
    asked_at: datetime,
    to: Addressee,
    *,
    address: str | None = None,
    expires_at: datetime | None = None,
    subject: str | None = None,
    **data: Any,
) -> None:
    """Add the mail that `event` causes, due now, to `address` or that of `to`.

    The data that `data` does not have are the fields of the same names of `event` or `to`. Raises
    `InvalidMail`, a `Reject`, where the address is not valid. An account that has no address any
    more gets none. `subject` is the account that the mail is about, where one event causes a mail
    to several.
    """
    if address is None:
        address = to.address
    if not address:
        return
    envelope_address(address)
    values = {
        name: getattr(source, name)
        for source in (to, event)
        for name in template.data_type.__struct_fields__
        if hasattr(source, name)
    }
    envelope, now = context.envelope, context.now()
    cause = envelope.id if subject is None else f"{envelope.id}/{subject}"
    secrets = None
    if template.carries_secret:
        sealed = {name: getattr(event, name, None) for name in SECRET_FIELDS}
        secrets = Secrets(message_type=event.TYPE, **sealed)
    delivery = Delivery(
        # The same event always causes the same mail, even replayed after years.
        mail_id=uuid5(NAMESPACE_URL, f"impex:{cause}:{template.name}"),
        cause=cause,
        template=template,
        subject=subject or envelope.subject,
        request_id=getattr(event, "request_id", None),
        traceparent=traceparent.get(),
        language=to.language,
        address=address,
        data=template.data_type(**values | data),
        asked_at=asked_at,
        written_at=now,
        expires_at=expires_at or now + context.deps.give_up,
        secrets=secrets,
    )
    await store.add(context.tx, delivery)
    wake_after_commit(context.deps.wake)


async def enqueue_latest(
    context: Context[Deps], template: Template, event: Replacing, address: str | None = None
) -> None:
    """Add a mail about a request or account unless it is obsolete; drop those that it replaces.

    In whatever order the events arrive, only the latest mail of its kind is sent (G-11). It is
    tried until its code or link expires; « déjà un compte », which has neither, as long as a code
    would be valid, because the page must not reveal the account (B-03).
    """
    tx, asked_at = context.tx, event.requested_at
    request_id: str | None = getattr(event, "request_id", None)
    owner = Owner("request_id", request_id) if request_id else Owner("subject", account_of(context))
    envelope_address(event.address if address is None else address)
    await store.lock(tx, owner.id)
    if await store.is_obsolete(tx, template.name, owner, asked_at):
        return
    expires_at = event.expires_at
    await enqueue(context, template, event, asked_at, event, address=address, expires_at=expires_at)
    await store.drop_older(tx, template.name, owner, asked_at, context.now())


def wake_after_commit(wake: Callable[[], None]) -> None:
    """Each message has its own task, which ends once its transaction is committed.

    Without this the worker finds the mail at its next poll, a second later.
    """
    task: asyncio.Task[Any] | None = asyncio.current_task()
    if task is not None:
        task.add_done_callback(lambda _: wake())
