"""Accounts that nobody signs in to: registration keeps them, the desk reads masked lines."""

from math import ceil

import msgspec

from services.support.authorization import require_view
from services.support.deps import Deps
from services.support.looks import mask_address, mask_name
from shared.contracts.base import Refusal, Sealed
from shared.contracts.registration.desk import DormantAccountRecord, DormantAccountsView
from shared.contracts.support.dormant import OUTCOMES, DormantRow, DormantView, ListDormant
from shared.database import Pool, acquire
from shared.messaging.handlers import Refused, RequestContext
from shared.security.sealing import seal_context

PAGE_SIZE = 25
#: Registration goes through no more.
MAX_PAGE = 400


async def read_dormant(request: ListDormant, deps: Deps, pool: Pool) -> DormantView:
    """Ask registration, for those who may read it."""
    async with acquire(pool) as connection:
        await require_view(connection, request.agent_id, "dormant")
    if request.outcome not in OUTCOMES:
        raise Refused(Refusal(slug="unknown_choice", params={"field": "outcome"}))
    page = min(max(1, request.page), MAX_PAGE)
    away: set[str] = set()
    found = await deps.owners.dormant_accounts(
        request.outcome, PAGE_SIZE, PAGE_SIZE * (page - 1), away
    )
    if found is None:
        return DormantView(rows=_sealed(deps, []), page=1, pages=1, away=True)
    view, records = found
    return DormantView(
        rows=_sealed(deps, [_row(record) for record in records]),
        page=page,
        pages=max(1, ceil(_count(view, request.outcome) / PAGE_SIZE)),
        months=view.months,
        warned=view.warned,
        spared=view.spared,
        deactivated=view.deactivated,
        withdrawn=view.withdrawn,
    )


async def list_dormant(_request: ListDormant, context: RequestContext[Deps]) -> DormantView:
    """What was read."""
    view: DormantView = context.prepared
    return view


def _count(view: DormantAccountsView, outcome: str) -> int:
    number: int = getattr(view, outcome)
    return number


def _row(record: DormantAccountRecord) -> DormantRow:
    return DormantRow(
        account_id=record.account_id,
        person=mask_name(record.first_name, record.last_name) if record.last_name else "",
        address=mask_address(record.address) if record.address else "",
        last_used_at=record.last_used_at,
        warned_at=record.warned_at,
        warned_again_at=record.warned_again_at,
        deactivation_at=record.deactivation_at,
        ended_at=record.ended_at,
    )


def _sealed(deps: Deps, rows: list[DormantRow]) -> Sealed:
    text = msgspec.json.encode(rows).decode()
    return deps.desk_sealer.seal(text, seal_context(DormantView, "rows"))
