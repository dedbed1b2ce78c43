"""Changes of an account that the directory follows: name, address, completion.

Events may arrive in any order: an older change never overwrites a newer one.
"""

from services.mailer import store
from services.mailer.handlers.enqueue import (
    Deps,
    MailDraft,
    account_of,
    check_address,
    check_names,
    enqueue,
    recipient,
)
from services.mailer.handlers.notices import send_notice
from services.mailer.mail_templates import (
    ADDRESS_CHANGED,
    ADDRESS_IN_FORCE,
    CONFIRMATION,
    ConfirmationData,
)
from shared.contracts.profile.events import AccountValidated
from shared.contracts.registration.events import AddressChanged, NameChanged
from shared.messaging.handlers import Context


async def name_changed(event: NameChanged, context: Context[Deps]) -> None:
    """Update the name that mails greet the holder by."""
    check_names(event.first_name, event.last_name)
    await recipient(context)
    names = event.first_name, event.last_name
    await store.update_name(context.tx, account_of(context), names, event.changed_at)


async def address_changed(event: AddressChanged, context: Context[Deps]) -> None:
    """Send later mails to the new address, and a notice to both addresses (B-14)."""
    check_address(event.address)
    at = event.changed_at
    await send_notice(context, ADDRESS_CHANGED, event, at, event.former_address)
    await send_notice(context, ADDRESS_IN_FORCE, event, at, event.address)
    await store.update_address(context.tx, account_of(context), event.address, event.changed_at)


async def account_validated(event: AccountValidated, context: Context[Deps]) -> None:
    """Enqueue the confirmation, once for an account (G-35)."""
    person = await recipient(context)
    if not await store.mark_confirmed(context.tx, account_of(context), event.validated_at):
        return
    data = ConfirmationData(
        first_name=person.first_name,
        last_name=person.last_name,
        company_name=as_line(event.company_name),
        city=as_line(event.city),
        country=event.country,
        position=event.position,
        position_other=as_line(event.position_other),
        validated_at=event.validated_at,
    )
    draft = MailDraft(
        template=CONFIRMATION,
        data=data,
        address=person.address,
        language=person.language,
        asked_at=event.validated_at,
    )
    await enqueue(context, draft)


def as_line(text: str) -> str:
    """Typed text as one line that a mail may contain (EM-08).

    >>> as_line("Laboratoires\\r\\n  Durand\\u2028& fils\\x00")
    'Laboratoires Durand & fils'
    """
    return "".join(sign for sign in " ".join(text.split()) if sign.isprintable())
