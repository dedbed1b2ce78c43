"""What a SIRET says: as it is typed, and once more where the directory did not answer (B-07)."""

from __future__ import annotations

from datetime import timedelta

from services.profile import store
from services.profile.answers import Answer
from services.profile.deps import Deps
from services.profile.lookup import DEFERRED, find, standing
from services.profile.siret import check_siret
from shared.contracts.profile import (
    EstablishmentCheckDeferred,
    EstablishmentChecked,
    EstablishmentView,
    FindEstablishment,
)
from shared.database import Pool
from shared.errors import Reject, Retry
from shared.messaging.handlers import Context, RequestContext
from shared.runtime.telemetry import get_logger

#: Below what the waiting rooms last in all: older facts are said anew, lest they end as dead
#: letters while nothing is wrong but the directory.
SAID_ANEW = timedelta(hours=1)

log = get_logger("profile")


async def look_up(request: FindEstablishment, deps: Deps, pool: Pool) -> Answer | None:
    """Ask about a number whose key is right."""
    number, wrong = check_siret(request.siret)
    return None if wrong is not None else await find(number, deps, pool)


async def find_establishment(
    request: FindEstablishment, context: RequestContext[Deps]
) -> EstablishmentView:
    """Judge the number, and show what the directory knows of it."""
    _, wrong = check_siret(request.siret)
    if wrong is not None:
        return EstablishmentView(state="invalid", error=wrong)
    if context.deps.directory is None:
        return EstablishmentView(state="off")
    answer: Answer | None = context.prepared
    if answer is None:
        return EstablishmentView(state=DEFERRED)
    return EstablishmentView(
        state=answer.state,
        company_name=answer.company_name,
        address=answer.address,
        address_extra=answer.address_extra,
        postal_code=answer.postal_code,
        city=answer.city,
        closed_on="" if answer.closed_on is None else answer.closed_on.isoformat(),
        hospital_pharmacy=answer.hospital_pharmacy,
    )


async def ask_again(event: EstablishmentCheckDeferred, deps: Deps, pool: Pool) -> Answer | None:
    """Ask about the number once more; nobody waits for it."""
    return await find(event.siret, deps, pool, later=True)


async def check_again(event: EstablishmentCheckDeferred, context: Context[Deps]) -> None:
    """Say what the directory answered, or have it asked again, for as long as it matters."""
    account_id = context.envelope.subject
    if account_id is None:
        raise Reject("it does not say whose establishment")
    await store.lock_account(context.tx, account_id)
    found = await store.read(context.tx, account_id)
    if found is None or found.siret != event.siret or not found.check_deferred:
        return  # another number since, or answered meanwhile
    if context.deps.directory is None:
        return  # turned off meanwhile
    now, answer = context.now(), context.prepared
    if answer is None:
        if now - event.deferred_at < SAID_ANEW:
            raise Retry("the directory of companies does not answer")
        again = EstablishmentCheckDeferred(siret=event.siret, deferred_at=now)
        await context.emit(again, subject=account_id)
        return
    known = standing(answer)
    await store.check(context.tx, account_id, known)
    said = EstablishmentChecked(
        siret=event.siret,
        state=known.state,
        closed_on="" if known.closed_on is None else known.closed_on.isoformat(),
        checked_at=now,
    )
    await context.emit(said, subject=account_id)
    log.info(
        "An establishment was looked up later.",
        action="establishment_checked",
        account=account_id,
        state=known.state,
    )
