"""Requests of people at the desk: the events that bring them, and both sides' requests."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from services.support import request_clock
from services.support.agents import Agent
from shared.contracts.base import Event
from shared.contracts.gateway import (
    CorrectionRequested,
    DepartureReported,
    MailboxReported,
    MessageWritten,
)
from shared.contracts.registration.events import LostPhoneReported
from shared.contracts.support.people_requests import (
    AnswerRequest,
    CancelMyRequest,
    DescribeMyRequest,
    DescribeRequest,
    DeskEntry,
    PersonEntry,
    PersonRequestView,
    ReplyToDesk,
    RequestChanged,
    RequestReceived,
    RequestView,
    TakeRequest,
)
from shared.domain.support_requests import request_number
from shared.security.sealing import seal_context
from tests.support.harness.support import NETWORK, SupportHarness

TEXT = "La rue a changé de nom :\nrue des Tilleuls."
ADDRESS = "collegue@labo.example"


@dataclass
class RequestDesk:
    """What people, agents and the clock do with requests, on one harness."""

    harness: SupportHarness

    async def correction(self, account_id: str, *, key: str = "form", answer_by: str = "") -> str:
        """« Demander une correction »; returns the number."""
        kind, number = CorrectionRequested, request_number("correction", key.encode())
        event = kind(
            request_id=number,
            about="establishment",
            text=self._seal(kind, "text", TEXT),
            requested_at=self.harness.now,
            answer_by=answer_by,
        )
        await self.harness.handle_event(event, account_id)
        return number

    async def message(
        self, text: str = TEXT, *, address: str = ADDRESS, key: str = "message", lang: str = "fr"
    ) -> str:
        """« Nous écrire », by somebody without an account; returns the number."""
        number = request_number("message", key.encode())
        details = {"text": text, "name": "Léa Petit", "address": address}
        event = MessageWritten(
            request_id=number,
            details=self._fields(MessageWritten, details),
            network=NETWORK,
            language=lang,
            answer_by="2026-01-20",
            written_at=self.harness.now,
        )
        await self.harness.handle_event(event)
        return number

    async def mailbox(self, account_id: str | None = None) -> str:
        """« Ma messagerie ne reçoit plus rien »; returns the number."""
        number = request_number("mailbox", b"mailbox")
        details = {"text": TEXT}
        if account_id is None:
            details |= {"account_address": "a@mort.example", "name": "Léa", "address": ADDRESS}
        event = MailboxReported(
            request_id=number,
            details=self._fields(MailboxReported, details),
            network=NETWORK,
            language="en",
            answer_by="2026-01-19",
            reported_at=self.harness.now,
        )
        await self.harness.handle_event(event, account_id)
        return number

    async def departure(self, account_id: str | None = None, **details: str) -> str:
        """A departure, of a holder or as a colleague reports it, from before there were days."""
        number = request_number("departure", b"departure")
        given = {"date": "2026-02-01", "remark": "Mme Petit reprend."} | details
        if account_id is None:
            given |= {"address": "parti@labo.example", "reporter_address": ADDRESS}
        event = DepartureReported(
            request_id=number,
            by="holder" if account_id else "colleague",
            details=self._fields(DepartureReported, given),
            network=NETWORK,
            reported_at=self.harness.now,
        )
        await self.harness.handle_event(event, account_id)
        return number

    async def lost_phone(
        self, account_id: str, number: str = "", *, stolen: bool = False, alone: bool = False
    ) -> str:
        """A lost phone; without a number, as events from before have it."""
        event = LostPhoneReported(
            stolen=stolen, reported_at=self.harness.now, request_id=number, alone=alone
        )
        await self.harness.handle_event(event, account_id)
        received = await self.harness.events(RequestReceived)
        return str(received[-1].number)

    async def take(self, agent: Agent, number: str, version: int | None = None) -> RequestChanged:
        """« Prendre »."""
        if version is None:
            version = (await self.show(agent, number)).version
        message = TakeRequest(agent_id=agent.id, number=number, version=version)
        taken: RequestChanged = await self.harness.ask(message)
        return taken

    def answer(
        self, agent: Agent, number: str, version: int, text: str = "Bonjour.", **more: Any
    ) -> AnswerRequest:
        """« Envoyer », « Envoyer et clore »."""
        sealed = self.harness.seal(AnswerRequest, "text", text)
        return AnswerRequest(agent_id=agent.id, number=number, version=version, text=sealed, **more)

    async def show(self, agent: Agent, number: str) -> RequestView:
        """The page of an agent."""
        view: RequestView = await self.harness.ask(
            DescribeRequest(agent_id=agent.id, number=number)
        )
        return view

    async def mine(self, account_id: str, number: str) -> PersonRequestView:
        """The page of the account's holder."""
        message = DescribeMyRequest(number=number, account_id=account_id)
        view: PersonRequestView = await self.harness.ask(message)
        return view

    def reply(self, account_id: str, number: str, text: str = "Voici.") -> ReplyToDesk:
        """« Envoyer la réponse » in the account."""
        sealed = self.harness.seal(ReplyToDesk, "text", text)
        return ReplyToDesk(text=sealed, number=number, account_id=account_id)

    def cancel(self, account_id: str, number: str) -> CancelMyRequest:
        """« Annuler ma demande » in the account."""
        return CancelMyRequest(number=number, account_id=account_id)

    def by_link(self, kind: Any, token: str, **more: Any) -> Any:
        """One of the person's requests with a mailed link."""
        return kind(link_token=self.harness.seal(kind, "link_token", token), **more)

    async def clock(self) -> int:
        """What the service does each minute."""
        return await request_clock.advance(self.harness.pool, self.harness.deps)

    def opened(self, event: Event, field: str) -> str:
        """A sealed field of an event, as the mailer opens it."""
        assert self.harness.mailer is not None
        return self.harness.mailer.open(getattr(event, field), seal_context(type(event), field))

    async def token(self) -> str:
        """The token of the latest mail about a request."""
        events = [one for one in await self.harness.events() if hasattr(one, "link_token")]
        return self.opened(events[-1], "link_token")

    def details(self, view: RequestView) -> dict[str, str]:
        """What was asked, as the desk opens it."""
        assert self.harness.desk is not None
        found = self.harness.desk.open(view.details, seal_context(RequestView, "details"))
        fields: dict[str, str] = json.loads(found)
        return fields

    def texts(self, view: PersonRequestView | RequestView) -> list[tuple[str, str]]:
        """(author, text) of a thread, as its pages open it."""
        found = []
        for entry in view.thread:
            if entry.text is None:
                continue
            opener = self.harness.gateway if isinstance(entry, PersonEntry) else self.harness.desk
            assert opener is not None
            kind = PersonEntry if isinstance(entry, PersonEntry) else DeskEntry
            found.append((entry.author, opener.open(entry.text, seal_context(kind, "text"))))
        return found

    def _seal(self, kind: type[Event], field: str, plain: str) -> Any:
        return self.harness.sealer.seal(plain, seal_context(kind, field))

    def _fields(self, kind: type[Event], details: dict[str, str]) -> Any:
        return self._seal(kind, "details", json.dumps(details, ensure_ascii=False))


def new_account() -> str:
    """An account's id."""
    return str(uuid4())
