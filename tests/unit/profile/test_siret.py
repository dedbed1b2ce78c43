"""SIRET numbers: python-stdnum's vectors, La Poste's exception, wrong numbers."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.profile.establishment import check_siret
from shared.domain.countries import SIRET_COUNTRIES
from tests.support.harness.profile_forms import BELGIAN, FRENCH, but, codes_of, errors_of


@pytest.mark.parametrize(
    "typed",
    [
        "73282932000074",
        "73282932000082",
        "35600000000048",
        "35600000049837",
        "732 829 320 00074",
        " 732.829.320.00074 ",
        "732\u00a0829\u202f320 00074",
        "\t73282932000074",
        "732-829-320-00074",
        "732/829/320/00074",
        "732\u2002829\u2009320\u300000074\ufeff",
        "SIRET : 732 829 320 00074",
        "N° de Siret 732 829 320 00074",
    ],
)
def test_si_01_si_02_right_numbers_are_stored_without_blanks_and_dots(typed: str) -> None:
    normalized, error = check_siret(typed)
    assert error is None
    assert normalized == "".join(char for char in typed if char in "0123456789")
    assert codes_of(but(FRENCH, siret=typed)) == {}


@pytest.mark.parametrize(
    ("typed", "digits"),
    [("7328293200007", 13), ("7328293200007O", 13), ("732829320000745", 15), ("Pharmacie", 0),
     ("٧٣٢٨٢٩٣٢٠٠٠٠٧", 13), ("²³⁴", 0)],
)  # fmt: skip
def test_a_wrong_length_has_the_number_of_digits(typed: str, digits: int) -> None:
    (error,) = errors_of(but(FRENCH, siret=typed))
    assert (error.field, error.code) == ("siret", "wrong_length")
    assert error.params == {"expected": 14, "typed": digits}


def test_fourteen_digits_with_other_characters() -> None:
    assert codes_of(but(FRENCH, siret="732 829 320 00074 (siège)")) == {"siret": "digits_only"}


@pytest.mark.parametrize(
    "typed",
    ["73282932000079", "35600000049838", "00000000000000", "73282932100074", "12345678901234"],
)
def test_a_wrong_key_and_the_zeros_of_si_03(typed: str) -> None:
    assert codes_of(but(FRENCH, siret=typed)) == {"siret": "wrong_key"}


@pytest.mark.parametrize("country", sorted(SIRET_COUNTRIES))
def test_si_04_si_11_a_siret_is_required_in_these_countries(country: str) -> None:
    assert codes_of(but(FRENCH, country=country, siret=" "))["siret"] == "missing"


@pytest.mark.parametrize("country", ["BE", "NC", "PF", "WF", "MC", "CH", "GB"])
def test_si_04_si_11_and_refused_elsewhere(country: str) -> None:
    assert country not in SIRET_COUNTRIES
    assert codes_of(but(BELGIAN, country=country, vat="", siret="73282932000074")) == {
        **codes_of(but(BELGIAN, country=country, vat="")),
        "siret": "not_for_country",
    }


@given(st.text(max_size=40))
def test_an_accepted_number_has_fourteen_digits_and_is_accepted_again(typed: str) -> None:
    normalized, error = check_siret(typed)
    if error is None:
        assert len(normalized) == 14
        assert set(normalized) <= set("0123456789")
        assert check_siret(normalized) == (normalized, None)


@given(st.integers(min_value=0, max_value=10**13 - 1), st.integers(min_value=1, max_value=9))
def test_at_most_one_last_digit_is_right(stem: int, step: int) -> None:
    """A wrong last digit is always found, except in numbers of La Poste."""
    accepted = [digit for digit in range(10) if check_siret(f"{stem:013d}{digit}")[1] is None]
    most = 2 if f"{stem:013d}".startswith("356000000") else 1
    assert len(accepted) <= most


@pytest.mark.parametrize("typed", ["7" * 100_000, " " * 100_000 + "7", "7." * 50_000])
def test_in_07_long_texts_take_no_time(typed: str) -> None:
    started = time.thread_time()
    assert check_siret(typed)[1] is not None
    assert time.thread_time() - started < 0.05
