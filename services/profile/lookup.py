"""What is known of a SIRET: an answer of the last day, else the directory's."""

from __future__ import annotations

from services.profile import cache
from services.profile.answers import Answer
from services.profile.deps import Deps
from services.profile.fields import Standing
from shared.database import Pool
from shared.database.pool import acquire

#: The directory was asked and did not answer.
DEFERRED = "deferred"


async def find(siret: str, deps: Deps, pool: Pool, *, later: bool = False) -> Answer | None:
    """What the directory knows of a SIRET whose key is right; None where none answers now.

    Called outside transactions. `later` is for what nobody waits for.
    """
    if deps.directory is None:
        return None
    async with acquire(pool) as connection:
        kept = await cache.read(connection, siret, deps.clock())
    if kept is not None:
        return kept
    answer = await deps.directory.ask(siret, later=later)
    if answer is not None:
        async with acquire(pool) as connection:
            await cache.keep(connection, siret, answer, deps.clock())
    return answer


def standing(answer: Answer | None) -> Standing:
    """What is kept beside a SIRET about which the directory was asked."""
    if answer is None:
        return Standing(state=DEFERRED)
    return Standing(state=answer.state, closed_on=answer.closed_on)
