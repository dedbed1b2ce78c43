"""Links that invite an agent, or let one give password and second factor anew (RE-07)."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.support import agent_departures, agent_store
from services.support.act_context import ActContext
from services.support.agents import (
    ENROL_TIME,
    INVITATION_TIME,
    RESET_TIME,
    Agent,
    agent_key,
    check_agent_password,
)
from services.support.deps import Deps
from services.support.jobs import BATCH, handle_each
from services.support.views import show_agent
from shared.contracts.base import FieldError, Refusal
from shared.contracts.support.agents import (
    AcceptInvitation,
    AgentInvited,
    AgentSignInView,
    DescribeInvitation,
    InvitationView,
)
from shared.database import Connection, Pool, transaction
from shared.database.locks import lock_name
from shared.domain.person_names import check_name
from shared.messaging.handlers import Refused, RequestContext
from shared.runtime.telemetry import get_logger
from shared.security.password_hashing import PasswordHash
from shared.security.sealing import keyed_hash, keyed_hashes, new_token, seal_context

LINK = "support/agent link"
INVITATION, RESET = "invitation", "reset"

log = get_logger("support")


@dataclass(frozen=True, kw_only=True)
class CheckedInvitation:
    """A form that can be accepted: the agent's names and the hash of the password."""

    first_name: str
    last_name: str
    password: PasswordHash


async def send_due(pool: Pool, deps: Deps) -> int:
    """Send a link to every agent who was agreed to, or begins anew; returns to how many. With the
    former password and phone ends what was done with them and is not carried out."""

    async def accepted(tx: Connection, tried: Sequence[str]) -> list[str]:
        return await agent_store.in_state(tx, "accepted", tried, BATCH)

    async def send(tx: Connection, agent_id: str) -> bool:
        acting = ActContext(tx=tx, deps=deps, now=deps.clock())
        await lock_name(tx, "agents")
        await agent_departures.lock_requests(acting, agent_id)
        agent = await agent_store.lock(tx, agent_id)
        if agent is None or agent.state != "accepted":
            return False
        if agent.joined_at is not None:
            # A stranger may have used password and phone, no matter who reset them.
            left = await agent_departures.stop_work(acting, agent, None)
            await agent_departures.announce(acting, agent, "reset", None, left)
        await _send(acting, agent)
        return True

    return await handle_each(pool, "invitations", accepted, send)


async def describe_invitation(
    request: DescribeInvitation, context: RequestContext[Deps]
) -> InvitationView:
    """What a link invites to."""
    agent, kind, expires_at = await _find(context.tx, context.deps, request)
    return InvitationView(
        kind=kind,
        address=agent.address,
        role=agent.role,
        first_name=agent.first_name,
        last_name=agent.last_name,
        expires_at=expires_at,
    )


async def check_form(request: AcceptInvitation, deps: Deps, pool: Pool) -> CheckedInvitation:
    """Judge the names and the password, and hash it."""
    async with transaction(pool) as tx:
        agent, _, _ = await _find(tx, deps, request)
    first_name, problem_of_first = check_name("first_name", request.first_name)
    last_name, problem_of_last = check_name("last_name", request.last_name)
    password = deps.open(request, "password")
    # zxcvbn takes milliseconds.
    problem_of_password = await asyncio.to_thread(
        check_agent_password,
        password,
        personal=(first_name, last_name, agent.address),
        link_token=deps.open(request, "link_token"),
    )
    problems: list[FieldError | None] = [problem_of_first, problem_of_last, problem_of_password]
    errors = tuple(problem for problem in problems if problem is not None)
    if errors:
        raise Refused(Refusal(slug="invalid_fields", errors=errors))
    hashed = await deps.hasher.hash(password, agent_key(agent.address))
    return CheckedInvitation(first_name=first_name, last_name=last_name, password=hashed)


async def accept_invitation(
    request: AcceptInvitation, context: RequestContext[Deps]
) -> AgentSignInView:
    """Use the link: the agent has a password, and enrols a second factor next."""
    checked: CheckedInvitation = context.prepared
    tx, deps, now = context.tx, context.deps, context.now()
    agent, _, _ = await _find(tx, deps, request)
    agent = await agent_store.lock(tx, agent.id) or agent
    if agent.state != "invited":
        raise Refused(Refusal(slug="link_gone"))
    await agent_store.use_link(tx, _hashes(deps, request), now)
    await agent_store.set_password(tx, agent.id, checked.password)
    await agent_store.set_joining(
        tx,
        agent.id,
        checked.first_name,
        checked.last_name,
        "en" if request.language == "en" else "fr",
        now=now,
        enrol_before=now + ENROL_TIME,
    )
    log.info("An agent accepted an invitation.", action="agent_joining", agent=agent.id)
    joining = await agent_store.find(tx, agent.id)
    assert joining is not None, "the agent was locked"
    return AgentSignInView(
        agent=show_agent(joining), checked_at=now, enrol_before=joining.enrol_before
    )


async def _send(acting: ActContext, agent: Agent) -> None:
    tx, deps, now, token = acting.tx, acting.deps, acting.now, new_token()
    kind, lifetime = (RESET, RESET_TIME) if agent.joined_at else (INVITATION, INVITATION_TIME)
    link_hash = keyed_hash(deps.token_keys, LINK, token)[1]
    expires_at = now + lifetime
    await agent_store.replace_link(tx, agent.id, kind, link_hash, now=now, expires_at=expires_at)
    await agent_store.set_state(tx, agent.id, "invited", now)
    proposer = await agent_store.find(tx, agent.proposed_by) if agent.proposed_by else None
    event = AgentInvited(
        kind=kind,
        address=agent.address,
        language=agent.language,
        role=agent.role,
        by=proposer.name if proposer and kind == INVITATION else "",
        link_token=deps.mailer_sealer.seal(token, seal_context(AgentInvited, "link_token")),
        requested_at=now,
        expires_at=expires_at,
    )
    await acting.emit(event, subject=agent.id)
    log.info("An agent is invited.", action="agent_invited", agent=agent.id, kind=kind)


def _hashes(deps: Deps, request: DescribeInvitation | AcceptInvitation) -> list[bytes]:
    return keyed_hashes(deps.token_keys, LINK, deps.open(request, "link_token"))


async def _find(
    tx: Connection, deps: Deps, request: DescribeInvitation | AcceptInvitation
) -> tuple[Agent, str, datetime]:
    """The agent, kind and expiry of a link that can be used; refused with `link_gone`."""
    found = await agent_store.find_link(tx, _hashes(deps, request), deps.clock())
    agent = await agent_store.find(tx, found[0]) if found else None
    if found is None or agent is None or agent.state != "invited":
        raise Refused(Refusal(slug="link_gone"))
    return agent, found[1], found[2]
