"""Lists of acts, with who the holders of the accounts are, masked.

Read outside a transaction, since registration is asked about the accounts.
"""

from datetime import datetime
from math import ceil

import msgspec

from services.support import act_holders, agent_store, proposal_store
from services.support.act_flow import receiver_of
from services.support.agents import Agent
from services.support.authorization import require_view
from services.support.deps import Deps
from services.support.proposals import (
    OPEN_STATES,
    Proposal,
    approval_refusal,
    stopping_refusal,
)
from shared.contracts.base import Refusal
from shared.contracts.support.proposals import ListProposals, ProposalRow, ProposalsView
from shared.database import Connection, Pool, acquire
from shared.messaging.handlers import Refused, RequestContext
from shared.security.sealing import seal_context

PAGE_SIZE = 25


async def read_list(request: ListProposals, deps: Deps, pool: Pool) -> ProposalsView:
    """A page of acts; those to approve are the ones that this agent may approve now."""
    async with acquire(pool) as connection:
        agent = await require_view(connection, request.agent_id, "approvals")
        view = await _read(connection, agent, request, deps.clock())
    # The page of an account says itself whose it is.
    own = {request.account_id, ""}
    ids = [one for row in view.rows for one in (row.account_id, row.receiver_id) if one not in own]
    if not ids:
        return view
    known = await act_holders.find(deps, ids)
    text = msgspec.json.encode(known.masked()).decode()
    sealed = deps.desk_sealer.seal(text, seal_context(ProposalsView, "accounts"))
    return msgspec.structs.replace(view, accounts=sealed)


async def approvable(tx: Connection, agent: Agent, now: datetime) -> list[Proposal]:
    """The acts that an agent may approve now, those that expire first."""
    return [
        proposal
        for proposal in await proposal_store.proposed(tx, now)
        if approval_refusal(proposal, agent, now) is None
    ]


async def list_proposals(_request: ListProposals, context: RequestContext[Deps]) -> ProposalsView:
    """What was read."""
    view: ProposalsView = context.prepared
    return view


async def _read(
    tx: Connection, agent: Agent, request: ListProposals, now: datetime
) -> ProposalsView:
    to_approve = await approvable(tx, agent, now)
    states = {"open": OPEN_STATES, "all": None}
    if request.show == "to_approve":
        total = len(to_approve)
    elif request.show in states:
        total = await proposal_store.count(tx, states[request.show], request.account_id or None)
    else:
        raise Refused(Refusal(slug="unknown_choice", params={"field": "show"}))
    pages = max(1, ceil(total / PAGE_SIZE))
    page = min(max(1, request.page), pages)
    start = (page - 1) * PAGE_SIZE
    if request.show == "to_approve":
        shown = to_approve[start : start + PAGE_SIZE]
    else:
        shown = await proposal_store.list_page(
            tx,
            states[request.show],
            request.account_id or None,
            limit=PAGE_SIZE,
            offset=start,
        )
    names = {one.id: one.name for one in await agent_store.list_all(tx)}
    rows = (_row(proposal, agent, now, names) for proposal in shown)
    return ProposalsView(
        rows=tuple(rows), page=page, pages=pages, total=total, to_approve=len(to_approve)
    )


def _row(proposal: Proposal, agent: Agent, now: datetime, names: dict[str, str]) -> ProposalRow:
    return ProposalRow(
        proposal_id=proposal.id,
        number=proposal.number,
        act=proposal.act,
        state=proposal.state,
        reason=proposal.reason,
        proposed_by_name=names.get(proposal.proposed_by, ""),
        proposed_at=proposal.proposed_at,
        expires_at=proposal.expires_at,
        due_at=proposal.due_at,
        account_id=proposal.account_id or "",
        subject_agent_id=proposal.subject_agent_id or "",
        receiver_id=receiver_of(proposal),
        may_approve=approval_refusal(proposal, agent, now) is None,
        may_stop=stopping_refusal(proposal, agent) is None,
        subject_agent=names.get(proposal.subject_agent_id or "", ""),
    )
