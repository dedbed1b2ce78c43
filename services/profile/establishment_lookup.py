"""Looks a SIRET up: in the cache, else in the company directory."""

from services.profile import lookup_cache_store
from services.profile.deps import Deps
from services.profile.establishment_record import EstablishmentRecord
from services.profile.fields import SiretCheck
from shared.database import Pool, acquire

#: The directory did not answer.
DEFERRED = "deferred"


async def find(
    siret: str, deps: Deps, pool: Pool, *, background: bool = False
) -> EstablishmentRecord | None:
    """The record of a SIRET with a right check digit; None if the directory does not answer.

    Call it outside transactions; with `background` if no user is waiting.
    """
    if deps.directory is None:
        return None
    async with acquire(pool) as connection:
        cached = await lookup_cache_store.read(connection, siret, deps.clock())
    if cached is not None:
        return cached
    record = await deps.directory.ask(siret, background=background)
    if record is not None:
        async with acquire(pool) as connection:
            await lookup_cache_store.save(connection, siret, record, deps.clock())
    return record


def siret_check(record: EstablishmentRecord | None) -> SiretCheck:
    """The result of a lookup, to be stored with the SIRET."""
    if record is None:
        return SiretCheck(state=DEFERRED)
    return SiretCheck(state=record.state, closed_on=record.closed_on)
