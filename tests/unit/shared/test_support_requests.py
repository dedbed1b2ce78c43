"""Numbers of requests: derived, and read as people type them."""

import pytest

from shared.domain.support_requests import KINDS, NUMBER, kind_of, read_number, request_number


@pytest.mark.parametrize("kind", KINDS)
def test_a_number_follows_from_what_identifies_the_request(kind: str) -> None:
    number = request_number(kind, b"one")
    assert NUMBER.fullmatch(number)
    assert number == request_number(kind, b"one") != request_number(kind, b"two")
    assert (read_number(number), kind_of(number)) == (number, kind)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("tel-a44x2-yz7ew", "TEL-A44X2-YZ7EW"),
        ("  TEL A44X2YZ7EW. ", "TEL-A44X2-YZ7EW"),
        ("COR-0OOO1-89AAA", "COR-OOOOI-BGAAA"),
        ("XYZ-A44X2-YZ7EW", None),
        ("TEL-A44X2-YZ7E", None),
        ("TEL-A44X2-YZ7EWW", None),
        ("", None),
        ("' or 1=1 --", None),
        ("Ⅻ" * 4000, None),
    ],
)
def test_a_typed_number_is_read_whatever_its_case_and_signs(typed: str, read: str | None) -> None:
    assert read_number(typed) == read
