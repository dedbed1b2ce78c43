"""What is said of an error of the connection: one line, never empty."""

import asyncio

import pytest

from shared.messaging.connection import describe


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (None, "closed"),
        (TimeoutError(), "no answer in time"),
        (asyncio.CancelledError(), "silent for too long"),
        (
            ConnectionRefusedError(111, "Connect call failed ('127.0.0.1', 5672)"),
            "Connection refus",
        ),
        (ConnectionResetError("cut\nby the broker"), "ConnectionResetError: cut"),
        (EOFError(), "EOFError"),
    ],
)
def test_an_error_of_the_connection_is_one_line(error: BaseException | None, text: str) -> None:
    line = describe(error)
    assert line.startswith(text)
    assert "\n" not in line
