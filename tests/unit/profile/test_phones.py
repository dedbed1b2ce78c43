"""Telephone numbers: the vectors of SI-13 and SI-14, wrong and pasted input."""

import time

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.profile.phones import check_extension, check_phone
from shared.contracts.base import FieldError
from shared.domain.countries import phone_example
from tests.support.each_row import each_row


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
        ("01/55/87/40/90", "FR", "+33155874090"),
        ("Tél. : 01 55 87 40 90\t", "FR", "+33155874090"),
        ("tel:+33 1 55 87 40 90", "BE", "+33155874090"),
        ("０１５５８７４０９０", "FR", "+33155874090"),
        ("01–55–87–40–90", "FR", "+33155874090"),
        ("030/901820", "DE", "+4930901820"),
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
    ["0155874090;isub=3", "0155874090 M. Roux", "01=55=87=40=90", "0155874090\0", "poste 4", "x"],
)  # fmt: skip
def test_si_14_only_digits_and_the_usual_signs(typed: str) -> None:
    _, error = check_phone(typed, "FR")
    assert error is not None
    assert error.code == "digits_only"


@pytest.mark.parametrize(
    ("typed", "extension"),
    [
        ("01 55 87 40 90 poste 12", "12"),
        ("01.55.87.40.90 Poste: 4012", "4012"),
        ("01 55 87 40 90, poste 12", "12"),
        ("01 55 87 40 90 (poste 12)", "12"),
        ("01 55 87 40 90 - poste 12", "12"),
        ("Tél. : 01 55 87 40 90 / poste 12", "12"),
        ("+33 1 55 87 40 90 ext. 7", "7"),
        ("+33 1 55 87 40 90 extension 7", "7"),
        ("tel:+33155874090;ext=3", "3"),
        ("0155874090x12", "12"),
        ("0155874090 #12", "12"),
        ("01 55 87 40 90 ＰＯＳＴＥ １２", "12"),
    ],
)
def test_si_14_a_number_with_its_extension_names_the_other_field(
    typed: str, extension: str
) -> None:
    _, error = check_phone(typed, "FR")
    assert error == FieldError(field="phone", code="extension", params={"extension": extension})


#: Numbers as people of a territory write them: geographic, mobile, Internet.
OVERSEAS = [
    ("GP", "+590", ["0590 20 12 34", "0590 90 12 34", "0690 30 12 34", "0691 22 12 34",
                    "0709 00 12 34", "0976 01 23 45", "0976 81 23 45"]),
    ("BL", "+590", ["0590 27 12 34", "0590 51 12 34"]),
    ("MF", "+590", ["0590 79 12 34", "0590 77 12 34"]),
    ("MQ", "+596", ["05 96 60 12 34", "0596 30 12 34", "0696 20 12 34", "0697 12 34 56",
                    "0709 10 12 34", "09 76 61 23 45"]),
    ("GF", "+594", ["0594 10 12 34", "0594 29 12 34", "0694 20 12 34", "09 76 20 12 34"]),
    ("RE", "+262", ["0262 12 34 56", "0263 12 34 56", "0692 12 34 56", "0693 30 12 34",
                    "0709 20 12 34", "0976 30 12 34"]),
    ("YT", "+262", ["02 69 61 12 34", "0269 60 12 34", "0639 01 23 45", "0939 80 12 34"]),
    ("PM", "+508", ["0508 41 12 34", "0508 55 12 34", "0708 40 12 34"]),
    ("MC", "+377", ["99 12 34 56", "92 05 12 34"]),
    ("PF", "+689", ["40 41 23 45", "87 12 34 56"]),
]  # fmt: skip
#: Numbers of metropolitan France: each region, mobile, Internet.
METROPOLITAN = ("01 55 87 40 90", "02 40 12 34 56", "03 20 12 34 56", "04 91 12 34 56",
                "05 56 12 34 56", "07 81 12 34 56", "09 70 12 34 56")  # fmt: skip
TERRITORIES = ("GP", "BL", "MF", "MQ", "GF", "RE", "YT", "PM", "NC", "PF", "WF", "MC")


@each_row(
    ("typed", "territory", "prefix"),
    [(typed, region, prefix) for region, prefix, numbers in OVERSEAS for typed in numbers],
)
@each_row("form", ["{0}", "+33 {0}", "0033{1}"])
def test_t_06_si_14_an_overseas_number_is_named_in_france(
    typed: str, territory: str, prefix: str, form: str
) -> None:
    """With the prefix of France too: these digits are never a French number."""
    if form != "{0}" and territory in ("MC", "PF"):
        return  # eight digits behind a French prefix are a slip, of no country
    _, error = check_phone(form.format(typed, typed.lstrip("0").replace(" ", "")), "FR")
    assert error is not None
    assert (error.code, error.params["prefix"]) == ("other_territory", prefix)
    assert error.params["country"] in (
        {"GP", "BL", "MF"} if territory in ("GP", "BL", "MF") else {territory}
    )


