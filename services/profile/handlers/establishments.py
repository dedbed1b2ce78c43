"""Looks establishments up: as the SIRET is typed, and again later if there was no answer (B-07)."""

from datetime import timedelta

from services.profile import store
from services.profile.deps import Deps
from services.profile.establishment_lookup import DEFERRED, find, siret_check
from services.profile.establishment_record import EstablishmentRecord
from services.profile.siret import check_siret
from shared.contracts.profile.events import EstablishmentCheckDeferred, EstablishmentChecked
from shared.contracts.profile.requests import FindEstablishment
from shared.contracts.profile.views import EstablishmentView
from shared.database import Pool
from shared.errors import Reject, Retry
from shared.messaging.handlers import Context, RequestContext
from shared.runtime.telemetry import get_logger

#: Less than the retry delays in all: older events are published anew, so that an unavailable
#: directory makes no dead letters.
REPUBLISH_AFTER = timedelta(hours=1)

log = get_logger("profile")


async def look_up(request: FindEstablishment, deps: Deps, pool: Pool) -> EstablishmentRecord | None:
    """Look up a number whose key is right."""
    number, error = check_siret(request.siret)
    return None if error is not None else await find(number, deps, pool)


async def find_establishment(
    request: FindEstablishment, context: RequestContext[Deps]
) -> EstablishmentView:
    """Check the number, and reply with what the directory knows about it."""
    _, error = check_siret(request.siret)
    if error is not None:
        return EstablishmentView(state="invalid", error=error)
    if context.deps.directory is None:
        return EstablishmentView(state="off")
    record: EstablishmentRecord | None = context.prepared
    if record is None:
        return EstablishmentView(state=DEFERRED)
    return EstablishmentView(
        state=record.state,
        company_name=record.company_name,
        address=record.address,
        address_extra=record.address_extra,
        postal_code=record.postal_code,
        city=record.city,
        closed_on="" if record.closed_on is None else record.closed_on.isoformat(),
        hospital_pharmacy=record.hospital_pharmacy,
    )


async def look_up_again(
    event: EstablishmentCheckDeferred, deps: Deps, pool: Pool
) -> EstablishmentRecord | None:
    """Look the number up again, in the background."""
    return await find(event.siret, deps, pool, background=True)


async def complete_deferred_check(
    event: EstablishmentCheckDeferred, context: Context[Deps]
) -> None:
    """Publish the directory's answer, or retry as long as the profile has this number."""
    account_id = context.account_id
    if account_id is None:
        raise Reject("the event has no subject")
    await store.lock_account(context.tx, account_id)
    profile = await store.read(context.tx, account_id)
    if profile is None or profile.siret != event.siret or not profile.check_deferred:
        return  # changed, or answered meanwhile
    if context.deps.directory is None:
        return  # turned off meanwhile
    now, record = context.now(), context.prepared
    if record is None:
        if now - event.deferred_at < REPUBLISH_AFTER:
            raise Retry("the company directory does not answer")
        again = EstablishmentCheckDeferred(siret=event.siret, deferred_at=now)
        await context.emit(again, subject=account_id)
        return
    known = siret_check(record)
    await store.save_siret_check(context.tx, account_id, known)
    checked = EstablishmentChecked(
        siret=event.siret,
        state=known.state,
        closed_on="" if known.closed_on is None else known.closed_on.isoformat(),
        checked_at=now,
    )
    await context.emit(checked, subject=account_id)
    log.info(
        "A deferred lookup was completed.",
        action="establishment_checked",
        account=account_id,
        state=known.state,
    )
