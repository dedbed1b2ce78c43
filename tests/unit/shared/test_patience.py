"""What a loop says while it waits."""

import json

import pytest

from shared.runtime.retrying import OutageLog


def test_a_wait_is_said_once_per_reason_and_so_is_its_end(
    capsys: pytest.CaptureFixture[str],
) -> None:
    waiting = OutageLog("relay")
    waiting.ended()
    for _ in range(30):
        waiting.started(OSError("away"))
    waiting.started(OSError("still starting"))
    waiting.ended()
    waiting.ended()
    said = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [(each["action"], each.get("reason")) for each in said] == [
        ("relay_waits", "OSError: away"),
        ("relay_waits", "OSError: still starting"),
        ("relay_resumed", None),
    ]
