"""Two versions of a draft are compared field by field (P-01)."""

import pytest

from services.gateway.features.profile.draft_conflicts import (
    ALL,
    OtherValue,
    is_outdated,
    other_values,
    take_over,
)
from services.gateway.portal import profile_form
from tests.support.pages.information_states import BELGIAN, FRENCH


@pytest.mark.parametrize(
    ("shown", "outdated"),
    [("2", True), ("0", True), ("4", True), ("3", False), ("", False), ("x", False),
     ("٣", False), ("-1", False), ("9" * 10, False)],
)  # fmt: skip
def test_p_01_a_form_of_another_version_is_recognised(shown: str, outdated: bool) -> None:
    assert is_outdated({"version": shown}, 3) is outdated
    assert is_outdated({}, 3) is False


def test_p_01_each_differing_field_has_the_other_value_as_people_read_it() -> None:
    mine = profile_form.to_form(FRENCH)
    others = other_values(mine, BELGIAN, "fr")
    assert others["country"] == OtherValue("BE", "Belgique")
    assert others["position"] == OtherValue("other", "Autres")
    assert others["siret"] == OtherValue("", "")
    assert others["city"].text == "Brussel"
    assert not {"terms", "filled_in", "version"} & set(others)
    assert other_values(mine, FRENCH, "fr") == {}
    assert other_values({**mine, "city": f" {FRENCH.city} "}, FRENCH, "fr") == {}


def test_p_01_one_value_or_all_are_taken_over() -> None:
    mine = {**profile_form.to_form(FRENCH), "version": "3", "mark": "m"}
    one = take_over(mine, BELGIAN, "city")
    assert one is not None
    assert (one["city"], one["address"], one["mark"]) == ("Brussel", FRENCH.address, "m")
    assert "city" not in other_values(one, BELGIAN, "fr")
    assert "address" in other_values(one, BELGIAN, "fr"), "the others are still shown"
    everything = take_over(mine, BELGIAN, ALL)
    assert everything is not None
    assert other_values(everything, BELGIAN, "fr") == {}
    for unknown in ("", "terms", "filled_in", "csrf", "version", "__class__"):
        assert take_over(mine, BELGIAN, unknown) is None
