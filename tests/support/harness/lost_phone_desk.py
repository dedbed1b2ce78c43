"""A lost phone at the desk: two agents, the person's page, and profile's answer about the file."""

import dataclasses
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from services.support import call_clock, due_acts
from services.support.agents import Agent
from shared.contracts.base import Refusal, Request
from shared.contracts.profile.telephones import DescribeTelephone, TelephoneView
from shared.contracts.support.lost_phones import (
    CallView,
    CheckCallWord,
    DescribeCall,
    DescribeLostPhoneCase,
    EndCall,
    LostPhoneFollowUp,
    PhoneRemovalPlanned,
    ProposeOtherNames,
    ProposePhoneRemoval,
    ResumptionCodeView,
    StartCall,
    StopLostPhone,
    TellResumptionCode,
)
from shared.contracts.support.people_requests import RequestReceived
from shared.contracts.support.proposals import ApproveProposal
from shared.messaging.errors import RequestTimeout
from shared.security.sealing import Sealer, seal_context
from tests.support.harness.request_desk import RequestDesk, new_account
from tests.support.harness.support import SupportHarness

SWITCHBOARD = "01 40 20 30 40"
FOUND_AT = "annuaire des entreprises"


@dataclass
class File:
    """What profile knows of the telephone of every account here."""

    sealer: Sealer
    since: datetime
    number: str = "01 23 45 42 17"
    mobile: bool = False
    away: bool = False

    async def ask(self, request: Request, *, timeout: float = 3.0) -> object:
        """Profile's answer."""
        assert isinstance(request, DescribeTelephone)
        if self.away:
            raise RequestTimeout("profile")
        text = json.dumps(
            {"number": self.number, "extension": "", "company_name": "Labo", "city": "Lyon"}
        )
        sealed = self.sealer.seal(text, seal_context(TelephoneView, "number"))
        return TelephoneView(number=sealed, since=self.since, mobile=self.mobile)


