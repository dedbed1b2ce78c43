"""What follows a call whose words matched: the removal proposed, the code told, names accepted."""

import dataclasses
import secrets

from services.support import act_flow, act_holders, lost_phone_flow, lost_phone_store
from services.support.act_context import ActContext
from services.support.act_details import check_note
from services.support.act_flow import NewAct
from services.support.act_holders import Holders
from services.support.agents import Agent
from services.support.authorization import require_act
from services.support.code_proofs import accepted_at
from services.support.deps import Deps
from services.support.handlers.lost_phone_views import (
    call_over,
    case_of,
    changed_lately,
    lock_request,
    own_call,
    refused,
    show,
)
from services.support.lost_phones import CHECK, CODE, CODE_TIME, MAX_CODES, Call, state_of
from services.support.people_requests import PersonRequest
from services.support.permissions import ACT_REASONS, ACTS
from services.support.phone_replacement_flow import stop_of_account
from services.support.proposals import code_refusal, proposal_refusal
from shared.contracts.base import Refusal, Reply
from shared.contracts.support.lost_phones import (
    CheckLostPhoneAct,
    ProposeOtherNames,
    ProposePhoneRemoval,
    ResumptionCodeTold,
    ResumptionCodeView,
    TellResumptionCode,
)
from shared.contracts.support.proposals import ProposalChecked
from shared.database import Pool, acquire
from shared.domain.resumption_codes import make_resumption_code
from shared.messaging.handlers import Refused, RequestContext
from shared.runtime.telemetry import get_logger
from shared.security.sealing import seal_context

log = get_logger("support")


async def find_holder(
    request: CheckLostPhoneAct | ProposePhoneRemoval | TellResumptionCode | ProposeOtherNames,
    deps: Deps,
    pool: Pool,
) -> Holders:
    """Whose phone is lost: nobody acts on their own account."""
    async with acquire(pool) as connection:
        case = await lost_phone_store.find(connection, request.number)
    return Holders() if case is None else await act_holders.require(deps, [case.account_id])


async def check_act(request: CheckLostPhoneAct, context: RequestContext[Deps]) -> ProposalChecked:
    """Whether reason and note are right, of an agent who may propose the act."""
    if request.act not in (lost_phone_flow.ACT, lost_phone_flow.NAMES_ACT):
        raise Refused(Refusal(slug="unknown_choice", params={"field": "act"}))
    agent = await require_act(context.tx, request.agent_id, request.act)
    holders: Holders = context.prepared
    refusal = proposal_refusal(ACTS[request.act], agent, own_account=holders.is_own(agent))
    if refusal is not None:
        raise Refused(refusal)
    _check_fields(request, context)
    return ProposalChecked()


async def propose_removal(request: ProposePhoneRemoval, context: RequestContext[Deps]) -> Reply:
    """Propose the act, in the call whose words matched: a second agent then agrees or not."""
    own = await own_call(request, context)
    if own.call.matched_at is None or own.call.purpose != CHECK:
        raise Refused(call_over(""))
    note = await _check_act(request, context, own.agent, lost_phone_flow.ACT)
    if await changed_lately(context, own.case.account_id):
        raise refused("sensitive")
    acting, number = ActContext.of(context), own.case.number
    # One way at a time: the agent has verified who asked.
    await stop_of_account(acting, own.case.account_id, "agent", context.now(), but=number)
    await lost_phone_flow.end_call(acting, own.call, "matched", context.now())
    await lost_phone_flow.proposed(acting, number, own.agent.id)
    new = NewAct(
        act=lost_phone_flow.ACT,
        reason=request.reason,
        account_id=own.case.account_id,
        request_number=number,
        details=_evidence(own.request, own.call),
        note=note,
        holders=context.prepared,
    )
    proposal = await act_flow.propose(acting, own.agent, new)
    case = dataclasses.replace(own.case, proposal_id=proposal.id)
    await lost_phone_store.save(context.tx, case)
    stored = await lost_phone_store.find(context.tx, number)
    return await show(context, own.agent, await lock_request(context.tx, number), stored or case)


