"""Postal codes, identifiers, and fields that must agree (IN-02, SI-09 to SI-12)."""

import time
from collections.abc import Callable

import pytest

from services.profile import establishment
from tests.support.harness.profile_forms import BELGIAN, FRENCH, but, codes_of, errors_of


@pytest.mark.parametrize("typed", ["75015", "20000", "97400", "98000", "75116", " 75 015 "])
def test_si_09_french_postal_codes(typed: str) -> None:
    normalized, error = establishment.check_postal_code(typed, "FR")
    assert error is None
    assert normalized == typed.replace(" ", "")


@pytest.mark.parametrize(
    "typed",
    ["75 015", "75\u00a0015", "75\u202f015", "75\u2009015\t", "7\u200b5015", "CP 75015", "F-75015",
     "Code postal : 75015", "FR 75015", "75.015", "７５０１５"],
)  # fmt: skip
def test_t_16_blanks_and_labels_are_left_out_of_a_postal_code(typed: str) -> None:
    assert establishment.check_postal_code(typed, "FR") == ("75015", None)


@pytest.mark.parametrize(
    ("check", "typed", "kept"),
    [
        (establishment.check_lei, "LEI : 213800KUD8LAJWSQ9D15", "213800KUD8LAJWSQ9D15"),
        (establishment.check_eori, "EORI BE 0428.759.497", "BE0428759497"),
        (establishment.check_siret, "SIRET : 732/829/320/00074", "73282932000074"),
        (lambda typed: establishment.check_vat(typed, "BE", ""), "TVA BE 0428/759/497",
         "BE0428759497"),
    ],
)  # fmt: skip
def test_t_18_labels_and_slashes_are_left_out_of_a_number(
    check: Callable[[str], tuple[str, object]], typed: str, kept: str
) -> None:
    assert check(typed) == (kept, None)


@pytest.mark.parametrize(
    ("typed", "code"),
    [("7511", "wrong_format"), ("00100", "wrong_format"), ("99000", "wrong_format"),
     ("ABCDE", "wrong_format"), ("750155", "wrong_format"), ("７５０１", "wrong_format"),
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
    "country", ["GH", "BQ", "JM", "PA", "HK", "AE", "QA", "UG", "ZW", "AO", "CI", "FJ", "TT", "YE"]
)
def test_t_14_a_country_without_postal_codes_asks_for_none(country: str) -> None:
    abroad = but(BELGIAN, country=country, vat="", phone="+3225284000")
    assert codes_of(but(abroad, postal_code="")) == {}
    assert codes_of(but(abroad, postal_code="00233")) == {}


@pytest.mark.parametrize("country", ["IE", "MC", "XK", "KP", "MA", "TH"])
def test_t_14_a_code_that_addresses_may_lack_is_optional(country: str) -> None:
    abroad = but(BELGIAN, country=country, vat="", phone="+3225284000")
    assert codes_of(but(abroad, postal_code="")) == {}


@pytest.mark.parametrize(
    ("country", "example"), [("BE", "4000"), ("US", "95014"), ("DE", "26133"), ("NC", "98814")]
)
def test_t_14_the_example_is_of_the_chosen_country(country: str, example: str) -> None:
    _, error = establishment.check_postal_code("", country)
    assert error is not None
    assert (error.code, error.params) == ("missing", {"example": example})


def test_t_14_a_laboratory_in_kosovo_is_accepted() -> None:
    here = but(BELGIAN, country="XK", postal_code="10000", phone="028 012 345", vat="")
    assert codes_of(here) == {}


@pytest.mark.parametrize(
    ("typed", "country", "normalized"),
    [
        ("DE136695976", "DE", "DE136695976"),
        ("be 0428.759.497", "BE", "BE0428759497"),
        ("0428759497", "BE", "BE0428759497"),
        ("136695976", "DE", "DE136695976"),
        ("GR 094259216", "GR", "EL094259216"),
        ("EL094259216", "GR", "EL094259216"),
        ("FR 44 732 829 320", "RE", "FR44732829320"),
        ("FR53000004605", "MC", "FR53000004605"),
        ("XI110305878", "GB", "XI110305878"),
        ("CHE-107.787.577 IVA", "CH", "CHE107787577IVA"),
        ("GB 980 7806 84", "GB", "980780684"),
        ("12-3456789", "US", "123456789"),
        ("", "BE", ""),
    ],
)
def test_si_12_vat_numbers(typed: str, country: str, normalized: str) -> None:
    assert establishment.check_vat(typed, country, "") == (normalized, None)


@pytest.mark.parametrize(
    ("typed", "country"),
    [("ROC890101AB3", "MX"), ("SE12345", "GN"), ("LT1234", "KZ"), ("DE1", "XK"), ("ES/12", "PA"),
     ("FR-TAX-1", "SZ"), ("BE0428759498", "LI"), ("ROC890101AB3", "CW")],
)  # fmt: skip
def test_t_15_letters_of_another_country_mean_nothing(typed: str, country: str) -> None:
    """Nor are they taken for that country's: only the chosen country's rule judges."""
    number, error = establishment.check_vat(typed, country, "")
    if country == "GN":
        assert error is not None, "Guinea has a rule of its own"
        return
    assert (number, error) == (typed.replace("-", "").replace("/", ""), None)


@pytest.mark.parametrize(
    ("typed", "country"),
    [("DE136695976", "BE"), ("BE0428759497", "DE"), ("FR44732829320", "BE"), ("EU372000041", "IE"),
     ("XI110305878", "IE"), ("MC53000004605", "FR")],
)  # fmt: skip
def test_t_15_a_number_of_another_member_is_not_that_of_the_country(
    typed: str, country: str
) -> None:
    _, error = establishment.check_vat(typed, country, "")
    assert error is not None
    assert (error.code, error.params) == ("invalid", {"prefix": country})


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
    for wrong in ("B1", "BE", "BE" + "1" * 16, "1E2345", "BE²"):
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
