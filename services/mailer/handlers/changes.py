"""The directory follows what an account becomes: another name, another address, complete.

Events may come in any order, so an older change never undoes a newer one, and what is said once
of an account is said once, whatever is repeated.
"""

from __future__ import annotations

from services.mailer import store
from services.mailer.facts import (
    ADDRESS_CHANGED,
    ADDRESS_IN_FORCE,
    CONFIRMATION,
    Confirmation,
)
from services.mailer.handlers.notices import tell
from services.mailer.handlers.writing import (
    Draft,
    Mailer,
    account_of,
    check_address,
    check_names,
    holder,
    write,
)
from shared.contracts.profile.events import AccountValidated
from shared.contracts.registration.events import AddressChanged, NameChanged
from shared.messaging.handlers import Context


async def name_changed(event: NameChanged, context: Context[Mailer]) -> None:
    """Mails greet the holder by the name that is in force."""
    check_names(event.first_name, event.last_name)
    await holder(context)
    names = event.first_name, event.last_name
    await store.rename(context.tx, account_of(context), names, event.changed_at)


async def address_changed(event: AddressChanged, context: Context[Mailer]) -> None:
    """Later mails go to the new address; both addresses are told (B-14, settled 9)."""
    check_address(event.address)
    facts = {"by": event.by, "device": event.device}
    await tell(context, ADDRESS_CHANGED, event.changed_at, event.former_address, **facts)
    await tell(context, ADDRESS_IN_FORCE, event.changed_at, event.address, **facts)
    await store.readdress(context.tx, account_of(context), event.address, event.changed_at)


async def account_validated(event: AccountValidated, context: Context[Mailer]) -> None:
    """Write the confirmation mail, once for an account (G-35)."""
    person = await holder(context)
    if not await store.confirm(context.tx, account_of(context), event.validated_at):
        return
    facts = Confirmation(
        first_name=person.first_name,
        last_name=person.last_name,
        company_name=as_line(event.company_name),
        city=as_line(event.city),
        country=event.country,
        position=event.position,
        position_other=as_line(event.position_other),
        validated_at=event.validated_at,
    )
    draft = Draft(
        template=CONFIRMATION,
        facts=facts,
        address=person.address,
        language=person.language,
        asked_at=event.validated_at,
    )
    await write(context, draft)


def as_line(text: str) -> str:
    """What somebody typed, as one line that a mail may carry (EM-08).

    >>> as_line("Laboratoires\\r\\n  Durand\\u2028& fils\\x00")
    'Laboratoires Durand & fils'
    """
    return "".join(sign for sign in " ".join(text.split()) if sign.isprintable())
