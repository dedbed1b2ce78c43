"""What the desk makes of refusals: error pages, forms that come back, a code for each act."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiohttp import web

from services.gateway.clients.services import SERVICES, Services
from services.gateway.desk import support
from services.gateway.desk.app import PAGES
from services.gateway.desk.session_pages import PAGES as SESSION_PAGES_OF_DESK
from services.gateway.desk.support import act, ask_support, with_fresh_code
from services.gateway.desk.texts import AGENT_TEXTS
from services.gateway.http.errors import HttpError, Redirect
from services.gateway.http.forms import Form
from services.gateway.http.rendering import RENDERER
from services.gateway.http.routes import ROUTES, Routes
from services.gateway.http.site import CLOCK, SITE
from services.gateway.portal.form_errors import ERROR_TEXTS
from services.gateway.sessions.guards import SESSION_PAGES
from services.gateway.sessions.model import Session
from services.gateway.sessions.request_state import REQUEST_STATE, RequestState
from services.gateway.sessions.sessions import SESSIONS
from shared.contracts.base import Refusal, Reply, Request
from shared.contracts.mfa.requests import CheckCode
from shared.contracts.mfa.views import CodeView
from shared.contracts.support.agents import (
    AgentsView,
    AgentView,
    DescribeAgent,
    ListAgents,
    SuspendAgent,
)
from shared.messaging.handlers import Refused
from shared.messaging.rpc_codec import request_digest
from shared.security.seal_keys import OpeningRing, SealingRing, new_seal_key
from shared.security.sealing import KeyRing, Opener, Sealer, new_key
from tests.support.pages.page_basis import BRAND

NOW = datetime(2026, 11, 23, 9, 42, tzinfo=UTC)
AGENT = "0b0f8a52-3c1f-4b0e-9b0a-5b6f3f0f9d11"
SUBJECT = "7c1d2f3a-0f9d-4b0e-9b0a-5b6f3f0f9d11"
RING = new_seal_key()
VIEW = AgentView(
    agent_id=AGENT,
    address="zoe@agency.example",
    first_name="Zoé",
    last_name="Martin",
    language="fr",
    role="supervisor",
    state="active",
    since=NOW,
)
SUSPEND = SuspendAgent(agent_id=AGENT, subject_id=SUBJECT, reason="suspicious_access")
FIELDS = {
    "reason": "suspicious_access",
    "note": "Deux appels étranges",
    "code": "",
    "key": "k" * 43,
}


@dataclass
class Answers:
    """Answers to requests by their type: a reply, or the slug of a refusal."""

    answers: dict[type[Request], Reply | str] = field(default_factory=dict)
    asked: list[tuple[Request, str | None]] = field(default_factory=list)

    async def ask(
        self, request: Request, *, idempotency_key: str | None = None, timeout: float = 3.0
    ) -> object:
        self.asked.append((request, idempotency_key))
        answer = self.answers[type(request)]
        if isinstance(answer, str):
            raise Refused(Refusal(slug=answer))
        return answer


@dataclass
class Ended:
    """The sessions that were ended, with the reason."""

    reasons: list[str] = field(default_factory=list)

    async def end(self, token: str, reason: str) -> None:
        assert token == "token"
        self.reasons.append(reason)


class DeskRequest(dict[Any, Any]):
    """As much of a request as these functions need."""

    path = "/equipe"

    def __init__(self, answers: Answers) -> None:
        session = Session(
            id="s",
            account_id=AGENT,
            level="full",
            due="code",
            address="zoe@agency.example",
            first_name="Zoé",
            last_name="Martin",
            device="Firefox, Windows",
            network="192.0.2.0/24",
            failures=0,
            next="",
            opened_at=NOW,
            proved_at=NOW,
            code_at=NOW,
            seen_at=NOW,
            ends_at=NOW + timedelta(hours=8),
            role="supervisor",
        )
        state = RequestState(
            reference="r",
            nonce="n",
            lang="fr",
            client_ip="192.0.2.7",
            network="192.0.2.0/24",
            started=0.0,
            session=session,
            token="token",
            bound="browser s",
        )
        super().__init__({REQUEST_STATE: state})
        keys = KeyRing.parse(new_key())
        site = SimpleNamespace(session_keys=keys, cookie_prefix="impex-desk", secure=False)
        sealer = Sealer("mfa", SealingRing.parse(RING))
        self.ended = Ended()
        self.app: dict[Any, Any] = {
            SERVICES: Services(answers, {"mfa": sealer}, Opener("desk", OpeningRing.parse(RING))),
            ROUTES: Routes(PAGES),
            SESSION_PAGES: SESSION_PAGES_OF_DESK,
            SESSIONS: self.ended,
            SITE: site,
            CLOCK: lambda: NOW,
            ERROR_TEXTS: AGENT_TEXTS,
            RENDERER: SimpleNamespace(brand=BRAND),
        }


def desk(**answers: Reply | str) -> tuple[web.Request, Answers]:
    """A request of a signed-in agent, and what other services answer."""
    types = {one.__name__: one for one in (ListAgents, SuspendAgent, DescribeAgent, CheckCode)}
    made = Answers({types[name]: answer for name, answer in answers.items()})
    return cast(web.Request, DeskRequest(made)), made


async def test_a_page_that_one_may_not_read_is_403_and_an_unknown_object_404() -> None:
    listing = ListAgents(agent_id=AGENT)
    for slug, status in (("forbidden", 403), ("not_found", 404)):
        request, _ = desk(ListAgents=slug, DescribeAgent=VIEW)
        with pytest.raises(HttpError) as raised:
            await ask_support(request, listing, AgentsView)
        assert raised.value.status == status
        assert raised.value.texts is not None
    request, _ = desk(ListAgents="something_else")
    with pytest.raises(Refused):
        await ask_support(request, listing, AgentsView)
    request, _ = desk(ListAgents=AgentsView(agents=(VIEW,)))
    assert (await ask_support(request, listing, AgentsView)).agents == (VIEW,)


@pytest.mark.parametrize(
    ("slug", "status"), [(slug, status) for slug, status in support.ACT_REFUSALS.items()]
)
async def test_az_04_a_refused_act_comes_back_with_what_was_typed(slug: str, status: int) -> None:
    request, _ = desk(SuspendAgent=slug, DescribeAgent=VIEW)
    form = await act(request, FIELDS, SUSPEND, AgentView, "suspend")
    assert isinstance(form, Form)
    assert (form.status, form.direct) == (status, True)
    assert form.values["note"] == FIELDS["note"]
    assert "code" not in form.values
    assert form.alert
    assert form.texts["en"].alert != form.alert


async def test_az_04_an_agent_who_may_not_work_any_more_is_signed_out() -> None:
    """`forbidden` for the page, and for the agent altogether."""
    request, _ = desk(ListAgents="forbidden", DescribeAgent="forbidden")
    with pytest.raises(Redirect) as raised:
        await ask_support(request, ListAgents(agent_id=AGENT), AgentsView)
    assert raised.value.name == "sign_in"
    assert cast(DeskRequest, request).ended.reasons == ["agent_closed"]
    assert request[REQUEST_STATE].session is None


async def test_the_same_form_is_one_act_whatever_code_went_with_it() -> None:
    request, answers = desk(SuspendAgent=VIEW)
    for code in ("123456", "654321"):
        await act(request, {**FIELDS, "code": code}, SUSPEND, AgentView, "suspend")
    await act(request, {**FIELDS, "note": "Autre chose"}, SUSPEND, AgentView, "suspend")
    first, second, third = (key for _, key in answers.asked)
    assert first == second
    assert third != first


async def test_se_09_an_act_on_access_needs_a_right_code_of_its_own() -> None:
    accepted = CodeView(accepted_at=NOW, failures=0, recovery_due=False, proof="proof of mfa")
    request, answers = desk(CheckCode=accepted)
    form = await with_fresh_code(request, FIELDS, SUSPEND, "suspend")
    assert isinstance(form, Form)
    assert form.errors["code"] == ["Saisissez les 6 chiffres du code."]
    assert answers.asked == [], "no code, no attempt"
    typed = {**FIELDS, "code": "123456"}
    proved = await with_fresh_code(request, typed, SUSPEND, "suspend")
    assert isinstance(proved, SuspendAgent)
    assert proved.code_proof == "proof of mfa"
    ((asked, _key),) = answers.asked
    assert isinstance(asked, CheckCode)
    assert asked.about == request_digest(SUSPEND), "the proof is for this request"
    request, _ = desk(CheckCode="wrong_code")
    form = await with_fresh_code(request, typed, SUSPEND, "suspend")
    assert isinstance(form, Form)
    assert form.alert_field == "code"
    assert form.values["note"] == FIELDS["note"]
