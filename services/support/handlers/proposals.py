"""Acts proposed, approved, refused and stopped by agents.

Whoever asks for what they may not do gets a refusal, and the attempt is published, so that the
journal has it.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

import msgspec

from services.support import (
    act_flow,
    act_holders,
    agent_departures,
    agent_store,
    look_store,
    proposal_store,
    request_store,
)
from services.support.act_context import ActContext
from services.support.act_details import (
    FIELDS,
    check_details,
    check_note,
    parse_details,
    shown_details,
)
from services.support.act_effects import Facts, kind_of, why_no_effect
from services.support.act_flow import NewAct, holders, receiver_of
from services.support.act_holders import Holders
from services.support.agents import Agent, parse_agent_address
from services.support.authorization import forbidden, require_act, require_view
from services.support.code_proofs import accepted_at
from services.support.deps import Deps
from services.support.lost_phone_flow import NAMES_ACT
from services.support.orders import PROPOSED_BY_PAGE
from services.support.permissions import (
    ACT_REASONS,
    ACTS,
    AGENT_REASONS,
    may_do,
    open_fields,
    reasons_of,
)
from services.support.proposals import (
    NOT_FOUND,
    OPEN_STATES,
    UNDO_PERIOD,
    Proposal,
    approval_refusal,
    can_be_undone,
    code_refusal,
    may,
    proposal_refusal,
    undo_until,
)
from shared.contracts.base import FieldError, Refusal, Reply, Sealed
from shared.contracts.support.acts import ActForbidden
from shared.contracts.support.proposals import (
    ActView,
    ApproveProposal,
    CheckProposal,
    DescribeAct,
    DescribeProposal,
    ProposalChecked,
    ProposalView,
    Propose,
    RefuseProposal,
    StopProposal,
    UndoableTransfer,
)
from shared.database import Connection, Pool, acquire, transaction
from shared.domain.account_ids import account_ids
from shared.domain.support_requests import read_number
from shared.errors import DependencyDown
from shared.messaging.handlers import Refused, RequestContext
from shared.security.sealing import seal_context

#: Whose fields profile checks when they are typed, and again when they are changed.
CHECKED_BY_PROFILE = ("correct_information", "change_telephone")
TRANSFER, UNDO = "transfer_dossiers", "undo_transfer"
#: Refusals that show an attempt to do more than one may.
ATTEMPTS = frozenset(
    (
        "forbidden",
        "own_act",
        "own_account",
        "invited_by_you",
        "you_invited",
        "same_inviter",
        "too_new",
    )
)

Decision = Propose | ApproveProposal | RefuseProposal | StopProposal


@dataclass(frozen=True, kw_only=True)
class CheckedProposal:
    """The fields of a form, valid, its note, and whose accounts it is about."""

    details: dict[str, str]
    note: str
    request_number: str
    holders: Holders
    sessions: int | None = None


@dataclass(frozen=True, kw_only=True)
class FormFacts:
    """Whose account the form of an act is about, and how many sessions it has, where that says
    whether the act has an effect."""

    holders: Holders
    sessions: int | None = None


async def check_form(request: Propose | CheckProposal, deps: Deps, pool: Pool) -> CheckedProposal:
    """Judge act, reason, fields and note; ask the owners what only they know."""
    if request.act not in PROPOSED_BY_PAGE:
        raise Refused(_unknown("act"))
    if request.reason not in reasons_of(request.act):
        raise Refused(_unknown("reason"))
    if not _has_its_subject(request):
        raise Refused(NOT_FOUND)
    given = parse_details(deps.open_text(request, "details") if request.details else "")
    if given is None:
        raise Refused(_unknown("details"))
    details, refusal = check_details(request.act, given, request.account_id or None)
    note, problem = check_note(deps.open_text(request, "note") if request.note else "")
    if refusal is not None and not refusal.errors:
        raise Refused(refusal)
    errors: list[FieldError] = list(refusal.errors) if refusal else []
    if request.act == "invite_agent" and not errors:
        errors += await _check_invitation(details["address"], deps, pool)
    number, wrong_number = await _check_number(request, pool)
    errors += [one for one in (problem, wrong_number) if one]
    if errors:
        raise Refused(Refusal(slug="invalid_fields", errors=tuple(errors)))
    found = await _check_with_owners(request, details, deps, pool)
    return CheckedProposal(
        details=details,
        note=note,
        request_number=number,
        holders=found,
        sessions=await _sessions(request, deps) if found.records else None,
    )


async def _check_number(
    request: Propose | CheckProposal, pool: Pool
) -> tuple[str, FieldError | None]:
    """The number of the request that the act belongs to, and what is wrong with it: people read it
    in pages and mails as the number of the act."""
    typed = request.request_number.strip()
    if not typed:
        return "", None
    number = read_number(typed) or ""
    async with acquire(pool) as connection:
        known = await request_store.is_about(connection, number, request.account_id)
    return number, None if known else FieldError(field="request_number", code="unknown")


async def _check_with_owners(
    request: Propose | CheckProposal, details: dict[str, str], deps: Deps, pool: Pool
) -> Holders:
    """Whose accounts they are; refused with what is wrong with a correction. Nothing is asked for
    whoever may not propose the act: the handler refuses and publishes that."""
    if not request.account_id:
        return Holders()
    if not account_ids([request.account_id]):
        raise Refused(NOT_FOUND)
    async with acquire(pool) as connection:
        agent = await agent_store.find(connection, request.agent_id)
    if agent is None or not agent.may_work or not may_do(agent.role, request.act):
        return Holders()
    ids = [request.account_id, *filter(None, (details.get("to_account_id"),))]
    found = await act_holders.require(deps, ids)
    if request.act in CHECKED_BY_PROFILE and not found.is_own(agent):
        away: set[str] = set()
        await deps.owners.check_correction(request.account_id, details, away)
        if away:
            raise DependencyDown("profile", "it does not answer")
    return found


async def find_holders(
    request: ApproveProposal | DescribeProposal, deps: Deps, pool: Pool
) -> Holders:
    """Whose accounts a proposal is about. An approval needs the answer of registration."""
    async with acquire(pool) as connection:
        agent = await agent_store.find(connection, request.agent_id)
        proposal = await proposal_store.find(connection, request.proposal_id)
    if proposal is None or agent is None or not agent.may_work:
        return Holders()
    if isinstance(request, DescribeProposal):
        return await act_holders.find(deps, holders(proposal))
    return await act_holders.require(deps, holders(proposal))


async def find_holder(request: DescribeAct, deps: Deps, pool: Pool) -> FormFacts:
    """Whose account the form is about, for those who may propose the act."""
    if request.act not in PROPOSED_BY_PAGE:
        raise Refused(NOT_FOUND)
    async with acquire(pool) as connection:
        await require_act(connection, request.agent_id, request.act)
        found = await _undoable(connection, request, deps.clock())
    receivers = [transfer.details["to_account_id"] for transfer, _ in found]
    if request.act == TRANSFER:
        receivers = account_ids([request.to_account_id])
    known = await act_holders.find(deps, [request.account_id, *receivers])
    return FormFacts(holders=known, sessions=await _sessions(request, deps))


async def _sessions(request: Propose | CheckProposal | DescribeAct, deps: Deps) -> int | None:
    """How many sessions are open, for the act that ends them; None where nobody says."""
    if request.act != "end_sessions" or not account_ids([request.account_id]):
        return None
    found = await deps.owners.sessions(request.account_id, set())
    return None if found is None else len(found)


async def check_proposal(request: CheckProposal, context: RequestContext[Deps]) -> ProposalChecked:
    """Whether the act may be proposed so, as long as nothing changes; the code is not asked for."""
    await require_act(context.tx, request.agent_id, request.act)
    await _check_subject(request, context.prepared, context.tx, context.now())
    account_id = request.account_id or None
    if account_id and await proposal_store.find_open(context.tx, account_id, request.act):
        raise Refused(Refusal(slug="stale", params={"state": "proposed"}))
    return ProposalChecked()


async def propose(request: Propose, context: RequestContext[Deps]) -> Reply:
    """Propose an act, or do it where nobody else is needed."""
    checked: CheckedProposal = context.prepared
    act = ACTS[request.act]

    async def decide(agent: Agent, acting: ActContext) -> Proposal:
        subject_id = request.subject_agent_id or None
        own = checked.holders.is_own(agent)
        refusal = proposal_refusal(
            act, agent, subject_agent_id=subject_id, own_account=own
        ) or code_refusal(act, await accepted_at(request, context), acting.now)
        if refusal is not None:
            raise Refused(refusal)
        await _check_subject(request, checked, acting.tx, acting.now)
        new = NewAct(
            act=act.name,
            reason=request.reason,
            account_id=request.account_id or None,
            subject_agent_id=subject_id,
            request_number=checked.request_number,
            details=checked.details,
            note=checked.note,
            holders=checked.holders,
        )
        return await act_flow.propose(acting, agent, new)

    return await _decided(request, context, act.name, decide)


async def approve_proposal(request: ApproveProposal, context: RequestContext[Deps]) -> Reply:
    """Approve an act that somebody else proposed."""

    async def decide(agent: Agent, acting: ActContext) -> Proposal:
        proposal = await _lock(acting.tx, request.proposal_id)
        own = context.prepared.is_own(agent)
        refusal = approval_refusal(proposal, agent, acting.now, own_account=own) or code_refusal(
            ACTS[proposal.act], await accepted_at(request, context), acting.now
        )
        if refusal is not None:
            raise Refused(refusal)
        changes_role = proposal.act == "change_agent_role"
        if changes_role:
            await agent_departures.lock_requests(acting, proposal.subject_agent_id or "")
        agreed = await act_flow.approve(acting, agent, proposal, own_account=own)
        if changes_role:
            await agent_departures.after_role_change(acting, agreed)
        return agreed

    return await _decided(request, context, "approve", decide)


async def refuse_proposal(request: RefuseProposal, context: RequestContext[Deps]) -> Reply:
    """Refuse an act that somebody else proposed."""
    _check_reason(request.reason)

    async def decide(agent: Agent, acting: ActContext) -> Proposal:
        proposal = await _lock(acting.tx, request.proposal_id)
        return await act_flow.refuse(acting, agent, proposal, request.reason)

    return await _decided(request, context, "refuse", decide)


async def stop_proposal(request: StopProposal, context: RequestContext[Deps]) -> Reply:
    """Stop an act that is proposed or planned."""
    _check_reason(request.reason)

    async def decide(agent: Agent, acting: ActContext) -> Proposal:
        proposal = await _lock(acting.tx, request.proposal_id)
        return await act_flow.stop_by_agent(acting, agent, proposal, request.reason)

    return await _decided(request, context, "stop", decide)


async def describe_proposal(
    request: DescribeProposal, context: RequestContext[Deps]
) -> ProposalView:
    """An act, with its fields sealed for the desk."""
    agent = await require_view(context.tx, request.agent_id, "approvals")
    proposal = await proposal_store.find(context.tx, request.proposal_id)
    if proposal is None:
        raise Refused(NOT_FOUND)
    return await show(context, agent, proposal, context.prepared)


async def describe_act(request: DescribeAct, context: RequestContext[Deps]) -> ActView:
    """An act as its form needs it, for those who may propose it."""
    act = ACTS[request.act]
    if (act.subject == "account") != bool(request.account_id):
        raise Refused(NOT_FOUND)
    await require_act(context.tx, request.agent_id, act.name)
    delays, known = context.deps.settings.act_delays, context.prepared
    asked = request.account_id
    if asked and not known.holders.away and asked not in known.holders.records:
        raise Refused(NOT_FOUND)
    transfers = await _undoable(context.tx, request, context.now())
    facts = Facts(
        kind=kind_of(known.holders.records.get(request.account_id)),
        sessions=known.sessions,
        transfers=len(transfers),
    )
    return ActView(
        act=act.name,
        fields=FIELDS.get(act.name, ()),
        reasons=reasons_of(act.name),
        two_people=bool(act.approvers),
        delay_minutes=int(delays.of(act).total_seconds() // 60),
        fresh_code=act.fresh_code,
        open_proposal_id=await proposal_store.find_open(
            context.tx, request.account_id or None, act.name
        ),
        account=_masked(context, ActView, "account", known.holders, request.account_id),
        receiver=_masked(context, ActView, "receiver", known.holders, request.to_account_id),
        transfers=_show_transfers(context, transfers) if act.name == UNDO else None,
        no_effect=why_no_effect(act.name, facts),
    )


async def _undoable(
    tx: Connection, request: DescribeAct, now: datetime
) -> list[tuple[Proposal, int | None]]:
    """The transfers of the account that can be undone, where the form is about one of them."""
    if request.act != UNDO or not account_ids([request.account_id]):
        return []
    found = await proposal_store.undoable(tx, request.account_id, now - UNDO_PERIOD)
    return [(transfer, count) for transfer, count in found if can_be_undone(transfer, now)]


def _show_transfers(
    context: RequestContext[Deps], transfers: list[tuple[Proposal, int | None]]
) -> Sealed:
    masked = context.prepared.holders.masked()
    found = [
        UndoableTransfer(
            transfer_id=transfer.id,
            done_at=transfer.done_at,
            undo_until=undo_until(transfer.done_at),
            to_account_id=transfer.details["to_account_id"],
            to=masked.get(transfer.details["to_account_id"], ""),
            count=count,
        )
        for transfer, count in transfers
        if transfer.done_at is not None
    ]
    text = msgspec.json.encode(found).decode()
    return context.deps.desk_sealer.seal(text, seal_context(ActView, "transfers"))


async def show(
    context: RequestContext[Deps], agent: Agent, proposal: Proposal, known: Holders | None = None
) -> ProposalView:
    """An act as an agent sees it; `known` are its holders."""
    found = known or Holders()
    own = found.is_own(agent)
    tx, now = context.tx, context.now()
    proposer = await agent_store.find(tx, proposal.proposed_by)
    approver = await agent_store.find(tx, proposal.approved_by) if proposal.approved_by else None
    stopper = (
        await agent_store.find(tx, proposal.ended_agent_id) if proposal.ended_agent_id else None
    )
    subject_id = proposal.subject_agent_id
    subject = await agent_store.find(tx, subject_id) if subject_id else None
    refusal = approval_refusal(proposal, agent, now, own_account=own)
    parts = None if proposal.state in OPEN_STATES else await _open_parts(context, agent, proposal)
    content = msgspec.json.encode(shown_details(proposal, parts)).decode()
    return ProposalView(
        proposal_id=proposal.id,
        number=proposal.number,
        act=proposal.act,
        state=proposal.state,
        reason=proposal.reason,
        proposed_by=proposal.proposed_by,
        proposed_by_name=proposer.name if proposer else "",
        proposed_at=proposal.proposed_at,
        expires_at=proposal.expires_at,
        account_id=proposal.account_id or "",
        account=_masked(context, ProposalView, "account", found, proposal.account_id or ""),
        receiver=_masked(context, ProposalView, "receiver", found, receiver_of(proposal)),
        subject_agent_id=proposal.subject_agent_id or "",
        request_number=proposal.request_number,
        approved_by=proposal.approved_by or "",
        approved_by_name=approver.name if approver else "",
        approved_at=proposal.approved_at,
        single=proposal.single,
        due_at=proposal.due_at,
        done_at=proposal.done_at,
        ended_by=proposal.ended_by,
        ended_by_name=stopper.name if stopper else "",
        ended_at=proposal.ended_at,
        ended_why=proposal.ended_why,
        failure=proposal.failure,
        details=context.deps.desk_sealer.seal(content, seal_context(ProposalView, "details")),
        may=may(proposal, agent, now, own_account=own),
        why_not="" if refusal is None else refusal.slug,
        names=_names(context, proposal, found),
        subject_agent=subject.name_and_address if subject else "",
    )


async def _open_parts(
    context: RequestContext[Deps], agent: Agent, proposal: Proposal
) -> frozenset[str]:
    """What of the account the agent's looks of today open; without one, nothing."""
    if proposal.account_id is None:
        return frozenset()
    tx, now = context.tx, context.now()
    reasons = await look_store.read_reasons(tx, agent.id, proposal.account_id, now)
    return open_fields(agent.role, frozenset(reasons)) if reasons else frozenset()


