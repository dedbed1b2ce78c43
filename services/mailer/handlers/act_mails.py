"""Mails about what the support desk decided: planned, stopped, done (P11 to P18).

A transfer concerns two accounts, whose holders read each other's address masked. Whoever was
anonymised, or lost the address to another account, gets one last mail and is then nobody's name.
"""

from typing import Any

import msgspec

from services.mailer import store
from services.mailer.handlers.enqueue import Deps, account_of, enqueue, recipient
from services.mailer.mail_templates import (
    ACCOUNT_ANONYMISED,
    ACCOUNT_REACTIVATED,
    ADDRESS_RELEASED,
    CHANGE_PLANNED,
    CHANGE_STOPPED,
    DOSSIERS_TRANSFERRED,
    INFORMATION_CORRECTED,
    PASSWORD_COMPROMISED,
    SESSIONS_ENDED,
    UNFREEZE_ALLOWED,
    Template,
)
from shared.contracts.base import Event
from shared.contracts.dossiers import DossiersTransferred, DossierTransferUndone
from shared.contracts.gateway import SessionsEndedByDesk
from shared.contracts.profile.events import InformationCorrected
from shared.contracts.registration.events import (
    AccountReactivated,
    AccountUnfreezeAllowed,
    AddressReleased,
    PasswordResetRequired,
)
from shared.contracts.support.acts import AnonymisationOrdered, ChangePlanned, ChangeStopped
from shared.errors import DecryptionError, Reject, Retry
from shared.messaging.handlers import Context, hears
from shared.security.sealing import seal_context

#: Mails that the event's moment and its own fields are enough for.
SIMPLE: tuple[tuple[type[Event], Template, str], ...] = (
    (ChangeStopped, CHANGE_STOPPED, "stopped_at"),
    (AccountReactivated, ACCOUNT_REACTIVATED, "reactivated_at"),
    (AccountUnfreezeAllowed, UNFREEZE_ALLOWED, "allowed_at"),
    (PasswordResetRequired, PASSWORD_COMPROMISED, "required_at"),
    (SessionsEndedByDesk, SESSIONS_ENDED, "ended_at"),
)


async def change_planned(event: ChangePlanned, context: Context[Deps]) -> None:
    """Announce a change, with the link by which its holder objects (P12, P13)."""
    person, at = await recipient(context), event.planned_at
    giver, receiver = await _masked(context, event.from_account_id, event.to_account_id)
    await enqueue(
        context,
        CHANGE_PLANNED,
        event,
        at,
        person,
        expires_at=event.due_at,
        at=at,
        giver=giver,
        receiver=receiver,
    )


async def information_corrected(event: InformationCorrected, context: Context[Deps]) -> None:
    """What was and what is (P11)."""
    kind, at = InformationCorrected, event.corrected_at
    try:
        text = context.deps.opener.open(event.changes, seal_context(kind, "changes"))
    except DecryptionError as error:
        raise Reject("the changes cannot be opened") from error
    changes = msgspec.json.decode(text, type=tuple[tuple[str, str, str], ...])
    person = await recipient(context)
    await enqueue(context, INFORMATION_CORRECTED, event, at, person, at=at, changes=changes)


async def dossiers_transferred(event: DossiersTransferred, context: Context[Deps]) -> None:
    """A transfer is done: both are informed (P14)."""
    await _both(event, context, at=event.transferred_at, undo_until=event.undo_until)


async def transfer_undone(event: DossierTransferUndone, context: Context[Deps]) -> None:
    """A transfer is undone: both are informed (P14)."""
    await _both(event, context, at=event.undone_at, undone=True)


async def address_released(event: AddressReleased, context: Context[Deps]) -> None:
    """The last mail to an address that the account has no more."""
    at = event.released_at
    await enqueue(context, ADDRESS_RELEASED, event, at, await recipient(context), at=at)
    await store.delete_recipient(context.tx, account_of(context), at, with_name=False)


async def anonymisation_ordered(event: AnonymisationOrdered, context: Context[Deps]) -> None:
    """The last mail of all (P18); what was sent before is recorded without an address."""
    account_id, at = account_of(context), event.ordered_at
    person = await recipient(context)
    await enqueue(context, ACCOUNT_ANONYMISED, event, at, person, at=at)
    await store.delete_recipient(context.tx, account_id, at, with_name=True)
    await store.delete_personal_data(
        context.tx, account_id, context.now(), but=ACCOUNT_ANONYMISED.name
    )


def _simple(template: Template, moment: str) -> Any:
    async def handler(event: Any, context: Context[Deps]) -> None:
        at = getattr(event, moment)
        await enqueue(context, template, event, at, await recipient(context), at=at)

    return handler


async def _both(
    event: DossiersTransferred | DossierTransferUndone, context: Context[Deps], **data: Any
) -> None:
    accounts = (event.from_account_id, event.to_account_id)
    giver, receiver = await _masked(context, *accounts)
    for account_id in accounts:
        person = await store.find_recipient(context.tx, account_id)
        if person is None:
            raise Retry("the account is not in the directory yet")
        await enqueue(
            context,
            DOSSIERS_TRANSFERRED,
            event,
            data["at"],
            person,
            subject=account_id,
            giver=giver,
            receiver=receiver,
            **data,
        )


async def _masked(context: Context[Deps], *accounts: str) -> list[str]:
    """The masked addresses of the accounts of a transfer; empty for anything else."""
    people = [
        await store.find_recipient(context.tx, account_id) if account_id else None
        for account_id in accounts
    ]
    return ["" if person is None else _mask(person.address) for person in people]


def _mask(address: str) -> str:
    """`p***@exemple.fr`, as on pages."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}***@{domain}"


SUBSCRIPTIONS = (
    *(hears(kind, _simple(template, moment)) for kind, template, moment in SIMPLE),
    hears(ChangePlanned, change_planned),
    hears(InformationCorrected, information_corrected),
    hears(DossiersTransferred, dossiers_transferred),
    hears(DossierTransferUndone, transfer_undone),
    hears(AddressReleased, address_released),
    hears(AnonymisationOrdered, anonymisation_ordered),
)
