"""Mails with a secret of an account: a link for a new password, a code, a lost phone's link.

Only the latest of its kind is valid, so it drops earlier ones that are not sent yet, in whatever
order their events arrive.
"""

from services.mailer import store
from services.mailer.handlers.enqueue import Deps, MailDraft, account_of, check_address, enqueue
from services.mailer.handlers.notices import send_notice
from services.mailer.mail_templates import (
    ADDRESS_CHANGE_ASKED,
    ADDRESS_CODE,
    LOST_PHONE,
    NEW_ADDRESS_CODE,
    NO_ACCOUNT,
    PASSWORD_RESET,
    NoAccountData,
    SecretMailData,
    Template,
)
from services.mailer.store import Secrets
from shared.contracts.registration.events import (
    AddressChangeRequested,
    AddressProofRequested,
    LostPhoneClaimed,
    PasswordResetRequested,
    UnknownAddressAsked,
)
from shared.messaging.handlers import Context


async def password_reset_requested(event: PasswordResetRequested, context: Context[Deps]) -> None:
    """Enqueue the mail with the link for a new password (G-44)."""
    data = SecretMailData(
        requested_at=event.requested_at, expires_at=event.expires_at, thaws=event.thaws
    )
    secrets = Secrets(message_type=event.TYPE, link_token=event.link_token)
    await _write_for_account(event, context, PASSWORD_RESET, event.address, data, secrets)


async def address_proof_requested(event: AddressProofRequested, context: Context[Deps]) -> None:
    """Enqueue the mail with the code that verifies the address again (OT-13)."""
    data = SecretMailData(requested_at=event.requested_at, expires_at=event.expires_at)
    secrets = Secrets(message_type=event.TYPE, code=event.code)
    await _write_for_account(event, context, ADDRESS_CODE, event.address, data, secrets)


async def lost_phone_claimed(event: LostPhoneClaimed, context: Context[Deps]) -> None:
    """Enqueue the mail with the link that confirms that the phone is lost."""
    data = SecretMailData(
        requested_at=event.requested_at, expires_at=event.expires_at, stolen=event.stolen
    )
    secrets = Secrets(message_type=event.TYPE, link_token=event.link_token)
    await _write_for_account(event, context, LOST_PHONE, event.address, data, secrets)


async def address_change_requested(event: AddressChangeRequested, context: Context[Deps]) -> None:
    """Enqueue the code for the new address, and a notice to the current one (B-14).

    No mail to the new address without a code, no notice where the same request is repeated.
    """
    if event.code is not None:
        data = SecretMailData(requested_at=event.requested_at, expires_at=event.expires_at)
        secrets = Secrets(message_type=event.TYPE, code=event.code)
        address = event.new_address
        await _write_for_account(event, context, NEW_ADDRESS_CODE, address, data, secrets)
    if not event.again:
        await send_notice(context, ADDRESS_CHANGE_ASKED, event, event.requested_at, event.address)


async def unknown_address_asked(event: UnknownAddressAsked, context: Context[Deps]) -> None:
    """Enqueue the mail to an address without a usable account; the page reveals nothing (B-03)."""
    draft = MailDraft(
        template=NO_ACCOUNT,
        data=NoAccountData(requested_at=event.requested_at, about=event.about, closed=event.closed),
        address=event.address,
        language=event.language,
        asked_at=event.requested_at,
    )
    await enqueue(context, draft)


async def _write_for_account(
    event: PasswordResetRequested
    | AddressProofRequested
    | LostPhoneClaimed
    | AddressChangeRequested,
    context: Context[Deps],
    template: Template,
    address: str,
    data: SecretMailData,
    secrets: Secrets,
) -> None:
    """Enqueue a mail unless there is a later one of its kind, and drop those it replaces."""
    account_id = account_of(context)
    check_address(address)
    await store.lock(context.tx, account_id)
    if await store.is_replaced(context.tx, template.name, account_id, event.requested_at):
        return
    draft = MailDraft(
        template=template,
        data=data,
        address=address,
        language=event.language,
        asked_at=event.requested_at,
        expires_at=event.expires_at,
        secrets=secrets,
    )
    await enqueue(context, draft)
    await store.drop_replaced(
        context.tx, template.name, account_id, event.requested_at, context.now()
    )