@dataclass
class LostPhoneDesk:
    """One lost phone, its agents and its person."""

    harness: SupportHarness
    first: Agent
    second: Agent
    file: File
    account: str = field(default_factory=new_account)
    number: str = ""

    @classmethod
    async def of(cls, harness: SupportHarness, *, stolen: bool = False) -> "LostPhoneDesk":
        """A lost phone that the first agent took; its number is on file for a year."""
        file = File(harness.sealer, harness.now - timedelta(days=365))
        harness.deps = dataclasses.replace(harness.deps, requests=file)
        made = cls(
            harness,
            await harness.joined("luc.agent@ansm.example"),
            await harness.joined("zoe.agent@ansm.example"),
            file,
        )
        desk = RequestDesk(harness)
        made.number = await desk.lost_phone(made.account, stolen=stolen)
        await desk.take(made.first, made.number)
        return made

    # The desk.

    async def look(self, agent: Agent | None = None) -> CallView:
        """The page of the call."""
        agent = agent or self.first
        view = await self.harness.ask(DescribeCall(agent_id=agent.id, number=self.number))
        assert isinstance(view, CallView)
        return view

    def start(self, line: str = "file", **changes: Any) -> StartCall:
        """« Commencer l'appel »."""
        typed = {"telephone": SWITCHBOARD, "found_at": FOUND_AT} if line == "switchboard" else {}
        values = {"dialled": True, **typed, **changes}
        telephone = values.pop("telephone", None)
        return StartCall(
            agent_id=self.first.id,
            number=self.number,
            line=line,
            telephone=None
            if telephone is None
            else self.harness.seal(StartCall, "telephone", telephone),
            **values,
        )

    async def call(self, line: str = "file") -> CallView:
        """A call begins."""
        view = await self.harness.ask(self.start(line))
        assert isinstance(view, CallView)
        return view

    def word(self, call_id: str, word: str) -> CheckCallWord:
        """« Vérifier »."""
        sealed = self.harness.seal(CheckCallWord, "word", word)
        return CheckCallWord(
            agent_id=self.first.id, number=self.number, call_id=call_id, word=sealed
        )

    async def matched(self, line: str = "file") -> CallView:
        """A call whose words match."""
        call = await self.call(line)
        words = await self.words()
        view = await self.harness.ask(self.word(call.call_id, words["person"]["fr"]))
        assert isinstance(view, CallView)
        return view

    def end(self, call_id: str, outcome: str) -> EndCall:
        """« Pas de réponse », « Elle n'a rien demandé », « Doute : arrêter »."""
        return EndCall(agent_id=self.first.id, number=self.number, call_id=call_id, outcome=outcome)

    def propose(self, call_id: str) -> ProposePhoneRemoval:
        """« Proposer », with a code given just now."""
        return self.harness.coded(
            ProposePhoneRemoval(
                agent_id=self.first.id,
                number=self.number,
                call_id=call_id,
                reason="requested_by_person",
            )
        )

    def approve(self, proposal_id: str, agent: Agent | None = None) -> ApproveProposal:
        """« Approuver »."""
        return self.harness.coded(
            ApproveProposal(agent_id=(agent or self.second).id, proposal_id=proposal_id)
        )

    async def planned(self, line: str = "file") -> CallView:
        """Called, matched, proposed, approved: the delay runs."""
        call = await self.matched(line)
        proposed = await self.harness.ask(self.propose(call.call_id))
        await self.harness.ask(self.approve(proposed.proposal_id))
        return await self.look()

    async def released(self) -> CallView:
        """The delay is over."""
        await self.planned()
        self.harness.advance(days=1)
        await self.run_due()
        return await self.look()

    async def run_due(self) -> None:
        """What the service does every two seconds."""
        await due_acts.run_due(self.harness.pool, self.harness.deps)

    async def end_overdue(self) -> int:
        """What the service does every half minute."""
        return await call_clock.end_overdue(self.harness.pool, self.harness.deps)

    def show_code(self, call_id: str) -> TellResumptionCode:
        """« Afficher le code de reprise »."""
        return self.harness.coded(
            TellResumptionCode(agent_id=self.first.id, number=self.number, call_id=call_id)
        )

    async def second_call(self) -> str:
        """A second call, and the code that the agent reads out."""
        call = await self.matched()
        view = await self.harness.ask(self.show_code(call.call_id))
        assert isinstance(view, ResumptionCodeView)
        assert self.harness.desk is not None
        return self.harness.desk.open(view.code, seal_context(ResumptionCodeView, "code"))

    def accept_names(self) -> ProposeOtherNames:
        """« Accepter ce nom »."""
        return self.harness.coded(
            ProposeOtherNames(
                agent_id=self.first.id, number=self.number, reason="requested_by_person"
            )
        )

    def opened(self, view: CallView, name: str) -> dict[str, Any]:
        """A sealed field of the page, as the desk opens it."""
        assert self.harness.desk is not None
        sealed = getattr(view, name)
        text = self.harness.desk.open(sealed, seal_context(CallView, name))
        found: dict[str, Any] = json.loads(text)
        return found

    # The person.

    def follow(self) -> DescribeLostPhoneCase:
        """The signed-in holder's page of the request."""
        return DescribeLostPhoneCase(number=self.number, account_id=self.account)

    async def page(self) -> LostPhoneFollowUp:
        """What it shows."""
        view = await self.harness.ask(self.follow())
        assert isinstance(view, LostPhoneFollowUp)
        return view

    async def words(self) -> dict[str, dict[str, str]]:
        """Both words, as the gateway opens them for the person's page."""
        view = await self.page()
        assert view.words is not None
        assert self.harness.gateway is not None
        text = self.harness.gateway.open(view.words, seal_context(LostPhoneFollowUp, "words"))
        found: dict[str, dict[str, str]] = json.loads(text)
        return found

    async def mailed_token(self, kind: type[Any] = PhoneRemovalPlanned) -> str:
        """The token of the latest mail about the date, or of the first mail."""
        assert self.harness.mailer is not None
        event = (await self.harness.events(kind))[-1]
        return self.harness.mailer.open(event.link_token, seal_context(kind, "link_token"))

    async def stop_by_link(self, *, block: bool = False) -> StopLostPhone:
        """« Tout arrêter » behind the link of the mail."""
        token = await self.mailed_token()
        sealed = self.harness.seal(StopLostPhone, "link_token", token)
        return StopLostPhone(link_token=sealed, block=block)

    async def first_link(self) -> DescribeLostPhoneCase:
        """The page behind the link of the first mail."""
        token = await self.mailed_token(RequestReceived)
        sealed = self.harness.seal(DescribeLostPhoneCase, "link_token", token)
        return DescribeLostPhoneCase(link_token=sealed)

    async def refused(self, message: Request) -> tuple[str, dict[str, str | int]]:
        """Why a request is refused."""
        refusal: Refusal = await self.harness.refusal(message)
        return refusal.slug, refusal.params
