"""What the page of queues calls at rest."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from structlog.testing import capture_logs

from services.operations.queue_board import QueueBoard, _view
from services.operations.settings import MANAGEMENT_URL, OperationsSettings
from shared.messaging.queue_states import QueueState
from shared.runtime.periodic import periodically
from shared.runtime.service import utc_now
from shared.settings import load
from tests.support.waiting import eventually


@pytest.mark.parametrize(
    ("row", "at_rest"),
    [
        (QueueState(queue="support.requests", in_work=1, in_rate=0.4, consumers=1), True),
        (QueueState(queue="operations.requests", in_work=1, out_rate=0.4, consumers=1), True),
        (QueueState(queue="support.requests", in_work=1, ready=1, consumers=1), False),
        (QueueState(queue="support.requests", in_work=1), False),
        (QueueState(queue="mailer.requests", in_work=1, consumers=1), False),
        (QueueState(queue="support", in_work=1, consumers=1), False),
    ],
    ids=lambda given: f"{given.queue} {given.ready}" if isinstance(given, QueueState) else None,
)
def test_the_question_of_the_page_is_not_what_it_shows(row: QueueState, *, at_rest: bool) -> None:
    """MQ-07: an open page asks by two queues of requests, which would never be at rest on it."""
    assert _view([row], utc_now()).rows[0].at_rest is at_rest


async def _refuse(_request: web.Request) -> web.Response:
    return web.json_response({"error": "not_authorized"}, status=401)


async def _say_nothing(_request: web.Request) -> web.Response:
    await asyncio.sleep(3600)
    raise AssertionError("nobody waits so long")


@pytest.mark.parametrize(
    ("answer", "host", "reason"),
    [
        # The address may lead to another broker, or the password be a new one.
        (_refuse, "127.0.0.1", "refused: 401"),
        (_say_nothing, "127.0.0.1", "no answer within 0.2 s"),
        (_refuse, "nowhere.invalid", "nowhere.invalid"),
    ],
    ids=["refuses", "is silent", "has no address"],
)
async def test_a_management_api_that_cannot_be_read_is_one_line_and_does_not_stop_the_service(
    monkeypatch: pytest.MonkeyPatch,
    answer: Callable[[web.Request], Awaitable[web.Response]],
    host: str,
    reason: str,
) -> None:
    """It is asked again; the broker's connections, which log their own outages, may be up."""
    monkeypatch.setattr("shared.messaging.queue_states.ANSWER_SECONDS", 0.2)
    app = web.Application()
    app.router.add_get("/api/{path:.*}", answer)
    async with TestServer(app) as server:
        settings = load(
            OperationsSettings,
            {
                "IMPEX_OPERATIONS_DATABASE_URL": "postgresql://impex_operations:x@127.0.0.1/impex",
                "IMPEX_OPERATIONS_AMQP_URL": "amqp://operations:hidden@127.0.0.1/impex",
                MANAGEMENT_URL: f"http://{host}:{server.port}",
            },
        )
        async with QueueBoard(settings) as board:
            tries = 0

            async def measure() -> None:
                nonlocal tries
                tries += 1
                await board.measure()

            with capture_logs() as lines:
                running = asyncio.create_task(periodically(measure, 0, "partners"))
                await eventually(lambda: tries >= 3 or running.done())
                running.cancel()
                await asyncio.wait([running])
    (line,) = (line for line in lines if line["log_level"] != "debug")
    assert (line["log_level"], line["action"]) == ("warning", "partners_waits")
    assert reason in line["reason"]
    assert "hidden" not in line["reason"]
