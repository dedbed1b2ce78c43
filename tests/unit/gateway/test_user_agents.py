"""Readable browser and system from any user agent (SE-07, IN-07)."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.http.user_agents import device_of

WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64"
KHTML = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        (f"{WINDOWS}; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox, Windows"),
        (f"{WINDOWS}) {KHTML} Chrome/126.0.0.0 Safari/537.36", "Chrome, Windows"),
        (f"{WINDOWS}) {KHTML} Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0", "Edge, Windows"),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 "
            "(KHTML, like Gecko) Version/17.5 Safari/605.1.15",
            "Safari, macOS",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 "
            "(KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
            "Safari, iOS",
        ),
        ("", "?, ?"),
        ("curious", "?, ?"),
    ],
)
def test_se_07_a_device_is_shown_by_browser_and_system(sent: str, shown: str) -> None:
    assert device_of(sent) == shown


@given(st.text(max_size=600))
def test_lg_04_any_user_agent_is_one_short_plain_line(sent: str) -> None:
    shown = device_of(sent)
    assert shown.isascii()
    assert shown.isprintable()
    assert len(shown) <= 100


def test_in_07_long_user_agents_are_parsed_quickly() -> None:
    device_of("warm up")
    for sent in ("(" * 100_000, "Mozilla/5.0 " + ";" * 100_000, "Android " * 20_000):
        started = time.thread_time()
        device_of(sent)
        assert time.thread_time() - started < 0.05 * 5
