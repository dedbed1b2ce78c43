"""Times in the headers of letters: a partner may write any into a copy of its own."""

from datetime import UTC, datetime, timedelta

import pytest

from services.gateway.desk.features.operations.letter_words import iso_text
from shared.messaging.queue_states import head_of

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.9-12:00", "9999-12-31", "0001-01-01", "x"],
)
def test_o_05_no_time_of_a_header_breaks_the_pages_of_operators(text: str) -> None:
    assert iso_text(text, NOW, "fr")
    head = head_of("labo.retry.1h", {"failed_at": text, "first_failed_at": text})
    assert (head.oldest_at, head.next_at) == (None, None)


def test_the_next_try_of_a_letter_is_after_its_wait() -> None:
    head = head_of("labo.retry.1h", {"failed_at": NOW.isoformat()})
    assert (head.oldest_at, head.next_at) == (NOW, NOW + timedelta(hours=1))
