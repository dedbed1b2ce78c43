"""Follows the account's names that registration publishes."""

from services.profile import store
from services.profile.deps import Deps
from services.profile.store import Names
from shared.contracts.registration.events import AccountCreated, NameChanged
from shared.messaging.handlers import Context
from shared.runtime.telemetry import get_logger

log = get_logger("profile")

#: `NameChanged.by` of changes that the form has not seen.
DESK = "desk"


async def save_names(event: AccountCreated | NameChanged, context: Context[Deps]) -> None:
    """Save the account's names. Those changed by the desk also reach the saved profile."""
    account_id = context.require_account_id()
    known_at = event.created_at if isinstance(event, AccountCreated) else event.changed_at
    names = Names(first_name=event.first_name, last_name=event.last_name, known_at=known_at)
    await store.lock_account(context.tx, account_id)
    newer = await store.save_names(context.tx, account_id, names)
    if newer and isinstance(event, NameChanged) and event.by == DESK:
        await store.rename(context.tx, account_id, names)
        log.info("The desk changed a name.", action="profile_renamed", account=account_id)
