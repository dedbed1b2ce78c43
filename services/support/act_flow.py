"""Acts on their way: proposed, approved, refused, stopped, expired, carried out.

Each step locks the act, checks the rules of `proposals`, stores the new state and publishes what
happened, in the caller's transaction. Whoever is killed in between leaves the former state; an
order leaves once, with the state `done`.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from services.support import agent_store, proposal_store, request_store
from services.support.act_context import ActContext
from services.support.act_holders import Holders
from services.support.agents import Agent
from services.support.authorization import require_working
from services.support.orders import ENDED, ORDERS, PLANNED
from services.support.permissions import ACTS, Role
from services.support.proposals import (
    OPEN_STATES,
    Proposal,
    approval_refusal,
    due_at,
    expires_at,
    goes_alone,
    inviter_of,
    is_announced,
    is_asked,
    refusing_refusal,
    stale,
    stopping_refusal,
)
from shared.contracts.base import Refusal
from shared.contracts.support import acts
from shared.database import Connection
from shared.database.locks import lock_name
from shared.messaging.handlers import Refused
from shared.runtime.telemetry import get_logger
from shared.security.sealing import keyed_hash, new_token, seal_context

#: The purpose in the hashes of links by which holders object.
OBJECTION = "support/objection"
#: Who stopped an act: the access of an agent who had a part in it ended.
DEPARTURE = "departure"
ANONYMISE = "anonymise"
ON_ACCOUNTS = frozenset(act.name for act in ACTS.values() if act.subject == "account")
#: Why an owner did not carry an act out: the value was changed after the act was proposed.
CHANGED_SINCE = "changed_since"

log = get_logger("support")


@dataclass(frozen=True, kw_only=True)
class NewAct:
    """An act to propose: why, with which fields, all checked, and whose accounts it is about."""

    act: str
    reason: str
    account_id: str | None = None
    subject_agent_id: str | None = None
    request_number: str = ""
    details: Mapping[str, str] = field(default_factory=dict, repr=False)
    note: str = field(default="", repr=False)
    holders: Holders = field(default_factory=Holders, repr=False)


async def lock(tx: Connection, proposal_id: str) -> Proposal | None:
    """An act, locked until the transaction ends; None also for an id that is no UUID.

    Of a lost phone its request is locked first, of an act on an agent the team, of an anonymisation
    all that ends with it, as whoever stops it does: an approval and a stop at once wait for each
    other, and neither fails.
    """
    seen = await proposal_store.find(tx, proposal_id)
    if seen is not None and ACTS[seen.act].subject == "agent":
        await lock_name(tx, "agents")
    if seen is not None:
        for number in await numbers_to_lock(tx, seen):
            await request_store.lock(tx, number)
    if seen is not None and seen.act == ANONYMISE and seen.account_id is not None:
        await proposal_store.lock_open(tx, seen.account_id, sorted(ON_ACCOUNTS))
    return await proposal_store.lock(tx, proposal_id)


async def numbers_to_lock(tx: Connection, proposal: Proposal) -> list[str]:
    """The requests that deciding on an act may change, in the order in which they are locked."""
    if proposal.act == ANONYMISE and proposal.account_id is not None:
        return await request_store.numbers_of_account(tx, proposal.account_id)
    return [proposal.request_number] if proposal.act in ENDED else []


async def propose(context: ActContext, agent: Agent, new: NewAct) -> Proposal:
    """Store an act that `agent` may propose, and go on as far as nobody else is needed.

    Raises `Refused` with `stale` where the same act is open for the account.
    """
    act, tx, now = ACTS[new.act], context.tx, context.now
    agents = await agent_store.active(tx)
    proposal = Proposal(
        id=str(uuid.uuid4()),
        act=new.act,
        reason=new.reason,
        state="proposed",
        proposed_by=agent.id,
        proposed_at=now,
        account_id=new.account_id,
        subject_agent_id=new.subject_agent_id,
        request_number=new.request_number,
        details=new.details,
        note=new.note,
        expires_at=expires_at(now) if act.approvers else None,
        holder_agents=tuple(one.id for one in agents if new.holders.is_own(one)),
    )
    proposal = replace(proposal, inviter_agent=inviter_of(proposal, agent, agents))
    await require_working(tx, agent)
    serial = await proposal_store.insert(tx, proposal)
    if serial is None:
        raise Refused(Refusal(slug="stale", params={"state": "proposed"}))
    proposal = replace(proposal, serial=serial)
    await context.emit(
        acts.ActProposed(
            **_named(proposal, agent.id), proposed_at=now, expires_at=proposal.expires_at
        ),
        subject=proposal.subject,
    )
    log.info("An act is proposed.", action="act_proposed", **_logged(proposal, agent.id))
    if not act.approvers:
        return await _agree(context, proposal, None, single=False)
    colleagues = [one for one in agents if one.id not in proposal.holder_agents]
    if goes_alone(act, agent, colleagues, context.delays):
        return await _agree(context, proposal, None, single=True)
    for colleague in colleagues:
        if is_asked(colleague, proposal, now):
            told = acts.ApprovalRequested(
                **_addressed(proposal, colleague),
                proposed_by=agent.name,
                proposed_at=now,
                expires_at=proposal.expires_at or now,
            )
            await context.emit(told, subject=colleague.id)
    return proposal


async def approve(
    context: ActContext, agent: Agent, proposal: Proposal, *, own_account: bool = False
) -> Proposal:
    """Approve an act, locked by the caller; it waits for its date, or is carried out now."""
    refusal = approval_refusal(proposal, agent, context.now, own_account=own_account)
    if refusal is not None:
        raise Refused(refusal)
    await require_working(context.tx, agent)
    if await agent_store.begins_anew(context.tx, proposal.proposed_by):
        raise Refused(Refusal(slug="stale", params={"state": "stopped"}))
    return await _agree(context, proposal, agent, single=False)


async def refuse(context: ActContext, agent: Agent, proposal: Proposal, why: str) -> Proposal:
    """Refuse an act, locked by the caller."""
    refusal = refusing_refusal(proposal, agent)
    if refusal is not None:
        raise Refused(refusal)
    ended = await _end(context, proposal, "refused", by="agent", agent_id=agent.id, why=why)
    await context.emit(
        acts.ActRefused(**_named(ended, agent.id), why=why, refused_at=context.now),
        subject=ended.subject,
    )
    await _announce_stop(context, ended, "agent")
    return ended


async def stop_by_agent(
    context: ActContext, agent: Agent, proposal: Proposal, why: str
) -> Proposal:
    """Stop an act, locked by the caller, for an agent."""
    refusal = stopping_refusal(proposal, agent)
    if refusal is not None:
        raise Refused(refusal)
    return await stop(context, proposal, by="agent", agent_id=agent.id, why=why)


async def stop(
    context: ActContext,
    proposal: Proposal,
    *,
    by: str,
    agent_id: str | None = None,
    why: str = "",
) -> Proposal:
    """Stop an open act, locked by the caller; agents with a part in it are told, and the holder
    where it was announced."""
    announced = proposal.state == "approved" and is_announced(ACTS[proposal.act])
    ended = await _end(context, proposal, "stopped", by=by, agent_id=agent_id, why=why)
    await context.emit(
        acts.ActStopped(**_named(ended, agent_id or ""), by=by, stopped_at=context.now),
        subject=ended.subject,
    )
    await _announce_stop(context, ended, by)
    if announced:
        await _announce_to_holders(context, ended, by)
    return ended


async def stop_open(
    context: ActContext, account_id: str, kinds: frozenset[str], by: str, at: datetime
) -> int:
    """Stop the open acts of these kinds on an account, for what happened `at`; returns how many.

    Events may arrive late: what happened before an act was proposed says nothing of it.
    """
    found = await proposal_store.lock_open(context.tx, account_id, sorted(kinds))
    stopped = [proposal for proposal in found if proposal.proposed_at <= at]
    for proposal in stopped:
        await stop(context, proposal, by=by)
    return len(stopped)


async def expire(context: ActContext, proposal: Proposal) -> None:
    """End an act, locked by the caller, that nobody approved in time."""
    ended = await _end(context, proposal, "expired", by="clock")
    await context.emit(
        acts.ActExpired(**_named(ended, ""), expired_at=context.now), subject=ended.subject
    )


async def carry_out(context: ActContext, proposal: Proposal) -> Proposal:
    """Publish the order of an approved act, locked by the caller: it is done."""
    done = replace(proposal, state="done", done_at=context.now)
    await proposal_store.save(context.tx, done)
    if done.act == ANONYMISE and done.account_id is not None:
        # Its fields are deleted: nothing else that waits can be carried out.
        await stop_open(context, done.account_id, ON_ACCOUNTS, "agent", context.now)
    await ORDERS[done.act](context, done)
    await context.emit(
        acts.ActDone(**_named(done, done.proposed_by), done_at=context.now), subject=done.subject
    )
    log.info("An act is carried out.", action="act_done", **_logged(done, done.proposed_by))
    return done


async def record_failure(context: ActContext, proposal_id: str, why: str) -> None:
    """Its owner could not carry an act out; agents with a part in it are mailed, and the holder
    where it was announced."""
    proposal = await proposal_store.lock(context.tx, proposal_id)
    if proposal is None or proposal.state != "done":
        return
    failed = replace(proposal, state="failed", failure=why, ended_by="owner", ended_at=context.now)
    await proposal_store.save(context.tx, failed)
    log.warning(
        "An act could not be carried out.", action="act_failed", reason=why, **_logged(failed, "")
    )
    by = "changed" if why == CHANGED_SINCE else "owner"
    if ACTS[failed.act].approvers:
        await _announce_stop(context, failed, by)
    if is_announced(ACTS[failed.act]):
        await _announce_to_holders(context, failed, by)


async def _agree(
    context: ActContext, proposal: Proposal, approver: Agent | None, *, single: bool
) -> Proposal:
    act, now = ACTS[proposal.act], context.now
    agreed = replace(
        proposal,
        state="approved",
        approved_by=None if approver is None else approver.id,
        approved_at=now,
        single=single,
        due_at=due_at(act, now, context.delays, single=single),
    )
    if act.approvers:
        await _publish_approval(context, agreed)
    if agreed.due_at is None or agreed.due_at <= now:
        return await carry_out(context, agreed)
    if is_announced(act):
        agreed = await _announce(context, agreed, agreed.due_at)
    if act.name in PLANNED and agreed.due_at is not None:
        await PLANNED[act.name](context, agreed, agreed.due_at)
    await proposal_store.save(context.tx, agreed)
    return agreed


async def _publish_approval(context: ActContext, agreed: Proposal) -> None:
    now, due = context.now, agreed.due_at or context.now
    approved = acts.ActApproved(
        **_named(agreed, agreed.approved_by or ""),
        approved_at=now,
        due_at=due,
        single=agreed.single,
    )
    await context.emit(approved, subject=agreed.subject)
    log.info(
        "An act is approved.",
        action="act_approved",
        single=agreed.single,
        **_logged(agreed, agreed.approved_by or ""),
    )
    by_inviter = await _by_inviter(context, agreed)
    if by_inviter:
        log.warning(
            "An act is approved by who invited its proposer, or has the same inviter: "
            "nobody else could.",
            action="act_approved_by_inviter",
            **_logged(agreed, agreed.approved_by or ""),
        )
    if agreed.single or by_inviter:
        for auditor in await agent_store.active_in_role(context.tx, Role.AUDITOR):
            told = acts.SingleAgentActAnnounced(
                **_addressed(agreed, auditor),
                approved_at=now,
                due_at=due,
                by_inviter=by_inviter,
            )
            await context.emit(told, subject=auditor.id)


async def _by_inviter(context: ActContext, agreed: Proposal) -> bool:
    """Whether who invited the proposer approved the act, or somebody with the same inviter."""
    if agreed.approved_by is None:
        return False
    proposer = await agent_store.find(context.tx, agreed.proposed_by)
    approver = await agent_store.find(context.tx, agreed.approved_by)
    if proposer is None or approver is None or proposer.proposed_by is None:
        return False
    return proposer.proposed_by in (approver.id, approver.proposed_by)


async def _announce(context: ActContext, agreed: Proposal, due: datetime) -> Proposal:
    """Tell the holder, or both of a transfer, with a link by which each may object."""
    token, deps, receiver = new_token(), context.deps, receiver_of(agreed)
    for account_id in holders(agreed):
        planned = acts.ChangePlanned(
            proposal_id=agreed.id,
            act=agreed.act,
            reason=agreed.reason,
            planned_at=context.now,
            due_at=due,
            link_token=deps.mailer_sealer.seal(
                token, seal_context(acts.ChangePlanned, "link_token")
            ),
            from_account_id=(agreed.account_id or "") if receiver else "",
            to_account_id=receiver,
        )
        await context.emit(planned, subject=account_id)
    return replace(agreed, link_hash=keyed_hash(deps.token_keys, OBJECTION, token)[1])


async def _end(
    context: ActContext,
    proposal: Proposal,
    state: str,
    *,
    by: str,
    agent_id: str | None = None,
    why: str = "",
) -> Proposal:
    if proposal.state not in OPEN_STATES:
        raise Refused(stale(proposal))
    ended = replace(
        proposal,
        state=state,
        ended_by=by,
        ended_agent_id=agent_id,
        ended_at=context.now,
        ended_why=why,
    )
    await proposal_store.save(context.tx, ended)
    if ended.act in ENDED:
        await ENDED[ended.act](context, ended, by)
    log.info("An act has ended.", action=f"act_{state}", by=by, **_logged(ended, agent_id or ""))
    return ended


async def _announce_stop(context: ActContext, ended: Proposal, by: str) -> None:
    """Agents with a part in the act are told, except the one who ended it."""
    parts = dict.fromkeys((ended.proposed_by, ended.approved_by))
    for agent_id in parts:
        if agent_id is None or agent_id == ended.ended_agent_id:
            continue
        agent = await agent_store.find(context.tx, agent_id)
        if agent is not None and agent.may_work:
            told = acts.ActStopAnnounced(**_addressed(ended, agent), by=by, stopped_at=context.now)
            await context.emit(told, subject=agent.id)


async def _announce_to_holders(context: ActContext, ended: Proposal, by: str) -> None:
    stopped = acts.ChangeStopped(
        proposal_id=ended.id,
        act=ended.act,
        by="agent" if by == DEPARTURE else by,
        stopped_at=context.now,
    )
    for account_id in holders(ended):
        await context.emit(stopped, subject=account_id)


def holders(proposal: Proposal) -> list[str]:
    """The accounts whose holders are told of an act."""
    return [one for one in (proposal.account_id, receiver_of(proposal)) if one]


def receiver_of(proposal: Proposal) -> str:
    """The account that receives the dossiers of a transfer; empty for any other act, and once the
    leaver was anonymised."""
    is_transfer = proposal.act == "transfer_dossiers"
    return proposal.details.get("to_account_id", "") if is_transfer else ""


def _named(proposal: Proposal, agent_id: str) -> dict[str, str]:
    """The fields of an event of an act."""
    return {
        "proposal_id": proposal.id,
        "act": proposal.act,
        "number": proposal.number,
        "reason": proposal.reason,
        "agent_id": agent_id,
    }


def _addressed(proposal: Proposal, agent: Agent) -> dict[str, str]:
    """The fields of a mail to an agent."""
    return {
        "proposal_id": proposal.id,
        "act": proposal.act,
        "number": proposal.number,
        "address": agent.address,
        "language": agent.language,
    }


def _logged(proposal: Proposal, agent_id: str) -> dict[str, str | None]:
    return {
        "act": proposal.act,
        "proposal": proposal.id,
        "account": proposal.account_id,
        "agent": agent_id or None,
    }
