"""What a SIRET says, as it is typed (B-07)."""

from __future__ import annotations

from services.profile.deps import Deps
from services.profile.siret import check_siret
from shared.contracts.profile import EstablishmentView, FindEstablishment
from shared.messaging.handlers import RequestContext


async def find_establishment(
    request: FindEstablishment, _context: RequestContext[Deps]
) -> EstablishmentView:
    """Judge the number; no directory is asked."""
    _, wrong = check_siret(request.siret)
    if wrong is not None:
        return EstablishmentView(state="invalid", error=wrong)
    return EstablishmentView(state="off")
