"""Postal codes, identifiers, and fields that must agree (IN-02, SI-09 to SI-12)."""

import time

import pytest

from services.profile import establishment
from tests.support.harness.profile_forms import BELGIAN, FRENCH, but, codes_of, errors_of


@pytest.mark.parametrize("typed", ["75015", "20000", "97400", "98000", "75116", " 75 015 "])
def test_si_09_french_postal_codes(typed: str) -> None:
    normalized, error = establishment.check_postal_code(typed, "FR")
    assert error is None
    assert normalized == typed.replace(" ", "")


@pytest.mark.parametrize(
    ("typed", "code"),
    [("7511", "wrong_format"), ("00100", "wrong_format"), ("99000", "wrong_format"),
     ("ABCDE", "wrong_format"), ("750155", "wrong_format"), ("７５０１５", "wrong_format"),
     ("2A004", "corsican"), ("2b033", "corsican"), ("", "missing")],
)  # fmt: skip
def test_wrong_french_postal_codes(typed: str, code: str) -> None:
    assert codes_of(but(FRENCH, postal_code=typed)) == {"postal_code": code}


@pytest.mark.parametrize(
    ("country", "right", "beginning"),
    [("GP", "97110", "971"), ("MQ", "97200", "972"), ("GF", "97300", "973"),
     ("RE", "97400", "974"), ("YT", "97600", "976"), ("PM", "97500", "975"),
     ("BL", "97133", "977"), ("MF", "97150", "978")],
)  # fmt: skip
def test_in_02_si_11_a_territory_has_other_postal_codes(
    country: str, right: str, beginning: str
) -> None:
    assert establishment.check_postal_code(right, country) == (right, None)
    _, error = establishment.check_postal_code("75015", country)
    assert error is not None
    assert (error.code, error.params) == ("other_territory", {"beginning": beginning})


def test_si_09_abroad_only_the_length_counts() -> None:
    assert establishment.check_postal_code("SW1A 1AA", "GB") == ("SW1A 1AA", None)
    assert establishment.check_postal_code("98800", "NC") == ("98800", None)
    assert codes_of(but(BELGIAN, postal_code="1" * 13)) == {"postal_code": "too_long"}
    assert codes_of(but(BELGIAN, postal_code="")) == {"postal_code": "missing"}
    assert establishment.check_postal_code("", "HK") == ("", None)


@pytest.mark.parametrize(
    ("typed", "country", "normalized"),
    [
        ("DE136695976", "DE", "DE136695976"),
        ("be 0428.759.497", "BE", "BE0428759497"),
        ("DE 136 695 976", "BE", "DE136695976"),
        ("CHE-107.787.577 IVA", "CH", "CHE107787577IVA"),
        ("GB 980 7806 84", "GB", "980780684"),
        ("12-3456789", "US", "123456789"),
        ("", "BE", ""),
    ],
)
def test_si_12_vat_numbers(typed: str, country: str, normalized: str) -> None:
    assert establishment.check_vat(typed, country, "") == (normalized, None)


@pytest.mark.parametrize(
    "typed", ["DE136695977", "BE", "BE0428759498", "DE13669597６", "😀", "1" * 41]
)
def test_si_12_wrong_vat_numbers(typed: str) -> None:
    assert codes_of(but(BELGIAN, vat=typed)) == {"vat": "invalid"}


def test_si_12_in_02_a_french_vat_number_is_that_of_the_company() -> None:
    other = but(FRENCH, vat="FR 40 303 265 045")
    (error,) = errors_of(other)
    assert (error.code, error.params) == ("wrong_siren", {"siren": "732829320"})
    own = but(FRENCH, vat="FR 44 732 829 320")
    assert codes_of(own) == {}
    # An invalid SIRET is not compared.
    assert codes_of(but(other, siret="73282932000079")) == {"siret": "wrong_key"}


def test_si_12_lei_and_eori() -> None:
    good = but(BELGIAN, lei="213800KUD8LAJWSQ9D15", eori="BE0428759497")
    assert codes_of(good) == {}
    for wrong in ("213800KUD8LAJWSQ9D16", "LEI", "2" * 41, "２"):
        assert codes_of(but(BELGIAN, lei=wrong)) == {"lei": "invalid"}
    for wrong in ("B1", "BE", "BE" + "1" * 16, "1E2345", "BE１"):
        assert codes_of(but(BELGIAN, eori=wrong)) == {"eori": "invalid"}


def test_the_group_key_is_the_first_number_there_is() -> None:
    def group(**fields: str) -> str:
        return establishment.group_key(but(BELGIAN, **{"vat": "", **fields}))

    assert group(country="GP", siret="73282932000074") == "FR:73282932000074"
    assert group(vat="BE0428759497", lei="L", eori="E") == "BE:VAT:BE0428759497"
    assert group(lei="L", eori="E") == "BE:LEI:L"
    assert group(eori="E") == "BE:EORI:E"
    assert group() == ""


@pytest.mark.parametrize("typed", ["1" * 100_000, "FR" * 50_000, " " * 100_000, ".-" * 50_000])
def test_in_07_long_texts_take_no_time(typed: str) -> None:
    started = time.thread_time()
    establishment.check_vat(typed, "BE", "")
    establishment.check_lei(typed)
    establishment.check_eori(typed)
    establishment.check_postal_code(typed, "FR")
    establishment.check_siret_of_country(typed, "FR")
    assert time.thread_time() - started < 0.05