@each_row(
    ("typed", "territory"),
    [(typed, region) for region, _, numbers in OVERSEAS for typed in numbers],
)
def test_t_06_at_home_an_overseas_number_is_right(typed: str, territory: str) -> None:
    normalized, error = check_phone(typed, territory)
    assert error is None
    assert phonenumbers.is_valid_number(phonenumbers.parse(normalized))
    assert check_phone(normalized, "FR") == (normalized, None), (
        "with its prefix it is right anywhere"
    )


@pytest.mark.parametrize(
    ("typed", "territory", "normalized"),
    [("+33 6 92 12 34 56", "RE", "+262692123456"), ("0033 2 69 60 12 34", "YT", "+262269601234"),
     ("+33 (0)5 96 60 12 34", "MQ", "+596596601234"), ("+33 5 90 27 12 34", "BL", "+590590271234"),
     ("+33 5 08 41 12 34", "PM", "+508411234"), ("+262 1 55 87 40 90", "FR", "+33155874090")],
)  # fmt: skip
def test_t_06_at_home_a_prefix_of_the_same_plan_is_corrected(
    typed: str, territory: str, normalized: str
) -> None:
    """« Another territory: choose this country » would name the one that is chosen."""
    assert check_phone(typed, territory) == (normalized, None)


@each_row("territory", TERRITORIES)
@each_row("typed", METROPOLITAN)
def test_t_06_a_metropolitan_number_is_named_overseas(typed: str, territory: str) -> None:
    if territory == "MC" and typed.startswith(("06", "07")):
        return  # mobile numbers of Monaco begin so too
    _, error = check_phone(typed, territory)
    assert error is not None
    assert (error.code, error.params) == ("other_territory", {"country": "FR", "prefix": "+33"})
    assert check_phone(typed, "FR")[1] is None


@pytest.mark.parametrize(
    ("typed", "country", "there"),
    [("0596 60 12 34", "GP", "MQ"), ("0692 12 34 56", "MQ", "RE"), ("0590 20 12 34", "RE", "GP"),
     ("0508 41 12 34", "GP", "PM"), ("0596 60 12 34", "NC", "MQ"), ("0594 10 12 34", "PM", "GF")],
)  # fmt: skip
def test_t_06_one_territory_is_named_in_another(typed: str, country: str, there: str) -> None:
    _, error = check_phone(typed, country)
    assert error is not None
    assert (error.code, error.params["country"]) == ("other_territory", there)


@pytest.mark.parametrize(
    ("typed", "country", "normalized"),
    [("0800 01 23 45", "GP", "+590800012345"), ("0806 01 23 45", "FR", "+33806012345"),
     ("0269 60 12 34", "RE", "+262269601234"), ("20 12 34", "NC", "+687201234"),
     ("72 12 34", "WF", "+681721234"), ("+687 20 12 34", "FR", "+687201234"),
     ("06 12 34 56 78", "MC", "+377612345678"), ("+377 99 12 34 56", "FR", "+37799123456")],
)  # fmt: skip
def test_t_06_numbers_that_are_right_where_they_were_typed(
    typed: str, country: str, normalized: str
) -> None:
    assert check_phone(typed, country) == (normalized, None)


def test_t_06_digits_of_several_countries_name_none() -> None:
    for typed in ("20 12 34", "72 12 34", "01 55 87 40 9"):
        _, error = check_phone(typed, "FR")
        assert error is not None
        assert error.code == "invalid"


def test_an_empty_number_is_missing() -> None:
    for typed in ("", "  ", "\u00a0"):
        _, error = check_phone(typed, "FR")
        assert error is not None
        assert (error.code, error.params) == ("missing", {"example": "01 23 45 67 89"})


def test_every_country_has_an_example() -> None:
    assert phone_example("BE") == "012 34 56 78"
    assert phone_example("AQ") == "+33 1 23 45 67 89"


@pytest.mark.parametrize(
    ("typed", "normalized", "code"),
    [("", "", None), (" 40 12 ", "4012", None), ("12345678", "12345678", None),
     ("123456789", "123456789", "too_long"), ("poste 4", "4", None),
     ("٤", "4", None), ("4\n", "4", None), ("4 bis", "4BIS", "digits_only"),
     ("Poste", "POSTE", "digits_only")],
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
