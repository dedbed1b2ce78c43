"""Mails to agents of the desk. Their events carry the address."""

from dataclasses import dataclass

from services.mailer import store
from services.mailer.handlers.enqueue import Deps, account_of, enqueue
from services.mailer.handlers.notices import daily_limit_reached, notify_agent
from services.mailer.mail_templates import (
    ACT_STOPPED,
    AGENT_ACCEPTED,
    AGENT_ENDED,
    AGENT_INVITED,
    AGENT_NOTICE,
    AGENT_SIGN_IN_LOCKED,
    APPROVAL_REQUESTED,
    JOURNAL_EXPORT_READY,
    MORE_ACCOUNTS_ASKED,
    SINGLE_AGENT_ACT,
)
from shared.contracts.support.acts import (
    ActStopAnnounced,
    ApprovalRequested,
    SingleAgentActAnnounced,
)
from shared.contracts.support.agents import (
    AgentAccepted,
    AgentEndAnnounced,
    AgentInvited,
    AgentSessionsEnded,
    AgentSignInRefused,
)
from shared.contracts.support.journal import JournalExportReady
from shared.messaging.handlers import Context, hears

#: The act by which a supervisor lets an agent open more accounts today.
MORE_ACCOUNTS = "view_more_accounts"


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


async def agent_ended(event: AgentEndAnnounced, context: Context[Deps]) -> None:
    """A supervisor learns that an agent's access ended, and what stopped with it."""
    to, at = AgentAddress(event.recipient, event.language), event.ended_at
    await enqueue(context, AGENT_ENDED, event, at, to, at=at, agent=event.address)


async def sessions_ended(event: AgentSessionsEnded, context: Context[Deps]) -> None:
    """The password was changed. What supervisors do to an account is theirs to say."""
    if event.reason == "password_changed":
        await notify_agent(context, AGENT_NOTICE, event, event.ended_at, "password_changed")


async def sign_in_refused(event: AgentSignInRefused, context: Context[Deps]) -> None:
    """No password is compared for a while. Strangers provoke it: three mails a day."""
    at = event.refused_at
    if context.envelope.subject is None or event.locked_until is None:
        return
    if not await daily_limit_reached(context, at, (AGENT_SIGN_IN_LOCKED.name,)):
        await notify_agent(context, AGENT_SIGN_IN_LOCKED, event, at)


async def approval_requested(event: ApprovalRequested, context: Context[Deps]) -> None:
    """An act waits for this agent (T3), or a colleague wants to open more accounts (T5); once
    it has expired the mail is not sent."""
    at = event.proposed_at
    template = MORE_ACCOUNTS_ASKED if event.act == MORE_ACCOUNTS else APPROVAL_REQUESTED
    await enqueue(context, template, event, at, event, expires_at=event.expires_at, at=at)


async def act_stopped(event: ActStopAnnounced, context: Context[Deps]) -> None:
    """An act in which this agent had a part was stopped (T4)."""
    await enqueue(context, ACT_STOPPED, event, event.stopped_at, event, at=event.stopped_at)


async def single_agent_act(event: SingleAgentActAnnounced, context: Context[Deps]) -> None:
    """An act waits without a second person: an auditor learns of it (T6)."""
    at = event.approved_at
    await enqueue(context, SINGLE_AGENT_ACT, event, at, event, at=at)


async def journal_export_ready(event: JournalExportReady, context: Context[Deps]) -> None:
    """Who proposed an export learns that it was agreed to (T7). The mail has no file."""
    to, at = AgentAddress(event.address, event.language), event.made_at
    await enqueue(context, JOURNAL_EXPORT_READY, event, at, to, at=at)


SUBSCRIPTIONS = (
    hears(ApprovalRequested, approval_requested),
    hears(ActStopAnnounced, act_stopped),
    hears(SingleAgentActAnnounced, single_agent_act),
    hears(AgentInvited, agent_invited),
    hears(AgentAccepted, agent_accepted),
    hears(AgentEndAnnounced, agent_ended),
    hears(AgentSessionsEnded, sessions_ended),
    hears(AgentSignInRefused, sign_in_refused),
    hears(JournalExportReady, journal_export_ready),
)
