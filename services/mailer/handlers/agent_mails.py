"""Mails to agents of the desk. Their events carry the address."""

from dataclasses import dataclass

from services.mailer import store
from services.mailer.handlers.enqueue import Deps, account_of, enqueue
from services.mailer.mail_templates import AGENT_ACCEPTED, AGENT_INVITED
from shared.contracts.support.agents import AgentAccepted, AgentInvited
from shared.messaging.handlers import Context, hears


@dataclass(frozen=True)
class AgentAddress:
    """Where a mail to an agent goes."""

    address: str
    language: str


async def agent_invited(event: AgentInvited, context: Context[Deps]) -> None:
    """The link that invites an agent, or lets one begin anew (T1)."""
    at = event.requested_at
    await store.upsert_agent(context.tx, account_of(context), event.address, event.language, at)
    await enqueue(context, AGENT_INVITED, event, at, event, expires_at=event.expires_at, at=at)


async def agent_accepted(event: AgentAccepted, context: Context[Deps]) -> None:
    """A supervisor learns of a new agent (T2)."""
    to = AgentAddress(event.recipient, event.language)
    at = event.accepted_at
    await enqueue(context, AGENT_ACCEPTED, event, at, to, at=at, agent=event.address)


SUBSCRIPTIONS = (
    hears(AgentInvited, agent_invited),
    hears(AgentAccepted, agent_accepted),
)
