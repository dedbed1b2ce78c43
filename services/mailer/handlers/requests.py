"""From the form to the account: the validation and finalisation mails, and « déjà un compte »."""

from __future__ import annotations

from services.mailer import store
from services.mailer.facts import (
    FINALISATION,
    KNOWN_ACCOUNT,
    VALIDATION,
    Finalisation,
    KnownAccount,
    Validation,
)
from services.mailer.handlers.writing import (
    Draft,
    Mailer,
    account_of,
    check_address,
    check_names,
    write,
)
from services.mailer.store import Person, Secrets
from shared.contracts.registration.events import (
    AccountCreated,
    AccountRequested,
    KnownAddressRequested,
    RequestCancelled,
    RequestExpired,
    ValidationResent,
)
from shared.messaging.handlers import Context


async def account_requested(event: AccountRequested, context: Context[Mailer]) -> None:
    """Write the validation mail."""
    await _validation(event, context)


async def validation_resent(event: ValidationResent, context: Context[Mailer]) -> None:
    """Write another validation mail; what still waits of the former ones is dropped (G-11)."""
    await _validation(event, context)


async def account_created(event: AccountCreated, context: Context[Mailer]) -> None:
    """Enter the person in the directory and write the finalisation mail (G-14)."""
    account_id = account_of(context)
    check_names(event.first_name, event.last_name)
    facts = Finalisation(
        first_name=event.first_name,
        last_name=event.last_name,
        terms_version=event.terms_version,
        terms_accepted_at=event.terms_accepted_at,
        enrol_before=event.enrol_before,
    )
    draft = Draft(
        template=FINALISATION,
        facts=facts,
        address=event.address,
        language=event.language,
        asked_at=event.created_at,
        request_id=event.request_id,
    )
    await store.lock(context.tx, event.request_id)
    await write(context, draft)
    person = Person(
        address=event.address,
        first_name=event.first_name,
        last_name=event.last_name,
        language=event.language,
    )
    await store.remember(context.tx, account_id, person, event.created_at)
    await _close(event.request_id, context, keep=(FINALISATION.name,))


async def known_address_requested(event: KnownAddressRequested, context: Context[Mailer]) -> None:
    """Tell the holder of an account that somebody asked for it again (EM-15)."""
    draft = Draft(
        template=KNOWN_ACCOUNT,
        facts=KnownAccount(requested_at=event.requested_at),
        address=event.address,
        language=event.language,
        asked_at=event.requested_at,
        # Tried as long as a code would live: the page must not tell the two apart (B-03).
        expires_at=event.expires_at,
        request_id=event.request_id,
    )
    await _write_for_request(context, draft, event.request_id)


async def request_cancelled(event: RequestCancelled, context: Context[Mailer]) -> None:
    """Nothing more is sent about this request, and nothing of it is kept (G-04, RE-14)."""
    await store.lock(context.tx, event.request_id)
    await store.forget_request(context.tx, event.request_id, context.now())


async def request_expired(event: RequestExpired, context: Context[Mailer]) -> None:
    """Drop what still waits; nothing more is sent about this request."""
    await store.lock(context.tx, event.request_id)
    await _close(event.request_id, context)


async def _validation(event: AccountRequested | ValidationResent, context: Context[Mailer]) -> None:
    draft = Draft(
        template=VALIDATION,
        facts=Validation(requested_at=event.requested_at, expires_at=event.expires_at),
        address=event.address,
        language=event.language,
        asked_at=event.requested_at,
        expires_at=event.expires_at,
        secrets=Secrets(message_type=event.TYPE, code=event.code, link_token=event.link_token),
        request_id=event.request_id,
    )
    await _write_for_request(context, draft, event.request_id)


async def _write_for_request(context: Context[Mailer], draft: Draft, request_id: str) -> None:
    """Write a mail unless it is useless already, and drop the ones that it replaces."""
    check_address(draft.address)
    tx, name = context.tx, draft.template.name
    await store.lock(tx, request_id)
    if await store.is_useless(tx, name, request_id, draft.asked_at):
        return
    await write(context, draft)
    await store.drop_older(tx, name, request_id, draft.asked_at, context.now())


async def _close(request_id: str, context: Context[Mailer], keep: tuple[str, ...] = ()) -> None:
    await store.close_request(context.tx, request_id, keep, context.now())
