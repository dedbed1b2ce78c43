"""What the directory filled in follows the SIRET (T-02)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.profile.establishment_record import EstablishmentRecord
from services.profile.filled_in import FILLED_IN, follow_siret
from shared.contracts.profile.views import ProfileFields
from tests.support.harness.profile_forms import FRENCH, but
from tests.support.servers.company_directory import BRANCH, HEAD_OFFICE, HOSPITAL

OLD = EstablishmentRecord(
    state="found",
    company_name="OLD",
    address="1 RUE A",
    address_extra="BAT A",
    postal_code="75015",
    city="PARIS",
    hospital_pharmacy=True,
)
NEW = EstablishmentRecord(
    state="found", company_name="NEW", address="2 RUE B", postal_code="69009", city="LYON"
)
ALL = f"{HEAD_OFFICE} {' '.join(FILLED_IN)}"
#: The form after a look-up of the old number.
FILLED = but(
    FRENCH,
    siret=HEAD_OFFICE,
    company_name="OLD",
    address="1 RUE A",
    address_extra="BAT A",
    postal_code="75015",
    city="PARIS",
    establishment_type="hospital_pharmacy",
    filled_in=ALL,
)


def values(form: ProfileFields) -> list[str]:
    """The values of the fields that the directory fills in."""
    return [getattr(form, name) for name in FILLED_IN]


def test_t_02_untouched_fields_are_replaced_with_those_of_the_new_number() -> None:
    followed = follow_siret(but(FILLED, siret=BRANCH), FILLED, BRANCH, NEW)
    assert values(followed) == ["NEW", "2 RUE B", "", "69009", "LYON", ""]
    assert followed.filled_in == f"{BRANCH} company_name address postal_code city"


@pytest.mark.parametrize("record", [None, *(
    EstablishmentRecord(state=state) for state in ("closed", "unlisted", "deferred"))])  # fmt: skip
def test_t_02_untouched_fields_are_emptied_where_nothing_is_known(
    record: EstablishmentRecord | None,
) -> None:
    followed = follow_siret(but(FILLED, siret=BRANCH), FILLED, BRANCH, record)
    assert values(followed) == [""] * len(FILLED_IN)
    assert followed.filled_in == ""
    assert (followed.last_name, followed.phone) == (FILLED.last_name, FILLED.phone)


def test_t_02_what_somebody_typed_stays() -> None:
    """Without scripts the list still names it; with them it does not."""
    typed = but(FILLED, siret=BRANCH, city="Paris 15")
    for listed in (ALL, ALL.replace(" city", "")):
        followed = follow_siret(but(typed, filled_in=listed), FILLED, BRANCH, NEW)
        assert (followed.city, followed.company_name) == ("Paris 15", "NEW")
        assert "city" not in followed.filled_in


def test_t_02_an_edit_of_an_earlier_save_is_remembered() -> None:
    edited = follow_siret(but(FILLED, city="Paris 15"), FILLED, HEAD_OFFICE, OLD)
    assert edited.city == "Paris 15"
    assert "city" not in edited.filled_in
    followed = follow_siret(but(edited, siret=BRANCH), edited, BRANCH, NEW)
    assert (followed.city, followed.address) == ("Paris 15", "2 RUE B")


@pytest.mark.parametrize("siret", ["", "  "])
@pytest.mark.parametrize("country", ["FR", "BE"])
def test_t_02_without_a_number_nothing_of_one_stays(siret: str, country: str) -> None:
    followed = follow_siret(but(FILLED, siret=siret, country=country), FILLED, "", None)
    assert values(followed) == [""] * len(FILLED_IN)


def test_t_02_a_number_that_is_being_typed_changes_nothing() -> None:
    typed = but(FILLED, siret=BRANCH[:9])
    assert follow_siret(typed, FILLED, "", None) == typed
    right_again = but(typed, siret=BRANCH)
    assert values(follow_siret(right_again, typed, BRANCH, NEW))[0] == "NEW"


def test_t_02_what_a_page_filled_in_for_the_new_number_stays() -> None:
    """The answer reached the page, and none reached the service."""
    page = but(FILLED, siret=BRANCH, company_name="NEW", filled_in=f"{BRANCH} company_name")
    assert follow_siret(page, FILLED, BRANCH, None) == page
    assert follow_siret(page, None, BRANCH, None) == page


def test_t_02_the_first_save_follows_too() -> None:
    followed = follow_siret(but(FILLED, siret=HOSPITAL), None, HOSPITAL, OLD)
    assert followed.establishment_type == "hospital_pharmacy"
    assert followed.filled_in.startswith(HOSPITAL)


@pytest.mark.parametrize(
    "listed", ["", " ", "x", f"{HEAD_OFFICE} last_name phone terms siret", "city city", "😀" * 60]
)
def test_t_02_no_other_field_can_be_emptied(listed: str) -> None:
    typed = but(FILLED, siret=BRANCH, filled_in=listed)
    followed = follow_siret(typed, FILLED, BRANCH, None)
    assert but(followed, filled_in="", city="") == but(typed, filled_in="", city="")


@given(st.text(max_size=60), st.sampled_from([HEAD_OFFICE, BRANCH, "", "1"]))
def test_any_list_is_harmless(listed: str, siret: str) -> None:
    typed = but(FILLED, siret=siret, filled_in=listed)
    valid = siret if len(siret) == 14 else ""
    once = follow_siret(typed, None, valid, NEW)
    assert follow_siret(once, once, valid, NEW) == once, "saved again it stays"
