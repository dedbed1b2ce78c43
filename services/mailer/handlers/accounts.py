"""What opens something of an account: a link for a new password, a code, a lost phone's link.

Of several that were asked for only the latest counts, so it drops the ones that still wait,
whichever is heard first.
"""

from __future__ import annotations

from services.mailer import store
from services.mailer.facts import (
    ADDRESS_CHANGE_ASKED,
    ADDRESS_CODE,
    LOST_PHONE,
    NEW_ADDRESS_CODE,
    NO_ACCOUNT,
    PASSWORD_RESET,
    NoAccount,
    Opening,
    Template,
)
from services.mailer.handlers.notices import tell
from services.mailer.handlers.writing import Draft, Mailer, account_of, check_address, write
from services.mailer.store import Secrets
from shared.contracts.registration.events import (
    AddressChangeRequested,
    AddressProofRequested,
    LostPhoneClaimed,
    PasswordResetRequested,
    UnknownAddressAsked,
)
from shared.messaging.handlers import Context


async def password_reset_requested(event: PasswordResetRequested, context: Context[Mailer]) -> None:
    """Write the mail whose link leads to a new password (G-44)."""
    facts = Opening(requested_at=event.requested_at, expires_at=event.expires_at, thaws=event.thaws)
    secrets = Secrets(message_type=event.TYPE, link_token=event.link_token)
    await _write_for_account(event, context, PASSWORD_RESET, event.address, facts, secrets)


async def address_proof_requested(event: AddressProofRequested, context: Context[Mailer]) -> None:
    """Write the mail whose code proves the address again (OT-13)."""
    facts = Opening(requested_at=event.requested_at, expires_at=event.expires_at)
    secrets = Secrets(message_type=event.TYPE, code=event.code)
    await _write_for_account(event, context, ADDRESS_CODE, event.address, facts, secrets)


async def lost_phone_claimed(event: LostPhoneClaimed, context: Context[Mailer]) -> None:
    """Write the mail whose link confirms that the phone is lost."""
    facts = Opening(
        requested_at=event.requested_at, expires_at=event.expires_at, stolen=event.stolen
    )
    secrets = Secrets(message_type=event.TYPE, link_token=event.link_token)
    await _write_for_account(event, context, LOST_PHONE, event.address, facts, secrets)


async def address_change_requested(event: AddressChangeRequested, context: Context[Mailer]) -> None:
    """Write the mail whose code proves the new address, and tell the one in force (B-14).

    Each is left out where the event says so: no code, or the same wish once more.
    """
    if event.code is not None:
        facts = Opening(requested_at=event.requested_at, expires_at=event.expires_at)
        secrets = Secrets(message_type=event.TYPE, code=event.code)
        address = event.new_address
        await _write_for_account(event, context, NEW_ADDRESS_CODE, address, facts, secrets)
    if not event.again:
        at, address = event.requested_at, event.address
        await tell(context, ADDRESS_CHANGE_ASKED, at, address, device=event.device)


async def unknown_address_asked(event: UnknownAddressAsked, context: Context[Mailer]) -> None:
    """Tell an address that no account opens with it; the page told nobody (B-03)."""
    draft = Draft(
        template=NO_ACCOUNT,
        facts=NoAccount(requested_at=event.requested_at, about=event.about, closed=event.closed),
        address=event.address,
        language=event.language,
        asked_at=event.requested_at,
    )
    await write(context, draft)


async def _write_for_account(
    event: PasswordResetRequested
    | AddressProofRequested
    | LostPhoneClaimed
    | AddressChangeRequested,
    context: Context[Mailer],
    template: Template,
    address: str,
    facts: Opening,
    secrets: Secrets,
) -> None:
    """Write a mail unless a later one of its kind was asked for, and drop those it replaces."""
    account_id = account_of(context)
    check_address(address)
    await store.lock(context.tx, account_id)
    if await store.is_replaced(context.tx, template.name, account_id, event.requested_at):
        return
    draft = Draft(
        template=template,
        facts=facts,
        address=address,
        language=event.language,
        asked_at=event.requested_at,
        expires_at=event.expires_at,
        secrets=secrets,
    )
    await write(context, draft)
    await store.drop_replaced(
        context.tx, template.name, account_id, event.requested_at, context.now()
    )
