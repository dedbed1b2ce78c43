"""Support as data, and its composition root."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from services.support import agent_store
from services.support.deps import Deps
from services.support.handlers import agent_invitations, agent_sign_in, incoming, team
from services.support.settings import SupportSettings
from shared.contracts.gateway import CorrectionRequested, DepartureReported
from shared.contracts.registration.events import LostPhoneReported
from shared.contracts.support import agents
from shared.database import transaction
from shared.messaging.handlers import answers, hears_sql
from shared.runtime.service import Runtime, Service
from shared.security.password_hashing import Cost, Hasher
from shared.security.sealing import Opener, Sealer

PURGE_SECONDS = 60
#: How soon an agent who was agreed to gets the link.
INVITATION_SECONDS = 2
#: An agent signs in a few times a day: the hash may cost more than applicants' (PW-11).
COST = Cost(memory=47_104, time=2, parallelism=1)


@asynccontextmanager
async def build(runtime: Runtime, settings: SupportSettings) -> AsyncIterator[Deps]:
    """Open the key rings, start the hashing threads, the purge and the sending of links."""
    hasher = Hasher("support", settings.pepper_keys, COST, settings.agent_hash_threads)
    deps = Deps(
        settings=settings,
        clock=runtime.clock,
        hasher=hasher,
        opener=Opener("support", settings.seal_keys),
        mailer_sealer=Sealer("mailer", settings.mailer_keys),
        token_keys=settings.token_keys,
    )

    async def purge() -> None:
        async with transaction(runtime.pool) as tx:
            await agent_store.purge(tx, runtime.clock())

    async def send_invitations() -> None:
        if await agent_invitations.send_due(runtime.pool, deps):
            runtime.wake_relay()

    runtime.every(PURGE_SECONDS, "purge", purge)
    runtime.every(INVITATION_SECONDS, "invitations", send_invitations)
    try:
        yield deps
    finally:
        hasher.close()


SERVICE = Service(
    name="support",
    settings=SupportSettings,
    build=build,
    migrations=Path(__file__).parent / "migrations",
    hears=(
        hears_sql(CorrectionRequested, incoming.store),
        hears_sql(DepartureReported, incoming.store),
        hears_sql(LostPhoneReported, incoming.store),
    ),
    answers=(
        answers(agents.SignInAgent, agent_sign_in.sign_in, agent_sign_in.check_sign_in),
        answers(agents.DescribeAgent, agent_sign_in.describe_agent),
        answers(agents.RecordAgentSignIn, agent_sign_in.record_sign_in),
        answers(agents.DescribeInvitation, agent_invitations.describe_invitation),
        answers(
            agents.AcceptInvitation,
            agent_invitations.accept_invitation,
            agent_invitations.check_form,
        ),
        answers(
            agents.ChangeAgentPassword, agent_sign_in.change_password, agent_sign_in.check_change
        ),
        answers(agents.ListAgents, team.list_agents),
        answers(agents.SuspendAgent, team.suspend_agent),
        answers(agents.RemoveAgent, team.remove_agent),
    ),
    emits=(
        agents.AgentInvited,
        agents.AgentAccepted,
        agents.AgentJoined,
        agents.AgentSessionsEnded,
        agents.AgentCredentialsRemoved,
        agents.AgentReinstated,
        agents.AgentSignedIn,
        agents.AgentSignInRefused,
    ),
)
