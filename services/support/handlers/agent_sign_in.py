"""Sign-in of agents with address and password; the desk asks mfa for the second factor."""

import asyncio

from services.support import agent_store
from services.support.agent_attempts import CheckedPassword, check_password
from services.support.agents import agent_key, check_agent_password
from services.support.authorization import require_agent
from services.support.deps import Deps
from services.support.views import show_agent
from shared.contracts.base import Refusal, Reply
from shared.contracts.support.agents import (
    OWNER,
    AgentJoined,
    AgentNoted,
    AgentSessionsEnded,
    AgentSignedIn,
    AgentSignInRefused,
    AgentSignInView,
    AgentView,
    ChangeAgentPassword,
    CheckAgentPassword,
    DescribeAgent,
    RecordAgentSignIn,
    SignInAgent,
)
from shared.database import Pool, transaction
from shared.messaging.handlers import Refused, RequestContext
from shared.runtime.sign_in_metrics import LOCKOUTS, SIGN_INS
from shared.runtime.telemetry import get_logger
from shared.security.password_hashing import PasswordHash

log = get_logger("support")


async def check_sign_in(request: SignInAgent, deps: Deps, pool: Pool) -> CheckedPassword:
    """Count the attempt, then compare the password; refused while the throttle lasts."""
    password = deps.open(request, "password")
    try:
        return await check_password(
            deps,
            pool,
            request.address,
            password,
            request.network,
            known_agents=request.known_accounts,
        )
    except Refused:
        SIGN_INS.labels(OWNER, "throttled").inc()
        raise


async def sign_in(request: SignInAgent, context: RequestContext[Deps]) -> Reply:
    """The second factor comes next, or one refusal for everything else."""
    checked: CheckedPassword = context.prepared
    if not await _opens(context, checked) or checked.agent is None:
        SIGN_INS.labels(OWNER, "wrong").inc()
        return await _refuse(context, checked, request.network, "wrong_credentials")
    agent = checked.agent
    await agent_store.clear_attempts(context.tx, checked.keys)
    failures = await agent_store.clear_failures(context.tx, agent.id)
    if checked.new_hash is not None:
        await agent_store.set_password(context.tx, agent.id, checked.new_hash)
    SIGN_INS.labels(OWNER, "right").inc()
    log.info("An agent's password was right.", action="authn_login_success", agent=agent.id)
    return AgentSignInView(
        agent=show_agent(agent),
        checked_at=context.now(),
        failures=failures,
        enrol_before=agent.enrol_before,
    )


async def describe_agent(request: DescribeAgent, context: RequestContext[Deps]) -> AgentView:
    """The agent of a session, who may still work."""
    return show_agent(await require_agent(context.tx, request.agent_id))


async def record_sign_in(request: RecordAgentSignIn, context: RequestContext[Deps]) -> AgentNoted:
    """Both factors were given; with a new second factor the agent is a newcomer from now on."""
    agent, now = await agent_store.lock(context.tx, request.agent_id), context.now()
    if agent is None or not agent.may_sign_in:
        raise Refused(Refusal(slug="forbidden"))
    if agent.state == "to_enrol":
        if not request.enrolled:
            raise Refused(Refusal(slug="forbidden"))
        await agent_store.set_joined(context.tx, agent.id, now)
        await context.emit(AgentJoined(role=agent.role, joined_at=now), subject=agent.id)
    await agent_store.set_seen(context.tx, agent.id, now)
    event = AgentSignedIn(device=request.device, network=request.network, signed_in_at=now)
    await context.emit(event, subject=agent.id)
    return AgentNoted()


async def validate_change(
    request: CheckAgentPassword | ChangeAgentPassword, deps: Deps, pool: Pool
) -> CheckedPassword:
    """Judge the new password, compare the present one."""
    async with transaction(pool) as tx:
        agent = await require_agent(tx, request.agent_id)
    password, new = deps.open(request, "password"), deps.open(request, "new_password")
    problem = await asyncio.to_thread(
        check_agent_password,
        new,
        personal=(agent.first_name, agent.last_name, agent.address),
    )
    if problem is not None:
        raise Refused(Refusal(slug="invalid_fields", errors=(problem,)))
    # Within a session a password counts like a sign-in in a known browser.
    return await check_password(
        deps, pool, agent.address, password, request.network, known_agents=(agent.id,)
    )


async def hash_change(
    request: ChangeAgentPassword, deps: Deps, pool: Pool
) -> tuple[CheckedPassword, PasswordHash | None]:
    """The same, and the new password hashed."""
    checked = await validate_change(request, deps, pool)
    if checked.agent is None or not checked.is_correct:
        return checked, None
    new = deps.open(request, "new_password")
    return checked, await deps.hasher.hash(new, agent_key(checked.agent.address))


async def check_change(request: CheckAgentPassword, context: RequestContext[Deps]) -> Reply:
    """Whether the password may be changed so."""
    checked: CheckedPassword = context.prepared
    if not await _opens(context, checked):
        return await _refuse(context, checked, request.network, "wrong_password")
    await agent_store.clear_attempts(context.tx, checked.keys)
    return AgentNoted()


async def change_password(request: ChangeAgentPassword, context: RequestContext[Deps]) -> Reply:
    """The agent has another password; other sessions end."""
    prepared: tuple[CheckedPassword, PasswordHash | None] = context.prepared
    checked, hashed = prepared
    if hashed is None or not await _opens(context, checked):
        return await _refuse(context, checked, request.network, "wrong_password")
    now = context.now()
    await agent_store.clear_attempts(context.tx, checked.keys)
    await agent_store.set_password(context.tx, request.agent_id, hashed)
    event = AgentSessionsEnded(reason="password_changed", by=request.agent_id, ended_at=now)
    await context.emit(event, subject=request.agent_id)
    return AgentNoted()


async def _opens(context: RequestContext[Deps], checked: CheckedPassword) -> bool:
    """Whether the password is right and still the agent's: the agent may have been suspended, or
    the password changed, during the hashing."""
    if not checked.is_correct or checked.agent is None:
        return False
    agent = await agent_store.lock(context.tx, checked.agent.id)
    return agent is not None and agent.may_sign_in and agent.has_same_password(checked.agent)


async def _refuse(
    context: RequestContext[Deps], checked: CheckedPassword, network: str, slug: str
) -> Reply:
    subject = None if checked.agent is None else checked.agent.id
    if subject is not None:
        await agent_store.count_failure(context.tx, subject)
    if checked.locked_until is not None:
        LOCKOUTS.labels(OWNER, "password").inc()
    log.warning("An agent's password was wrong.", action="authn_login_fail", agent=subject)
    event = AgentSignInRefused(
        network=network, refused_at=checked.at, locked_until=checked.locked_until
    )
    await context.emit(event, subject=subject)
    return context.refuse(Refusal(slug=slug))
