"""Carries out approved acts whose date has come, and ends those that nobody approved in time.

Several processes may run at once: each takes rows that no other one has locked. Killed in between,
a process leaves the acts as they were, and the next run takes them. An act that cannot be carried
out is recorded as failed; it neither stops the others nor the service.
"""

from dataclasses import replace

from services.support import act_flow, proposal_store
from services.support.act_context import ActContext
from services.support.deps import Deps
from services.support.proposals import Proposal
from shared.database import TRANSIENT_ERRORS, Pool, transaction
from shared.runtime.telemetry import get_logger

INTERVAL_SECONDS = 2
BATCH_SIZE = 20

log = get_logger("support")


async def run_due(pool: Pool, deps: Deps) -> int:
    """Carry out and expire what is due; returns how many acts."""
    total = 0
    while True:
        async with transaction(pool) as tx:
            now = deps.clock()
            acting = ActContext(tx=tx, deps=deps, now=now)
            due = await proposal_store.lock_due(tx, now, BATCH_SIZE)
            for proposal in due:
                await _carry_out(acting, proposal)
            expired = await proposal_store.lock_expired(tx, now, BATCH_SIZE)
            for proposal in expired:
                await act_flow.expire(acting, proposal)
        total += len(due) + len(expired)
        if len(due) < BATCH_SIZE and len(expired) < BATCH_SIZE:
            return total


async def _carry_out(acting: ActContext, proposal: Proposal) -> None:
    try:
        async with acting.tx.transaction():
            await act_flow.carry_out(acting, proposal)
    except TRANSIENT_ERRORS:
        raise
    except Exception:
        log.exception("An act could not be carried out.", action="act_failed", act=proposal.act)
        failed = replace(
            proposal, state="failed", failure="error", ended_by="owner", ended_at=acting.now
        )
        await proposal_store.save(acting.tx, failed)
