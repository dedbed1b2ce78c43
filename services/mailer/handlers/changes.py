"""Accounts as the directory follows them: created, name, address, completed.

Events may arrive in any order: an older change never overwrites a newer one.
"""

from typing import Any

from services.mailer import store
from services.mailer.handlers.enqueue import Deps, account_of, enqueue, recipient
from services.mailer.handlers.notices import send_notice
from services.mailer.mail_templates import (
    ADDRESS_CHANGED,
    ADDRESS_IN_FORCE,
    CONFIRMATION,
    FINALISATION,
    NAME_CHANGED,
    RECOVERY_ADDRESS_CHANGED,
)
from services.mailer.messages import check_name, envelope_address
from shared.contracts.profile.events import AccountValidated
from shared.contracts.registration.events import (
    AccountCreated,
    AccountImported,
    AddressChanged,
    NameChanged,
)
from shared.contracts.registration.recovery_address import RecoveryAddressChanged
from shared.messaging.handlers import Context


async def account_created(event: AccountCreated, context: Context[Deps]) -> None:
    """Add the account to the directory and enqueue the finalisation mail (G-14)."""
    account_id = account_of(context)
    check_name(event.first_name)
    check_name(event.last_name)
    tx, request_id = context.tx, event.request_id
    await store.lock(tx, request_id)
    await enqueue(context, FINALISATION, event, event.created_at, event)
    await store.upsert_recipient(tx, account_id, event, event.created_at)
    await store.close_request(tx, request_id, context.now(), still_sent=(FINALISATION.name,))


async def account_imported(event: AccountImported, context: Context[Deps]) -> None:
    """Add the account to the directory; an import sends no mail."""
    check_name(event.first_name)
    check_name(event.last_name)
    envelope_address(event.address)
    await store.upsert_recipient(context.tx, account_of(context), event, event.imported_at)


async def name_changed(event: NameChanged, context: Context[Deps]) -> None:
    """Update the name that mails greet the holder by; one that the desk changed is mailed."""
    check_name(event.first_name)
    check_name(event.last_name)
    person, at = await recipient(context), event.changed_at
    await store.update_name(context.tx, account_of(context), event)
    if event.by == "desk":
        await enqueue(context, NAME_CHANGED, event, at, person, at=at)


async def address_changed(event: AddressChanged, context: Context[Deps]) -> None:
    """Send later mails to the new address, and a notice to both addresses (B-14)."""
    envelope_address(event.address)
    at = event.changed_at
    await send_notice(context, ADDRESS_CHANGED, event, at, event.former_address)
    await send_notice(context, ADDRESS_IN_FORCE, event, at, event.address)
    await store.update_address(context.tx, account_of(context), event)


async def recovery_address_changed(event: RecoveryAddressChanged, context: Context[Deps]) -> None:
    """Keep the recovery address, and tell the account's own one (OT-19)."""
    if event.address:
        envelope_address(event.address)
    kind = "added" if event.address else "removed"
    await send_notice(context, RECOVERY_ADDRESS_CHANGED, event, event.changed_at, kind=kind)
    await store.update_recovery_address(context.tx, account_of(context), event)


async def account_validated(event: AccountValidated, context: Context[Deps]) -> None:
    """Enqueue the confirmation, once for an account (G-35)."""
    person = await recipient(context)
    if not await store.mark_confirmed(context.tx, account_of(context), event.validated_at):
        return
    typed = ("company_name", "city", "position_other")
    lines: dict[str, Any] = {name: as_line(getattr(event, name)) for name in typed}
    await enqueue(context, CONFIRMATION, event, event.validated_at, person, **lines)


def as_line(text: str) -> str:
    """Typed text as one line that a mail may contain (EM-08).

    >>> as_line("Laboratoires\\r\\n  Durand\\u2028& fils\\x00")
    'Laboratoires Durand & fils'
    """
    return "".join(sign for sign in " ".join(text.split()) if sign.isprintable())
