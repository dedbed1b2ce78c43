"""Decisions about failed messages, as a table."""

import pytest

from shared.errors import Reject, Retry
from shared.messaging.errors import Undecodable
from shared.messaging.failures import Dead, RetryIn, decide

BUG = KeyError("x")
TABLE = [
    (BUG, 1, RetryIn("5s")),
    (BUG, 2, RetryIn("30s")),
    (BUG, 3, RetryIn("2m")),
    (BUG, 4, RetryIn("10m")),
    (BUG, 5, RetryIn("1h")),
    (BUG, 6, Dead("failed 6 times")),
    (BUG, 7, Dead("failed 7 times")),
    (BUG, 0, RetryIn("5s")),
    (TimeoutError(), 1, RetryIn("5s")),
    (Retry("later"), 1, RetryIn("5s")),
    (Retry("later"), 3, RetryIn("2m")),
    (Retry("later", after=0), 2, RetryIn("5s")),
    (Retry("later", after=5), 1, RetryIn("5s")),
    (Retry("later", after=5.1), 1, RetryIn("30s")),
    (Retry("later", after=600), 1, RetryIn("10m")),
    (Retry("later", after=601), 1, RetryIn("1h")),
    (Retry("later", after=1e9), 1, RetryIn("1h")),
    (Retry("later", after=1), 6, Dead("failed 6 times")),
    (Reject("no such account"), 1, Dead("no such account")),
    (Reject("no such account"), 9, Dead("no such account")),
    (Undecodable("not strict JSON"), 1, Dead("not strict JSON")),
]


@pytest.mark.parametrize(("error", "attempt", "decision"), TABLE)
def test_mq_02_every_failure_waits_a_bounded_number_of_times(
    error: Exception, attempt: int, decision: object
) -> None:
    """MQ-02: five growing delays, then a dead letter."""
    assert decide(error, attempt) == decision
