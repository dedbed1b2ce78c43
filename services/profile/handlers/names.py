"""Follows the account's names that registration publishes."""

from datetime import datetime

from services.profile import store
from services.profile.deps import Deps
from services.profile.store import Names
from shared.contracts.registration.events import AccountCreated, AccountImported, NameChanged
from shared.messaging.handlers import Context
from shared.runtime.telemetry import get_logger

log = get_logger("profile")

#: `NameChanged.by` of changes that the form has not seen.
DESK = "desk"


async def save_names(
    event: AccountCreated | AccountImported | NameChanged, context: Context[Deps]
) -> None:
    """Save the account's names. Those changed by the desk also reach the saved profile."""
    account_id = context.require_account_id()
    known_at = _known_at(event)
    names = Names(first_name=event.first_name, last_name=event.last_name, known_at=known_at)
    await store.lock_account(context.tx, account_id)
    newer = await store.save_names(context.tx, account_id, names)
    if newer and isinstance(event, NameChanged) and event.by == DESK:
        await store.rename(context.tx, account_id, names)
        log.info("The desk changed a name.", action="profile_renamed", account=account_id)


def _known_at(event: AccountCreated | AccountImported | NameChanged) -> datetime:
    if isinstance(event, AccountCreated):
        return event.created_at
    return event.imported_at if isinstance(event, AccountImported) else event.changed_at
