"""Looks establishments up: as the SIRET is typed, and again later if there was no answer (B-07)."""

from datetime import timedelta

import msgspec

from services.profile import store
from services.profile.deps import Deps
from services.profile.establishment import check_siret
from services.profile.establishment_lookup import DEFERRED, find
from services.profile.establishment_record import EstablishmentRecord
from shared.contracts.profile.events import EstablishmentCheckDeferred, EstablishmentChecked
from shared.contracts.profile.requests import FindEstablishment
from shared.contracts.profile.views import EstablishmentView
from shared.database import Pool
from shared.errors import Retry
from shared.messaging.handlers import Context, RequestContext
from shared.runtime.telemetry import get_logger

#: Less than the retry delays in all: older events are published anew, so that an unavailable
#: directory makes no dead letters.
REPUBLISH_AFTER = timedelta(hours=1)

log = get_logger("profile")


async def look_up(request: FindEstablishment, deps: Deps, pool: Pool) -> EstablishmentView:
    """Check the number, and look up what the directory knows about it."""
    number, error = check_siret(request.siret)
    if error is not None:
        return EstablishmentView(state="invalid", error=error)
    if deps.directory is None:
        return EstablishmentView(state="off")
    record = await find(number, deps, pool)
    values = msgspec.structs.asdict(record)
    return EstablishmentView(**values | {"closed_on": record.closed_text})


async def find_establishment(
    _request: FindEstablishment, context: RequestContext[Deps]
) -> EstablishmentView:
    """Reply with what `look_up` found."""
    view: EstablishmentView = context.prepared
    return view


async def look_up_again(
    event: EstablishmentCheckDeferred, deps: Deps, pool: Pool
) -> EstablishmentRecord:
    """Look the number up again, in the background."""
    return await find(event.siret, deps, pool, background=True)


async def complete_deferred_check(
    event: EstablishmentCheckDeferred, context: Context[Deps]
) -> None:
    """Publish the directory's answer, or retry as long as the profile has this number."""
    account_id = context.require_account_id()
    await store.lock_account(context.tx, account_id)
    profile = await store.read(context.tx, account_id)
    if profile is None or profile.siret != event.siret or not profile.check_deferred:
        return  # changed, or answered meanwhile
    if context.deps.directory is None:
        return  # turned off meanwhile
    record: EstablishmentRecord = context.prepared
    now = context.now()
    if record.state == DEFERRED:
        if now - event.deferred_at < REPUBLISH_AFTER:
            raise Retry("the company directory does not answer")
        again = EstablishmentCheckDeferred(siret=event.siret, deferred_at=now)
        await context.emit(again, subject=account_id)
        return
    await store.save_siret_check(context.tx, account_id, record)
    checked = EstablishmentChecked(
        siret=event.siret,
        state=record.state,
        closed_on=record.closed_text,
        checked_at=now,
    )
    await context.emit(checked, subject=account_id)
    log.info(
        "A deferred lookup was completed.",
        action="establishment_checked",
        account=account_id,
        state=record.state,
    )
