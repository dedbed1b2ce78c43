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


@pytest.mark.parametrize(
    "typed",
    ["<jean@labo.fr>", "jean@labo.fr,paul@labo.fr", "jean@labo.fr;", "jean@labo.fr.", "a@b"],
)
def test_t_17_an_address_that_nobody_can_write_to_is_refused(typed: str) -> None:
    """The number and every answer go there, and nobody types it again."""
    assert "address" in check_report({**REPORT, "address": typed}, NOW)


@pytest.mark.parametrize(
    "typed", ["mailto:jean@labo.fr", "\u200bjean@labo.fr\ufeff", "E-mail : jean@labo.fr"]
)
def test_t_03_what_came_with_a_paste_is_no_part_of_an_address(typed: str) -> None:
    given = {**REPORT, "address": typed}
    assert check_report(given, NOW) == {}
    assert given["address"] == "jean@labo.fr"


@pytest.mark.parametrize("address", ["JEAN+x@LABO.fr", "jean.o'neil@pharmacié.fr", "é@x-y.co.uk"])
def test_t_17_an_unusual_address_is_accepted(address: str) -> None:
    assert check_report({**REPORT, "address": address}, NOW) == {}


def test_t_03_a_day_may_be_written_as_in_france() -> None:
    given = {**REPORT, "date": "15/1/2026"}
    assert check_report(given, NOW) == {}
    assert given["date"] == "2026-01-15"
    for none in ("31/02/2026", "demain", "15/01", "9999-12-31", "0001-01-01"):
        assert check_report({**REPORT, "date": none}, NOW) == {"date": "date_format"}, none
    for far in ("2027-01-17", "13/01/2025"):
        assert check_report({**REPORT, "date": far}, NOW) == {"date": "date"}, far
