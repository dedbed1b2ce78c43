"""Changes of an account's name in the complementary information (G-31).

Registration owns names. Events may come twice and in any order: an older one changes nothing.
"""

from services.registration import account_store
from services.registration.deps import Deps
from shared.contracts.profile.events import ProfileSaved
from shared.contracts.registration.events import NameChanged
from shared.domain.person_names import check_name
from shared.messaging.handlers import Context
from shared.runtime.telemetry import get_logger

log = get_logger("registration")


async def profile_saved(event: ProfileSaved, context: Context[Deps]) -> None:
    """Give the account the name that was typed, where it differs and is valid."""
    if event.first_name is None and event.last_name is None:
        return
    account = await account_store.lock(context.tx, context.account_id)
    if account is None:
        return
    names = {"first_name": account.first_name, "last_name": account.last_name}
    for field in names:
        if getattr(event, field) is None:
            continue
        name, wrong = check_name(field, context.deps.open(event, field) or "")
        if wrong is not None:
            log.warning("A name was refused.", action="name_refused", code=wrong.code)
            return
        names[field] = name
    if not await account_store.set_name(context.tx, account.id, **names, changed_at=event.saved_at):
        return
    if names == {"first_name": account.first_name, "last_name": account.last_name}:
        return
    changed = NameChanged(**names, by="holder", changed_at=event.saved_at)
    await context.emit(changed, subject=account.id)
    log.info("A name was changed.", action="name_changed", account=account.id, by="holder")
