"""Telephone numbers: the vectors of SI-13 and SI-14, wrong and pasted input."""

import time

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.profile.phones import check_extension, check_phone, example


@pytest.mark.parametrize(
    ("typed", "country", "normalized"),
    [
        ("0100000000", "FR", "+33100000000"),
        ("+33 (0)1 55 87 40 90", "FR", "+33155874090"),
        ("01.55-87 40\u00a090", "FR", "+33155874090"),
        ("0033 1 55 87 40 90", "BE", "+33155874090"),
        ("0262123456", "RE", "+262262123456"),
        ("0590123456", "GP", "+590590123456"),
        ("0590123456", "BL", "+590590123456"),
        ("0269621234", "YT", "+262269621234"),
        ("02 528 40 00", "BE", "+3225284000"),
        ("+32 2 528 40 00", "FR", "+3225284000"),
        ("06 12 34 56 78", "", "+33612345678"),
    ],
)
def test_si_13_numbers_are_stored_as_e164(typed: str, country: str, normalized: str) -> None:
    assert check_phone(typed, country) == (normalized, None)


@pytest.mark.parametrize("typed", ["06 1234 567", "3615", "112", "-", "+", "1" * 41, "+99912345"])
def test_a_wrong_number_has_an_example(typed: str) -> None:
    normalized, error = check_phone(typed, "FR")
    assert error is not None
    assert (normalized, error.code) == (typed, "invalid")
    assert error.params == {"example": "01 23 45 67 89"}


@pytest.mark.parametrize(
    "typed",
    ["٠١٥٥٨٧٤٠٩٠", "０１５５８７４０９０", "0155874090\n", "01\n55874090", "tel:0155874090",
     "0155874090;ext=3", "0155874090 poste 4", "01/55/87/40/90", "0155874090\0"],
)  # fmt: skip
def test_si_14_only_digits_and_the_usual_signs(typed: str) -> None:
    _, error = check_phone(typed, "FR")
    assert error is not None
    assert error.code == "digits_only"


@pytest.mark.parametrize(
    ("typed", "country", "there", "prefix"),
    [
        ("0590123456", "FR", "GP", "+590"),
        ("0690301234", "FR", "GP", "+590"),
        ("+33 590 12 34 56", "FR", "GP", "+590"),
        ("0696123456", "FR", "MQ", "+596"),
        ("0594123456", "FR", "GF", "+594"),
        ("0262123456", "FR", "RE", "+262"),
        ("0155874090", "GP", "FR", "+33"),
        ("0155874090", "RE", "FR", "+33"),
    ],
)
def test_a_number_of_another_french_territory_is_named(
    typed: str, country: str, there: str, prefix: str
) -> None:
    _, error = check_phone(typed, country)
    assert error is not None
    assert (error.code, error.params) == ("other_territory", {"country": there, "prefix": prefix})


def test_an_empty_number_is_missing() -> None:
    for typed in ("", "  ", "\u00a0"):
        _, error = check_phone(typed, "FR")
        assert error is not None
        assert error.code == "missing"


def test_every_country_has_an_example() -> None:
    assert example("BE") == "012 34 56 78"
    assert example("AQ") == "+33 1 23 45 67 89"


@pytest.mark.parametrize(
    ("typed", "normalized", "code"),
    [("", "", None), (" 40 12 ", "4012", None), ("12345678", "12345678", None),
     ("123456789", "123456789", "too_long"), ("poste 4", "poste4", "digits_only"),
     ("٤", "٤", "digits_only"), ("4\n", "4\n", "digits_only")],
)  # fmt: skip
def test_si_14_an_extension_is_a_separate_field(
    typed: str, normalized: str, code: str | None
) -> None:
    text, error = check_extension(typed)
    assert (text, error.code if error else None) == (normalized, code)


@given(st.text("0123456789+ ().-", max_size=45), st.sampled_from(["FR", "GP", "RE", "BE", "US"]))
def test_an_accepted_number_is_valid_and_accepted_again(typed: str, country: str) -> None:
    normalized, error = check_phone(typed, country)
    if error is None:
        assert normalized.startswith("+")
        assert phonenumbers.is_valid_number(phonenumbers.parse(normalized))
        assert check_phone(normalized, country) == (normalized, None)


@given(st.text(max_size=60))
def test_only_plain_signs_are_accepted(typed: str) -> None:
    normalized, error = check_phone(typed, "FR")
    if error is None:
        assert set(normalized) <= set("+0123456789")


@pytest.mark.parametrize("typed", ["0" * 100_000, "(" * 100_000, "+" * 100_000, "x" * 100_000])
def test_in_07_long_texts_take_no_time(typed: str) -> None:
    check_phone("01", "FR")  # loads the tables of the region
    started = time.thread_time()
    assert check_phone(typed, "FR")[1] is not None
    assert check_extension(typed)[1] is not None
    assert time.thread_time() - started < 0.05
