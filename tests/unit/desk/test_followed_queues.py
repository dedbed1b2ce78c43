"""The live view of the queues, when what it reads is refused in between."""

from types import SimpleNamespace
from typing import Any

import pytest

from services.gateway.desk.features.operations import page_updates, queues_page
from services.gateway.http.errors import HttpError, Redirect
from services.gateway.http.sse import STREAMS, SseEvent
from services.gateway.sessions.request_state import REQUEST_STATE
from services.gateway.sessions.sessions import SESSIONS
from shared.messaging.connection import BROKER
from shared.messaging.errors import ServiceUnavailable
from shared.runtime.service import utc_now

UNAVAILABLE = ServiceUnavailable("the broker is unavailable", BROKER)


@pytest.mark.parametrize(
    ("error", "event"),
    [
        pytest.param(HttpError(403), ("end", {}, True), id="403"),
        pytest.param(Redirect("sign_in"), ("end", {}, True), id="suspended"),
        pytest.param(
            UNAVAILABLE, ("away", {"away": "RabbitMQ ne répond pas", "moment": 2}, False), id="away"
        ),
    ],
)
async def test_the_live_view_explains_why_nothing_can_be_read(
    monkeypatch: pytest.MonkeyPatch, error: Exception, event: SseEvent
) -> None:
    """It ends where the agent may no longer see it; where a server is away, it names it."""
    session = SimpleNamespace(id="s", account_id="a")
    answers: list[Any] = [(None, []), error]

    async def read(_request: object) -> Any:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def find(_token: str, *, used: bool) -> Any:
        return session

    async def poll(_request: object, _browser: str, ask: Any) -> Any:
        return await ask()

    class Request(dict[Any, Any]):
        def __init__(self) -> None:
            super().__init__({REQUEST_STATE: SimpleNamespace(token="t", lang="fr")})
            self.app = {
                SESSIONS: SimpleNamespace(find=find),
                STREAMS: SimpleNamespace(follow=poll),
            }

    monkeypatch.setattr(page_updates, "agent_of", lambda _request: session)
    monkeypatch.setattr(page_updates, "ensure_form_cookie", lambda _request: "browser")
    monkeypatch.setattr(queues_page, "_read", read)
    request: Any = Request()
    monkeypatch.setattr(page_updates.time, "monotonic", lambda: 10.0)
    assert await queues_page.follow(request) == [event]


def test_what_could_not_be_read_is_no_number() -> None:
    """An open page shows that there are no dead letters only where they were counted."""
    assert queues_page._document(None, [], "fr") == {"at": "", "rows": []}
    assert queues_page._document(utc_now(), [], "fr")["dead"] == 0
