"""What an agreed export of the journal does: it can be downloaded for a week, and a mail says so.

The file is made while it is downloaded: no second copy of what it says about people is stored.
"""

from datetime import date, timedelta

from services.support import agent_store, journal_query_store
from services.support.act_context import ActContext
from services.support.journal_views import Export
from services.support.proposals import Proposal
from shared.contracts.support.journal import JournalExportReady

EXPORT_LIFETIME = timedelta(days=7)


async def export_journal(context: ActContext, proposal: Proposal) -> None:
    """Let the export be downloaded and tell who proposed it (GD-05)."""
    tx, now, details = context.tx, context.now, proposal.details
    proposer = await agent_store.find(tx, proposal.proposed_by)
    approver = await agent_store.find(tx, proposal.approved_by or "")
    if proposer is None or approver is None:
        raise ValueError("an export has two people")
    export = Export(
        id=proposal.id,
        first_day=date.fromisoformat(details["first_day"]),
        last_day=date.fromisoformat(details["last_day"]),
        reason=proposal.reason,
        proposed_by=proposer.id,
        approved_by=approver.id,
        up_to=await journal_query_store.last_number(tx),
        made_at=now,
        expires_at=now + EXPORT_LIFETIME,
    )
    await journal_query_store.insert_export(tx, export)
    ready = JournalExportReady(
        proposal_id=proposal.id,
        address=proposer.address,
        language=proposer.language,
        approved_by=approver.name,
        made_at=now,
        expires_at=export.expires_at,
    )
    await context.emit(ready, subject=proposer.id)