def _names(context: RequestContext[Deps], proposal: Proposal, found: Holders) -> Sealed | None:
    """Both names, for those who decide whether they are one person's."""
    waits = proposal.act == NAMES_ACT and proposal.state in OPEN_STATES
    text = found.names_text(proposal.account_id or "") if waits else ""
    seal = context.deps.desk_sealer.seal
    return seal(text, seal_context(ProposalView, "names")) if text else None


def _masked(
    context: RequestContext[Deps],
    kind: type[ActView] | type[ProposalView],
    field: str,
    found: Holders,
    account_id: str,
) -> Sealed | None:
    """Who the account's holder is, masked and sealed for a field of the desk."""
    text = found.masked().get(account_id, "")
    return context.deps.desk_sealer.seal(text, seal_context(kind, field)) if text else None


async def _decided(
    request: Decision,
    context: RequestContext[Deps],
    attempt: str,
    decide: Callable[[Agent, ActContext], Awaitable[Proposal]],
) -> Reply:
    """Carry a decision out and show the act. A refused attempt is published; it wrote nothing,
    since rules are checked before anything is stored."""
    agent = await agent_store.find(context.tx, request.agent_id)
    if agent is None or not agent.may_work:
        raise forbidden(request.agent_id, attempt)
    acting = ActContext.of(context)
    try:
        proposal = await decide(agent, acting)
    except Refused as refused:
        slug = refused.refusal.slug
        if slug not in ATTEMPTS:
            raise
        forbidden(agent.id, attempt, slug)
        await _publish_attempt(request, acting, attempt, slug)
        return context.refuse_for_now(refused.refusal)
    return await show(context, agent, proposal)