async def tell_resumption_code(request: TellResumptionCode, context: RequestContext[Deps]) -> Reply:
    """Make a code, for this agent's screen and for registration; the call ends."""
    own = await own_call(request, context)
    act, now, deps = ACTS["tell_resumption_code"], context.now(), context.deps
    holders: Holders = context.prepared
    refusal = proposal_refusal(
        act, own.agent, own_account=holders.is_own(own.agent)
    ) or code_refusal(act, await accepted_at(request, context), now)
    if refusal is not None:
        raise Refused(refusal)
    if own.call.matched_at is None or own.call.purpose != CODE:
        raise Refused(call_over(""))
    if own.case.codes >= MAX_CODES:
        raise refused("codes")
    code, expires_at = make_resumption_code(secrets.randbelow), now + CODE_TIME
    await lost_phone_flow.end_call(ActContext.of(context), own.call, "told", now)
    case = dataclasses.replace(own.case, codes=own.case.codes + 1, code_until=expires_at)
    await lost_phone_store.save(context.tx, case)
    event = ResumptionCodeTold(
        number=case.number,
        agent_id=own.agent.id,
        code=deps.registration_sealer.seal(code, seal_context(ResumptionCodeTold, "code")),
        told_at=now,
        expires_at=expires_at,
    )
    await context.emit(event, subject=case.account_id)
    log.info("A resumption code is told.", action="resumption_code_told", number=case.number)
    return ResumptionCodeView(
        number=case.number,
        code=deps.desk_sealer.seal(code, seal_context(ResumptionCodeView, "code")),
        expires_at=expires_at,
    )


async def propose_other_names(request: ProposeOtherNames, context: RequestContext[Deps]) -> Reply:
    """Propose to accept that the person who gave other names is the holder."""
    agent = await require_act(context.tx, request.agent_id, lost_phone_flow.NAMES_ACT)
    one = await lock_request(context.tx, request.number)
    case = await case_of(context.tx, one)
    if state_of(case, None, context.now()) != "to_check":
        raise refused("state")
    note = await _check_act(request, context, agent, lost_phone_flow.NAMES_ACT)
    new = NewAct(
        act=lost_phone_flow.NAMES_ACT,
        reason=request.reason,
        account_id=case.account_id,
        request_number=one.number,
        note=note,
        holders=context.prepared,
    )
    acting = ActContext.of(context)
    await lost_phone_flow.proposed(acting, one.number, agent.id)
    proposal = await act_flow.propose(acting, agent, new)
    waiting = dataclasses.replace(case, names_proposal_id=proposal.id)
    await lost_phone_store.save(context.tx, waiting)
    return await show(context, agent, await lock_request(context.tx, one.number), waiting)


async def _check_act(
    request: ProposePhoneRemoval | ProposeOtherNames,
    context: RequestContext[Deps],
    agent: Agent,
    name: str,
) -> str:
    """The note of a proposal that this agent may make now; else `Refused`."""
    act = ACTS[name]
    holders: Holders = context.prepared
    refusal = proposal_refusal(act, agent, own_account=holders.is_own(agent)) or code_refusal(
        act, await accepted_at(request, context), context.now()
    )
    if refusal is not None:
        raise Refused(refusal)
    return _check_fields(request, context)


def _check_fields(
    request: CheckLostPhoneAct | ProposePhoneRemoval | ProposeOtherNames,
    context: RequestContext[Deps],
) -> str:
    """The note; `Refused` where it or the reason is wrong."""
    if request.reason not in ACT_REASONS:
        raise Refused(Refusal(slug="unknown_choice", params={"field": "reason"}))
    note, problem = check_note(context.deps.open_text(request, "note") if request.note else "")
    if problem is not None:
        raise Refused(Refusal(slug="invalid_fields", errors=(problem,)))
    return note


def _evidence(one: PersonRequest, call: Call) -> dict[str, str]:
    """What the second agent checks: which number, since when or where from, words at."""
    evidence = {
        "line": call.line,
        "line_since": "" if call.line_since is None else call.line_since.isoformat(),
        "telephone": call.telephone,
        "found_at": call.found_at,
        "matched_at": "" if call.matched_at is None else call.matched_at.isoformat(),
        "stolen": "yes" if one.stolen else "",
    }
    return {name: value for name, value in evidence.items() if value}
