"""Writing a mail down, whatever asks for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from services.mailer import store
from services.mailer.facts import Facts, Template
from services.mailer.messages import UnfitMail, check_name, envelope_address
from services.mailer.store import NewDelivery, Person, Secrets
from shared.errors import Reject, Retry
from shared.messaging.handlers import Context
from shared.security.sealing import Sealer


@dataclass(frozen=True, kw_only=True)
class Mailer:
    """What the handlers need: how long a mail without a code is tried, whom to nudge, and what
    seals for the gateway."""

    give_up: timedelta
    nudge: Callable[[], None]
    gateway: Sealer


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A mail as an event asks for it; `asked_at` is when what it tells of happened."""

    template: Template
    facts: Facts
    address: str
    language: str
    asked_at: datetime
    expires_at: datetime | None = None
    secrets: Secrets | None = None
    request_id: str | None = None


def check_address(address: str) -> None:
    """Raise `Reject` for an address that no mail can be written to (EM-08)."""
    try:
        envelope_address(address)
    except UnfitMail as error:
        raise Reject(str(error)) from error


def check_names(*names: str) -> None:
    """Raise `Reject` for a name that no mail may carry (EM-08)."""
    try:
        for name in names:
            check_name(name)
    except UnfitMail as error:
        raise Reject(str(error)) from error


def account_of(context: Context[Mailer]) -> str:
    """The account that an event is about; `Reject` where the envelope names none."""
    subject = context.envelope.subject
    try:
        UUID(subject or "")
    except ValueError:
        raise Reject("the envelope does not say which account this is about") from None
    return str(subject)


async def holder(context: Context[Mailer]) -> Person:
    """Whom the directory names for the event's account. `Retry` while it is not in it yet."""
    person = await store.person(context.tx, account_of(context))
    if person is None:
        raise Retry("the account is not in the directory yet")
    return person


async def write(context: Context[Mailer], draft: Draft) -> None:
    """Write a mail down, due at once. Raises `Reject` where its address cannot be written to."""
    check_address(draft.address)
    now, cause = context.now(), context.envelope.id
    await store.add(
        context.tx,
        NewDelivery(
            # The same event always makes the same mail, even replayed after years.
            mail_id=uuid5(NAMESPACE_URL, f"impex:{cause}:{draft.template.name}"),
            cause=cause,
            template=draft.template,
            subject=context.envelope.subject,
            request_id=draft.request_id,
            traceparent=context.envelope.traceparent,
            language=draft.language,
            address=draft.address,
            facts=draft.facts,
            asked_at=draft.asked_at,
            written_at=now,
            expires_at=draft.expires_at or now + context.deps.give_up,
            secrets=draft.secrets,
        ),
    )
    _nudge_after_commit(context.deps.nudge)


def _nudge_after_commit(nudge: Callable[[], None]) -> None:
    """Each message is handled in a task of its own, which ends once its transaction is over.

    Were that to change, the sender would find the mail at its next look, a second later.
    """
    task: asyncio.Task[Any] | None = asyncio.current_task()
    if task is not None:
        task.add_done_callback(lambda _: nudge())
