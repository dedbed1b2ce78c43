"""The hints of the fields that differ by country (P-21, T-14)."""

import pytest

from services.gateway.portal.country_hints import HINTED, TEXTS, country_context, hint_table
from shared.domain.countries import country_codes


def hints(country: str, lang: str = "en") -> dict[str, str]:
    """The hints of a country, in a language."""
    return country_context(country, lang).hints


def test_p_21_a_belgian_reads_belgian_hints() -> None:
    assert hints("BE") == {
        "phone": "Direct line, or switchboard and extension. Example: 012 34 56 78. For a number "
        "in another country, start with + and its country code.",
        "vat": "It starts with BE.",
        "address": "Number and street.",
        "postal_code": "Example: 4000.",
        "city": "With the state or province, if any.",
    }


def test_si_10_the_length_of_a_line_is_a_hint_in_france_only() -> None:
    assert "38" in hints("FR")["address"]
    assert "38" in hints("RE")["address"]
    for country in ("BE", "IE", "NC", "MC"):
        assert "38" not in hints(country)["address"]
        assert "CEDEX" not in hints(country)["city"]


@pytest.mark.parametrize(
    ("country", "hint", "required"),
    [("FR", "5 digits, for example 33380.", True), ("RE", "5 digits, for example 97400.", True),
     ("GH", "Optional: this country has no postcodes.", False),
     ("IE", "Optional. Example: A65 F4E2.", False), ("KP", "Optional.", False),
     ("XK", "Optional. Example: 10000.", False)],
)  # fmt: skip
def test_t_14_the_hint_of_the_postal_code_is_of_the_country(
    country: str, hint: str, required: bool
) -> None:
    found = country_context(country, "en")
    assert (found.hints["postal_code"], found.postal_code_required) == (hint, required)


def test_the_table_of_the_script_has_every_country_and_kind() -> None:
    table = hint_table()
    assert set(table) == country_codes()
    kinds = {kind for hints in table.values() for kind, _ in hints.values()}
    assert kinds <= set(TEXTS)
    assert set(HINTED) - {"phone", "postal_code"} <= set(TEXTS), "the kind of those not listed"


def test_an_unknown_country_has_the_hints_of_france() -> None:
    for unknown in ("", "ZZ", "x" * 500):
        assert hints(unknown) == hints("FR")
