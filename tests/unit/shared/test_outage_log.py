"""R-05: an outage is one line when it begins and one when it ends."""

from collections.abc import Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from shared.errors import DependencyDown
from shared.runtime.retrying import OutageLog, retry_while_down

Steps = Callable[[OutageLog], None]


def again_and_again(outage: OutageLog) -> None:
    outage.ended()
    for _ in range(30):
        outage.started(OSError("away"))
    outage.started(OSError("still starting"))
    outage.ended()
    outage.ended()


def by_two_parts(outage: OutageLog) -> None:
    outage.started("OSError: away", "publish")
    outage.started("reset", "consume")
    outage.ended("consume")
    outage.started("reset", "consume")
    outage.ended("publish")
    outage.ended("consume")


def logged_elsewhere(outage: OutageLog) -> None:
    outage.started(DependencyDown("database", "away"))
    outage.ended()


def of_something_else(outage: OutageLog) -> None:
    outage.started(DependencyDown("mail server", "away"))
    outage.ended()


def twice(outage: OutageLog) -> None:
    for _ in range(2):
        outage.started("OSError: away")
        outage.ended()


BOTH = [("warning", "away"), ("info", "back")]


@pytest.mark.parametrize(
    ("steps", "written"),
    [
        (again_and_again, BOTH),
        (by_two_parts, BOTH),
        (twice, BOTH * 2),
        (of_something_else, BOTH),
        (logged_elsewhere, []),
    ],
)
def test_r_05_an_outage_is_one_line_at_each_end(
    steps: Steps, written: list[tuple[str, str]]
) -> None:
    with capture_logs() as lines:
        steps(OutageLog("away", "back"))
    shown = [line for line in lines if line["log_level"] != "debug"]
    assert [(line["log_level"], line["action"]) for line in shown] == written
    assert not any("still" in line.get("reason", "") for line in shown)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError("away"), "OSError: away"),
        (TimeoutError(), "no answer in time"),
        ("broker is unavailable", "broker is unavailable"),
    ],
)
def test_the_reason_of_an_outage_is_in_words(error: Exception | str, reason: str) -> None:
    with capture_logs() as lines:
        OutageLog("away", "back").started(error)
    assert [line["reason"] for line in lines] == [reason]


async def test_r_05_a_start_that_waits_is_one_line_at_each_end() -> None:
    attempts = iter([DependencyDown("broker", "away"), DependencyDown("broker", "starting"), None])

    async def attempt() -> Any:
        if (failure := next(attempts)) is not None:
            raise failure
        return "connected"

    with capture_logs() as lines:
        assert await retry_while_down(attempt, 60) == "connected"
    shown = [line["action"] for line in lines if line["log_level"] != "debug"]
    assert shown == ["start_waits", "start_resumed"]
