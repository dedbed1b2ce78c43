"""The composition of the desk, the agents' front end: what it opens, and its messages."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from services.gateway.desk.app import init_app
from services.gateway.desk.handlers import agent_sessions_ended
from services.gateway.desk.settings import DeskSettings
from services.gateway.front_end import served
from services.gateway.sessions.sessions import SESSIONS, Sessions
from shared.contracts.base import requests_of
from shared.contracts.desk import AgentSessionClosed
from shared.contracts.mfa import requests as mfa
from shared.contracts.support import (
    agents,
    dormant,
    journal,
    looks,
    lost_phones,
    operations,
    people_requests,
    proposals,
    waiting,
)
from shared.contracts.support import settings as settings_contracts
from shared.messaging.handlers import hears
from shared.runtime.service import Runtime, Service


@asynccontextmanager
async def build(runtime: Runtime, settings: DeskSettings) -> AsyncIterator[Sessions]:
    """Serve the desk; events act on its sessions."""
    app = init_app(settings, runtime)
    async with served(app, runtime, settings.host, settings.port):
        yield app[SESSIONS]


SERVICE = Service(
    name="desk",
    settings=DeskSettings,
    build=build,
    migrations=Path(__file__).with_name("migrations"),
    asks=(
        *requests_of(agents),
        lost_phones.DescribeCall,
        lost_phones.StartCall,
        lost_phones.CheckCallWord,
        lost_phones.EndCall,
        lost_phones.CheckLostPhoneAct,
        lost_phones.ProposePhoneRemoval,
        lost_phones.TellResumptionCode,
        lost_phones.ProposeOtherNames,
        lost_phones.StopPhoneReplacement,
        proposals.DescribeAct,
        proposals.CheckProposal,
        proposals.Propose,
        journal.ReadTimeline,
        journal.ReadJournal,
        journal.ListExports,
        journal.ReadExport,
        proposals.ApproveProposal,
        proposals.RefuseProposal,
        proposals.StopProposal,
        proposals.DescribeProposal,
        proposals.ListProposals,
        *requests_of(looks),
        *requests_of(dormant),
        *requests_of(settings_contracts),
        *requests_of(operations),
        *requests_of(waiting),
        people_requests.ListRequests,
        people_requests.DescribeRequest,
        people_requests.OpenRequest,
        people_requests.TakeRequest,
        people_requests.ReleaseRequest,
        people_requests.AnswerRequest,
        people_requests.ListReadyAnswers,
        people_requests.SaveReadyAnswer,
        mfa.DescribeFactor,
        mfa.StartEnrolment,
        mfa.StartReplacement,
        mfa.DescribeEnrolment,
        mfa.RestartEnrolment,
        mfa.ConfirmEnrolment,
        mfa.CheckCode,
    ),
    hears=(hears(agents.AgentSessionsEnded, agent_sessions_ended),),
    emits=(AgentSessionClosed,),
)
