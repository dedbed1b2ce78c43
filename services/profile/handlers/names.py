"""Follows the account's names that registration publishes."""

from services.profile import store
from services.profile.deps import Deps
from services.profile.profiles import Names
from shared.contracts.registration.events import AccountCreated, NameChanged
from shared.errors import Reject
from shared.messaging.handlers import Context
from shared.runtime.telemetry import get_logger

log = get_logger("profile")

#: `NameChanged.by` of changes that the form has not seen.
DESK = "desk"


async def account_created(event: AccountCreated, context: Context[Deps]) -> None:
    """Save the first names of the account."""
    await _save(event, context, by_desk=False)


async def name_changed(event: NameChanged, context: Context[Deps]) -> None:
    """Save changed names. Those changed by the desk also reach the saved profile."""
    await _save(event, context, by_desk=event.by == DESK)


async def _save(
    event: AccountCreated | NameChanged, context: Context[Deps], *, by_desk: bool
) -> None:
    account_id = context.account_id
    if account_id is None:
        raise Reject("the event has no subject")
    known_at = event.created_at if isinstance(event, AccountCreated) else event.changed_at
    names = Names(first_name=event.first_name, last_name=event.last_name, known_at=known_at)
    await store.lock_account(context.tx, account_id)
    newer = await store.save_names(context.tx, account_id, names)
    if newer and by_desk:
        await store.rename(context.tx, account_id, names)
        log.info("The desk changed a name.", action="profile_renamed", account=account_id)
