"""What of a text for the support desk arrives there."""

from datetime import UTC, datetime

import pytest

from services.gateway.features.support_requests.support_request_forms import check_report

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
REPORT = {
    "address": "jean@labo.fr",
    "establishment": "Pharmacie des Lilas",
    "date": "",
    "reporter_name": "Pierre Durand",
    "reporter_address": "pierre@labo.fr",
    "remark": "",
}


@pytest.mark.parametrize(
    "control", "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"
)
@pytest.mark.parametrize("field", ["remark", "establishment", "reporter_name", "address"])
def test_s_15_bidirectional_controls_are_left_out(field: str, control: str) -> None:
    """They would turn the text around them, on the desk's screens too."""
    plain = REPORT[field] or "Il est parti.\nMerci."
    typed = {**REPORT, field: f"{control}{plain[:4]}{control}{plain[4:]}{control}"}
    assert check_report(typed, NOW) == {}
    assert typed[field] == plain
