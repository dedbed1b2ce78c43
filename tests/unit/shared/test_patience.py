"""What a loop says while it waits."""

from __future__ import annotations

import json

import pytest

from shared.patience import Waiting


def test_a_wait_is_said_once_per_reason_and_so_is_its_end(
    capsys: pytest.CaptureFixture[str],
) -> None:
    waiting = Waiting("relay")
    waiting.over()
    for _ in range(30):
        waiting.because(OSError("away"))
    waiting.because(OSError("still starting"))
    waiting.over()
    waiting.over()
    said = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [(each["action"], each.get("reason")) for each in said] == [
        ("relay_waits", "OSError: away"),
        ("relay_waits", "OSError: still starting"),
        ("relay_resumed", None),
    ]
