"""What the page of queues calls at rest."""

import pytest

from services.operations.queue_board import _view
from shared.messaging.queue_states import QueueState
from shared.runtime.service import utc_now


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
