"""The live view of the queues, when what it reads is refused in between."""

from types import SimpleNamespace
from typing import Any

import pytest

from services.gateway.desk.features.operations import page_updates, queues_page
from services.gateway.http.errors import HttpError, Redirect
from services.gateway.http.sse import STREAMS
from services.gateway.sessions.request_state import REQUEST_STATE
from services.gateway.sessions.sessions import SESSIONS
from shared.runtime.service import utc_now


@pytest.mark.parametrize("error", [HttpError(403), Redirect("sign_in")], ids=["403", "suspended"])
async def test_the_live_view_ends_where_the_agent_may_no_longer_see_it(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
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
            super().__init__({REQUEST_STATE: SimpleNamespace(token="t")})
            self.app = {
                SESSIONS: SimpleNamespace(find=find),
                STREAMS: SimpleNamespace(follow=poll),
            }

    monkeypatch.setattr(page_updates, "agent_of", lambda _request: session)
    monkeypatch.setattr(page_updates, "ensure_form_cookie", lambda _request: "browser")
    monkeypatch.setattr(queues_page, "_read", read)
    request: Any = Request()
    assert await queues_page.follow(request) == [("end", {}, True)]


def test_what_could_not_be_read_is_no_number() -> None:
    """An open page shows that there are no dead letters only where they were counted."""
    assert queues_page._document(None, []) == {"at": "", "rows": []}
    assert queues_page._document(utc_now(), [])["dead"] == 0
