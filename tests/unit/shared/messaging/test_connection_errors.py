"""What is said of an error of the connection: one line, never empty."""

import asyncio

import pytest
from aiormq.exceptions import ConnectionClosed

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
        (ConnectionClosed(320, "CONNECTION_FORCED - closed by hand"), "CONNECTION_FORCED - closed"),
        (ConnectionClosed(402, "INVALID_PATH - no such place"), "INVALID_PATH - no such place"),
        (ConnectionClosed(403, "ACCESS_REFUSED - not allowed"), "ACCESS_REFUSED - not allowed"),
        (ConnectionClosed(530, "NOT_ALLOWED - vhost gone"), "NOT_ALLOWED - vhost gone"),
    ],
)
def test_an_error_of_the_connection_is_one_line(error: BaseException | None, text: str) -> None:
    line = describe(error)
    assert line.startswith(text)
    assert "\n" not in line
