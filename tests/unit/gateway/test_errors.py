"""Errors name what happened in a traceback."""

import pytest

from services.gateway.http.errors import HttpError


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (HttpError(404), "404"),
        (HttpError(403, event="csrf", reason="no token"), "403 no token"),
        (HttpError(429, retry_after=5), "429"),
    ],
)
def test_an_error_reads_as_its_status_and_reason(error: HttpError, text: str) -> None:
    assert str(error) == text
