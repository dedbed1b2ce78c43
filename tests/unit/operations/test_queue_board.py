"""What the page of queues calls at rest."""

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from services.operations.queue_board import QueueBoard, _view
from services.operations.settings import MANAGEMENT_URL, OperationsSettings
from shared.errors import DependencyDown
from shared.messaging.queue_states import QueueState
from shared.runtime.service import utc_now
from shared.settings import load


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


async def test_a_broker_that_refuses_to_be_read_does_not_stop_the_service() -> None:
    """The address may lead to another broker, or the password be a new one: it is asked again."""

    async def refuse(_request: web.Request) -> web.Response:
        return web.json_response({"error": "not_authorized"}, status=401)

    app = web.Application()
    app.router.add_get("/api/{path:.*}", refuse)
    async with TestServer(app) as server:
        settings = load(
            OperationsSettings,
            {
                "IMPEX_OPERATIONS_DATABASE_URL": "postgresql://impex_operations:x@127.0.0.1/impex",
                "IMPEX_OPERATIONS_AMQP_URL": "amqp://operations:x@127.0.0.1/impex",
                MANAGEMENT_URL: f"http://127.0.0.1:{server.port}",
            },
        )
        async with QueueBoard(settings) as board:
            with pytest.raises(DependencyDown, match="refused: 401"):
                await board.measure()
