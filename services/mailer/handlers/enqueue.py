"""Adding a mail to the deliveries, for every handler."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from services.mailer import store
from services.mailer.mail_templates import Template, TemplateData
from services.mailer.messages import InvalidMail, check_name, envelope_address
from services.mailer.store import NewDelivery, Recipient, Secrets
from shared.errors import Reject, Retry
from shared.messaging.handlers import Context
from shared.security.sealing import Sealer


@dataclass(frozen=True, kw_only=True)
class Deps:
    """What the handlers need.

    `give_up` is how long a mail without a code is tried; `wake` wakes the delivery worker.
    """

    give_up: timedelta
    wake: Callable[[], None]
    gateway_sealer: Sealer


@dataclass(frozen=True, kw_only=True)
class MailDraft:
    """A mail as an event causes it; `asked_at` is when the event happened."""

    template: Template
    data: TemplateData
    address: str
    language: str
    asked_at: datetime
    expires_at: datetime | None = None
    secrets: Secrets | None = None
    request_id: str | None = None


def check_address(address: str) -> None:
    """Raise `Reject` for an address that is not valid (EM-08)."""
    try:
        envelope_address(address)
    except InvalidMail as error:
        raise Reject(str(error)) from error


def check_names(*names: str) -> None:
    """Raise `Reject` for a name that no mail may contain (EM-08)."""
    try:
        for name in names:
            check_name(name)
    except InvalidMail as error:
        raise Reject(str(error)) from error


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


async def enqueue(context: Context[Deps], draft: MailDraft) -> None:
    """Add a mail, due now. Raises `Reject` where its address is not valid."""
    check_address(draft.address)
    now, cause = context.now(), context.envelope.id
    await store.add(
        context.tx,
        NewDelivery(
            # The same event always causes the same mail, even replayed after years.
            mail_id=uuid5(NAMESPACE_URL, f"impex:{cause}:{draft.template.name}"),
            cause=cause,
            template=draft.template,
            subject=context.envelope.subject,
            request_id=draft.request_id,
            traceparent=context.envelope.traceparent,
            language=draft.language,
            address=draft.address,
            data=draft.data,
            asked_at=draft.asked_at,
            written_at=now,
            expires_at=draft.expires_at or now + context.deps.give_up,
            secrets=draft.secrets,
        ),
    )
    _wake_after_commit(context.deps.wake)


def _wake_after_commit(wake: Callable[[], None]) -> None:
    """Each message has its own task, which ends once its transaction is committed.

    Without this the worker finds the mail at its next poll, a second later.
    """
    task: asyncio.Task[Any] | None = asyncio.current_task()
    if task is not None:
        task.add_done_callback(lambda _: wake())
