"""Carries out approved acts whose date has come, and ends those that nobody approved in time.

Several processes may run at once. Killed in between, a process leaves an act as it was, and the
next run takes it. An act that cannot be carried out is recorded as failed.
"""

from collections.abc import Sequence
from dataclasses import replace

import asyncpg

from services.support import act_flow, agent_store, proposal_store
from services.support.act_context import ActContext
from services.support.deps import Deps
from services.support.jobs import BATCH, handle_each
from services.support.proposals import Proposal, is_due, is_expired
from shared.database import TRANSIENT_ERRORS, Connection, Pool
from shared.runtime.telemetry import get_logger

INTERVAL_SECONDS = 2

#: What the database would refuse again, however often it is tried.
REFUSED_BY_DATABASE = (asyncpg.IntegrityConstraintViolationError, asyncpg.DataError)

log = get_logger("support")


async def run_due(pool: Pool, deps: Deps) -> int:
    """Carry out and expire what is due; returns how many acts."""

    async def due(tx: Connection, tried: Sequence[str]) -> list[str]:
        return await proposal_store.due_ids(tx, deps.clock(), tried, BATCH)

    async def expired(tx: Connection, tried: Sequence[str]) -> list[str]:
        return await proposal_store.expired_ids(tx, deps.clock(), tried, BATCH)

    async def carry_out(tx: Connection, proposal_id: str) -> bool:
        context = ActContext(tx=tx, deps=deps, now=deps.clock())
        proposal = await act_flow.lock(tx, proposal_id)
        if proposal is None or not is_due(proposal, context.now):
            return False
        if await agent_store.begins_anew(tx, proposal.proposed_by, proposal.approved_by):
            return False  # the job that sends their link stops it
        await _carry_out(context, proposal)
        return True

    async def expire(tx: Connection, proposal_id: str) -> bool:
        context = ActContext(tx=tx, deps=deps, now=deps.clock())
        proposal = await act_flow.lock(tx, proposal_id)
        if proposal is None or proposal.state != "proposed":
            return False
        if not is_expired(proposal, context.now):
            return False
        await act_flow.expire(context, proposal)
        return True

    carried_out = await handle_each(pool, "acts", due, carry_out)
    return carried_out + await handle_each(pool, "expired acts", expired, expire)


async def _carry_out(acting: ActContext, proposal: Proposal) -> None:
    try:
        async with acting.tx.transaction():
            await act_flow.carry_out(acting, proposal)
    except Exception as error:
        if isinstance(error, TRANSIENT_ERRORS) and not isinstance(error, REFUSED_BY_DATABASE):
            raise
        log.exception("An act could not be carried out.", action="act_failed", act=proposal.act)
        failed = replace(
            proposal, state="failed", failure="error", ended_by="owner", ended_at=acting.now
        )
        await proposal_store.save(acting.tx, failed)
