"""Support on a real database, with agents of every role and a clock."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import uuid4

import msgspec

from services.support import agent_store, team_commands
from services.support.agents import Agent
from services.support.handlers import agent_invitations
from services.support.service import SERVICE, build
from shared.contracts.base import Event
from shared.contracts.support.agents import (
    AcceptInvitation,
    AgentInvited,
    AgentSignInView,
    DescribeInvitation,
    RecordAgentSignIn,
    SignInAgent,
)
from shared.contracts.support.coded import CodedRequest
from shared.database import Pool, transaction
from shared.messaging.rpc_codec import request_digest
from shared.runtime.service import Runtime
from shared.security.code_proofs import CodeProof, write_proof
from shared.security.sealing import Opener, Sealer, seal_context
from tests.support.harness.desk_owners import DeskOwners, desk_owners
from tests.support.harness.service_harness import ServiceHarness
from tests.support.harness.support_settings import settings
from tests.support.servers.shared_servers import Database

C = TypeVar("C", bound=CodedRequest)
PASSWORD = "rivage tortue sextant 44"
NETWORK = "192.0.2.0/24"
BROWSER = "Firefox, Windows"
TABLES = (
    "used_code_proofs",
    "account_looks",
    "account_searches",
    "look_agreements",
    "proposals",
    "requests",
    "request_limits",
    "agent_links",
    "agent_attempts",
    "agents",
)
#: In the past.
START = datetime(2026, 1, 15, 12, tzinfo=UTC)


@dataclass
class SupportHarness(ServiceHarness):
    """The handlers of the service, and the requests of the desk."""

    mailer: Opener | None = None
    gateway: Opener | None = None
    desk: Opener | None = None
    #: What support asks about accounts; none is known before a test adds it.
    owners: DeskOwners | None = None

    async def add(self, address: str, role: str = "supervisor", language: str = "fr") -> Agent:
        """`impex agent add`."""
        async with transaction(self.pool) as tx:
            agent = await team_commands.add(tx, address, role, language, self.now)
        assert agent is not None, f"{address} is an agent's already"
        return agent

    async def reset(self, address: str) -> None:
        """`impex agent reset`."""
        async with transaction(self.pool) as tx:
            assert await team_commands.reset(tx, address, self.now) is not None

    async def send_invitations(self) -> int:
        """What the service does every two seconds."""
        return await agent_invitations.send_due(self.pool, self.deps)

    async def link_token(self, agent_id: str) -> str:
        """The token of the agent's latest link, as the mailer opens it."""
        assert self.mailer is not None
        invited = [
            event for _, subject, event in await self.published(AgentInvited) if subject == agent_id
        ]
        return self.mailer.open(invited[-1].link_token, seal_context(AgentInvited, "link_token"))

    def describe(self, token: str) -> DescribeInvitation:
        """The page of a link."""
        return DescribeInvitation(link_token=self.seal(DescribeInvitation, "link_token", token))

    def accept(self, token: str, **changes: Any) -> AcceptInvitation:
        """The form of a link."""
        kind = AcceptInvitation
        values = {"password": PASSWORD, "first_name": "Zoé", "last_name": "Martin", **changes}
        return kind(
            link_token=self.seal(kind, "link_token", token),
            password=self.seal(kind, "password", values["password"]),
            first_name=values["first_name"],
            last_name=values["last_name"],
            language="fr",
        )

    def sign_in(
        self, address: str, password: str = PASSWORD, network: str = NETWORK
    ) -> SignInAgent:
        """« Se connecter »."""
        sealed = self.seal(SignInAgent, "password", password)
        return SignInAgent(address=address, password=sealed, network=network)

    async def joined(self, address: str, role: str = "agent", days: float = 30) -> Agent:
        """An agent who joined some days ago."""
        now = self.now
        self.advance(days=-days)
        added = await self.add(address, role)
        await self.send_invitations()
        await self.join(added.id)
        self.now = now
        return await self.agent(added.id)

    async def join(self, agent_id: str) -> None:
        """The agent uses the mailed link and enrols a second factor."""
        view: AgentSignInView = await self.ask(self.accept(await self.link_token(agent_id)))
        await self.ask(
            RecordAgentSignIn(
                agent_id=view.agent.agent_id, device=BROWSER, network=NETWORK, enrolled=True
            )
        )

    async def agent(self, agent_id: str) -> Agent:
        """The agent as stored."""
        async with transaction(self.pool) as tx:
            found = await agent_store.find(tx, agent_id)
        assert found is not None
        return found

    def coded(self, request: C, at: datetime | None = None, agent_id: str = "") -> C:
        """The request with mfa's proof of a code given for it: now, by its agent."""
        proof = CodeProof(
            account_id=agent_id or request.agent_id,
            about=request_digest(request),
            nonce=uuid4().hex,
            accepted_at=at or self.now,
        )
        ring = self.deps.settings.code_proof_keys
        return msgspec.structs.replace(request, code_proof=write_proof(ring, proof))

    async def subject_events(self, *kinds: type[Event]) -> list[tuple[str | None, Any]]:
        """(subject, event), oldest first."""
        return [(subject, event) for _, subject, event in await self.published(*kinds)]


OpenHarness = Callable[..., AbstractAsyncContextManager[SupportHarness]]


@asynccontextmanager
async def open_harness(
    database: Database, pool: Pool, *, keep_tables: bool = False, **changes: str
) -> AsyncIterator[SupportHarness]:
    """The service with some settings changed, on empty tables."""
    chosen = settings(IMPEX_SUPPORT_DATABASE_URL=database.url("support"), **changes)
    made = SupportHarness(
        service=SERVICE,
        pool=pool,
        now=START,
        sealer=Sealer("support", chosen.seal_keys),
        mailer=Opener("mailer", chosen.mailer_keys),
        gateway=Opener("gateway", chosen.gateway_keys),
        desk=Opener("desk", chosen.desk_keys),
    )
    if not keep_tables:
        await made.clear_tables(*TABLES)
    async with build(Runtime(pool=pool, clock=made.clock), chosen) as made.deps:
        made.owners = owners = desk_owners()
        asking = replace(made.deps.owners, sender=lambda: owners)
        made.deps = replace(made.deps, owners=asking)
        yield made
