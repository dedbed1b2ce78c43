"""What the mailer does when it hears something: one short coroutine per event.

A handler only writes the mail down, in the transaction that hears the event; the sender does the
rest. Events may come in any order, so each compares what it is told with what is known.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from services.mailer import store
from services.mailer.messages import (
    FINALISATION,
    KNOWN_ACCOUNT,
    VALIDATION,
    Facts,
    Finalisation,
    KnownAccount,
    Template,
    UnfitMail,
    Validation,
    check_name,
    envelope_address,
)
from services.mailer.store import NewDelivery, Secrets
from shared.contracts.registration import (
    AccountCreated,
    AccountRequested,
    KnownAddressRequested,
    RequestCancelled,
    RequestExpired,
    ValidationResent,
)
from shared.errors import Reject
from shared.messaging.handlers import Context


@dataclass(frozen=True, kw_only=True)
class Mailer:
    """What the handlers need: how long a mail without a code is tried, and whom to nudge."""

    give_up: timedelta
    nudge: Callable[[], None]


async def account_requested(event: AccountRequested, context: Context[Mailer]) -> None:
    """Write the validation mail."""
    await _validation(event, context)


async def validation_resent(event: ValidationResent, context: Context[Mailer]) -> None:
    """Write another validation mail; what still waits of the former ones is dropped (G-11)."""
    await _validation(event, context)


async def account_created(event: AccountCreated, context: Context[Mailer]) -> None:
    """Enter the person in the directory and write the finalisation mail (G-14)."""
    facts = Finalisation(
        first_name=event.first_name,
        last_name=event.last_name,
        terms_version=event.terms_version,
        terms_accepted_at=event.terms_accepted_at,
        enrol_before=event.enrol_before,
    )
    account_id = context.envelope.subject
    if account_id is None:
        raise Reject("an account was created, but the envelope does not say which")
    try:
        check_name(event.first_name)
        check_name(event.last_name)
    except UnfitMail as error:
        raise Reject(str(error)) from error
    await _write(event, context, FINALISATION, facts, asked_at=event.created_at)
    person = {
        "address": event.address,
        "first_name": event.first_name,
        "last_name": event.last_name,
        "language": event.language,
    }
    await store.remember(context.tx, account_id, person, event.created_at)
    await _close(event.request_id, context, keep=(FINALISATION.name,))


async def known_address_requested(event: KnownAddressRequested, context: Context[Mailer]) -> None:
    """Tell the holder of an account that somebody asked for it again (EM-15)."""
    facts = KnownAccount(requested_at=event.requested_at)
    await _write(
        event,
        context,
        KNOWN_ACCOUNT,
        facts,
        asked_at=event.requested_at,
        # Tried as long as a code would live: the page must not tell the two apart (B-03).
        expires_at=event.expires_at,
    )


async def request_cancelled(event: RequestCancelled, context: Context[Mailer]) -> None:
    """Nothing more is sent about this request, and nothing of it is kept (G-04, RE-14)."""
    await store.lock_request(context.tx, event.request_id)
    await store.forget_request(context.tx, event.request_id, context.now())


async def request_expired(event: RequestExpired, context: Context[Mailer]) -> None:
    """Drop what still waits; nothing more is sent about this request."""
    await _close(event.request_id, context)


async def _validation(event: AccountRequested | ValidationResent, context: Context[Mailer]) -> None:
    facts = Validation(requested_at=event.requested_at, expires_at=event.expires_at)
    secrets = Secrets(message_type=event.TYPE, code=event.code, link_token=event.link_token)
    await _write(
        event,
        context,
        VALIDATION,
        facts,
        asked_at=event.requested_at,
        expires_at=event.expires_at,
        secrets=secrets,
    )


async def _write(
    event: AccountRequested | ValidationResent | AccountCreated | KnownAddressRequested,
    context: Context[Mailer],
    template: Template,
    facts: Facts,
    *,
    asked_at: datetime,
    expires_at: datetime | None = None,
    secrets: Secrets | None = None,
) -> None:
    """Write a mail down unless it is useless already, and drop the ones that it replaces."""
    try:
        envelope_address(event.address)
    except UnfitMail as error:
        raise Reject(str(error)) from error
    tx, now, request_id = context.tx, context.now(), event.request_id
    await store.lock_request(tx, request_id)
    closable = template is not FINALISATION
    if closable and await store.is_useless(tx, template.name, request_id, asked_at):
        return
    cause = context.envelope.id
    await store.add(
        tx,
        NewDelivery(
            # The same event always makes the same mail, even replayed after years.
            mail_id=uuid5(NAMESPACE_URL, f"impex:{cause}:{template.name}"),
            cause=cause,
            template=template,
            subject=context.envelope.subject,
            request_id=request_id,
            traceparent=context.envelope.traceparent,
            language=event.language,
            address=event.address,
            facts=facts,
            asked_at=asked_at,
            written_at=now,
            expires_at=expires_at or now + context.deps.give_up,
            secrets=secrets,
        ),
    )
    await store.drop_older(tx, template.name, request_id, asked_at, now)
    _nudge_after_commit(context.deps.nudge)


async def _close(request_id: str, context: Context[Mailer], keep: tuple[str, ...] = ()) -> None:
    await store.lock_request(context.tx, request_id)
    await store.close_request(context.tx, request_id, keep, context.now())


def _nudge_after_commit(nudge: Callable[[], None]) -> None:
    """Each message is handled in a task of its own, which ends once its transaction is over.

    Were that to change, the sender would find the mail at its next look, a second later.
    """
    task: asyncio.Task[Any] | None = asyncio.current_task()
    if task is not None:
        task.add_done_callback(lambda _: nudge())
