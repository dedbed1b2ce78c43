"""Mails about requests for an account: validation, finalisation, « déjà un compte »."""

from services.mailer import store
from services.mailer.handlers.enqueue import (
    Deps,
    MailDraft,
    account_of,
    check_address,
    check_names,
    enqueue,
)
from services.mailer.mail_templates import (
    FINALISATION,
    KNOWN_ACCOUNT,
    VALIDATION,
    FinalisationData,
    KnownAccountData,
    ValidationData,
)
from services.mailer.store import Recipient, Secrets
from shared.contracts.registration.events import (
    AccountCreated,
    AccountRequested,
    KnownAddressRequested,
    RequestCancelled,
    RequestExpired,
    ValidationResent,
)
from shared.messaging.handlers import Context


async def account_requested(event: AccountRequested, context: Context[Deps]) -> None:
    """Enqueue the validation mail."""
    await _validation(event, context)


async def validation_resent(event: ValidationResent, context: Context[Deps]) -> None:
    """Enqueue another validation mail; earlier ones that are not sent yet are dropped (G-11)."""
    await _validation(event, context)


async def account_created(event: AccountCreated, context: Context[Deps]) -> None:
    """Add the account to the directory and enqueue the finalisation mail (G-14)."""
    account_id = account_of(context)
    check_names(event.first_name, event.last_name)
    data = FinalisationData(
        first_name=event.first_name,
        last_name=event.last_name,
        terms_version=event.terms_version,
        terms_accepted_at=event.terms_accepted_at,
        enrol_before=event.enrol_before,
    )
    draft = MailDraft(
        template=FINALISATION,
        data=data,
        address=event.address,
        language=event.language,
        asked_at=event.created_at,
        request_id=event.request_id,
    )
    await store.lock(context.tx, event.request_id)
    await enqueue(context, draft)
    person = Recipient(
        address=event.address,
        first_name=event.first_name,
        last_name=event.last_name,
        language=event.language,
    )
    await store.upsert_recipient(context.tx, account_id, person, event.created_at)
    await _close(event.request_id, context, keep=(FINALISATION.name,))


async def known_address_requested(event: KnownAddressRequested, context: Context[Deps]) -> None:
    """Notify the holder of an account that somebody requested it again (EM-15)."""
    draft = MailDraft(
        template=KNOWN_ACCOUNT,
        data=KnownAccountData(requested_at=event.requested_at),
        address=event.address,
        language=event.language,
        asked_at=event.requested_at,
        # Tried as long as a code is valid: the page must not reveal the account (B-03).
        expires_at=event.expires_at,
        request_id=event.request_id,
    )
    await _write_for_request(context, draft, event.request_id)


async def request_cancelled(event: RequestCancelled, context: Context[Deps]) -> None:
    """Send nothing more about this request and delete its records (G-04, RE-14)."""
    await store.lock(context.tx, event.request_id)
    await store.delete_request(context.tx, event.request_id, context.now())


async def request_expired(event: RequestExpired, context: Context[Deps]) -> None:
    """Drop unsent mails; send nothing more about this request."""
    await store.lock(context.tx, event.request_id)
    await _close(event.request_id, context)


async def _validation(event: AccountRequested | ValidationResent, context: Context[Deps]) -> None:
    draft = MailDraft(
        template=VALIDATION,
        data=ValidationData(requested_at=event.requested_at, expires_at=event.expires_at),
        address=event.address,
        language=event.language,
        asked_at=event.requested_at,
        expires_at=event.expires_at,
        secrets=Secrets(message_type=event.TYPE, code=event.code, link_token=event.link_token),
        request_id=event.request_id,
    )
    await _write_for_request(context, draft, event.request_id)


async def _write_for_request(context: Context[Deps], draft: MailDraft, request_id: str) -> None:
    """Enqueue a mail unless it is obsolete, and drop the ones that it replaces."""
    check_address(draft.address)
    tx, name = context.tx, draft.template.name
    await store.lock(tx, request_id)
    if await store.is_obsolete(tx, name, request_id, draft.asked_at):
        return
    await enqueue(context, draft)
    await store.drop_older(tx, name, request_id, draft.asked_at, context.now())


async def _close(request_id: str, context: Context[Deps], keep: tuple[str, ...] = ()) -> None:
    await store.close_request(context.tx, request_id, keep, context.now())