async def _publish_attempt(request: Decision, acting: ActContext, attempt: str, slug: str) -> None:
    proposal_id = "" if isinstance(request, Propose) else request.proposal_id
    found = await proposal_store.find(acting.tx, proposal_id) if proposal_id else None
    account_id = request.account_id if isinstance(request, Propose) else None
    act = request.act if isinstance(request, Propose) else ""
    tried = ActForbidden(
        agent_id=request.agent_id,
        act=act if found is None else found.act,
        attempt=attempt if found is not None else "propose",
        why=slug,
        proposal_id=proposal_id,
        attempted_at=acting.now,
    )
    subject = account_id if found is None else found.subject
    await acting.emit(tried, subject=subject or None)


async def _lock(tx: Connection, proposal_id: str) -> Proposal:
    proposal = await act_flow.lock(tx, proposal_id)
    if proposal is None:
        raise Refused(NOT_FOUND)
    return proposal


async def _check_subject(
    request: Propose | CheckProposal, checked: CheckedProposal, tx: Connection, now: datetime
) -> None:
    """Refused where the agent or the transfer is unknown, or the act would change nothing now."""
    subject_id = request.subject_agent_id
    if subject_id and await agent_store.find(tx, subject_id) is None:
        raise Refused(NOT_FOUND)
    record = checked.holders.records.get(request.account_id)
    facts = Facts(kind=kind_of(record), sessions=checked.sessions)
    if why := why_no_effect(request.act, facts):
        raise Refused(Refusal(slug="no_effect", params={"why": why}))
    if request.act == UNDO:
        await _check_transfer(tx, now, request.account_id, checked.details["transfer_id"])


