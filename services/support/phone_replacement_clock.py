"""Reminds of lost phones that wait without an agent, opens them at their date, ends the unused.

Several processes may run at once, and a killed one leaves a row as it was. Where the setting is
off, whatever waits is ended and its person told.
"""

from collections.abc import Sequence

from services.support import lost_phone_flow, lost_phone_store
from services.support import phone_replacement_flow as flow
from services.support.act_context import ActContext
from services.support.deps import Deps
from services.support.jobs import BATCH, handle_each
from services.support.lost_phones import LostPhone
from services.support.phone_replacements import LATE, next_step
from shared.database import Connection, Pool

INTERVAL_SECONDS = 5


async def advance(pool: Pool, deps: Deps) -> int:
    """Do what is due now; returns how many lost phones changed."""
    offered = deps.settings.lost_phone_alone

    async def due(tx: Connection, tried: Sequence[str]) -> list[str]:
        now = deps.clock() if offered else None
        return await lost_phone_store.alone_due(tx, now, tried, BATCH)

    async def handle(tx: Connection, number: str) -> bool:
        context = ActContext(tx=tx, deps=deps, now=deps.clock())
        case = await flow.lock(context, number)
        if case is None:
            return False
        if not offered:
            await lost_phone_flow.stop(context, case, by="setting")
            return True
        return await _advance(context, case)

    return await handle_each(pool, "lost phones without an agent", due, handle)


async def _advance(context: ActContext, case: LostPhone) -> bool:
    step = next_step(case, context.now)
    if step == "remind":
        await flow.remind(context, case)
    elif step == "open":
        await flow.open_enrolment(context, case)
    elif step == "postpone":
        await flow.postpone(context, case, context.now + LATE)
    elif step == "end":
        await lost_phone_flow.stop(context, case, by="clock")
    return step != ""
