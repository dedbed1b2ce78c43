"""The log of a loop while it waits."""

import json

import pytest

from shared.runtime.retrying import OutageLog


def test_an_outage_is_logged_once_per_reason_and_so_is_its_end(
    capsys: pytest.CaptureFixture[str],
) -> None:
    waiting = OutageLog("relay")
    waiting.ended()
    for _ in range(30):
        waiting.started(OSError("away"))
    waiting.started(OSError("still starting"))
    waiting.ended()
    waiting.ended()
    logged = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [(each["action"], each.get("reason")) for each in logged] == [
        ("relay_waits", "OSError: away"),
        ("relay_waits", "OSError: still starting"),
        ("relay_resumed", None),
    ]