async def _check_transfer(tx: Connection, now: datetime, account_id: str, transfer_id: str) -> None:
    """Refused with `not_found` unless it is a transfer of this account that can be undone."""
    transfer = await proposal_store.find(tx, transfer_id)
    if transfer is None or transfer.account_id != account_id:
        raise Refused(NOT_FOUND)
    if not can_be_undone(transfer, now):
        raise Refused(Refusal(slug="stale", params={"state": transfer.state}))


async def _check_invitation(address: str, deps: Deps, pool: Pool) -> list[FieldError]:
    """What is wrong with inviting an address: its domain, or that it is an agent's."""
    domains = deps.settings.agent_domains
    try:
        parse_agent_address(address, domains)
    except ValueError:
        params: dict[str, str | int] = {"domains": ", ".join(domains)}
        return [FieldError(field="address", code="domain", params=params)]
    async with transaction(pool) as tx:
        taken = await agent_store.find_by_address(tx, address) is not None
    return [FieldError(field="address", code="taken")] if taken else []


def _has_its_subject(request: Propose | CheckProposal) -> bool:
    """Whether an act on an account names one, and an act on an agent another agent."""
    subject = ACTS[request.act].subject
    of_agent = subject == "agent" and request.act != "invite_agent"
    return (subject == "account", of_agent) == (
        bool(request.account_id),
        bool(request.subject_agent_id),
    )


def _check_reason(reason: str) -> None:
    if reason not in (*ACT_REASONS, *AGENT_REASONS):
        raise Refused(_unknown("reason"))


def _unknown(field: str) -> Refusal:
    return Refusal(slug="unknown_choice", params={"field": field})
