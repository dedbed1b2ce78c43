"""What the search for unknown labels finds; `test_dump.py` makes it after every journey."""

import pytest

from tests.security.metric_labels import unexpected_labels


@pytest.mark.parametrize(
    "line",
    [
        'impex_ready{service="pierre"} 1',
        'impex_invented_total{service="mfa"} 1',
        'impex_ready{service="mfa",network="192.0.2.0/24"} 1',
        "impex_ready 1",
        'impex_http_requests_total{method="GET",route="/inscription/x",status="200"} 1',
        'impex_requests_total{service="mfa",type="mfa.CheckCode.v1",outcome="other"} 1',
    ],
)
def test_a_label_that_is_not_known_before_is_found(line: str) -> None:
    assert unexpected_labels([f"{line}\n"])


def test_documented_series_pass() -> None:
    lines = (
        'impex_ready{service="mfa"} 1',
        'impex_http_seconds_bucket{route="/connexion",le="0.1"} 1',
        'impex_http_requests_total{method="GET",route="/static/{version}/{name}",status="304"} 1',
        "process_start_time_seconds 1.5",
    )
    assert not unexpected_labels(["\n".join(lines) + "\n"])
