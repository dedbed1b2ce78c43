"""Corrections of validated information, judged by the rules of the form."""

import pytest

from services.profile.corrections import (
    Correction,
    anonymous,
    apply_changes,
    correct,
    read_changes,
)
from services.profile.establishment_record import SiretCheck
from services.profile.fields import validate
from shared.contracts.base import Refusal
from shared.contracts.profile.views import ProfileFields
from tests.support.harness.profile_forms import FRENCH, but

VALIDATED = validate(FRENCH, None).fields
CLOSED = SiretCheck(state="closed")


def checked(check: SiretCheck | None = None, **changes: str) -> Correction | Refusal:
    return correct(VALIDATED, apply_changes(VALIDATED, changes), check, check)


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ('{"city": "Lyon"}', {"city": "Lyon"}),
        ('{"city": "Lyon", "lei": ""}', {"city": "Lyon", "lei": ""}),
        ("", None),
        ("{}", None),
        ("[]", None),
        ('{"city": 1}', None),
        ('{"last_name": "Durand"}', None),
        ('{"filled_in": "x"}', None),
        ('{"version": "2"}', None),
    ],
)
def test_az_03_only_fields_of_the_form_are_corrected(
    text: str, changes: dict[str, str] | None
) -> None:
    assert read_changes(text) == changes


def test_b_14_what_changes_is_named_with_both_values() -> None:
    result = checked(city=" LYON", phone="+33 1 55 87 40 91")
    assert isinstance(result, Correction)
    assert result.changes == (
        ("phone", VALIDATED.phone, "+33155874091"),
        ("city", "Paris", "LYON"),
    )
    assert result.fields == but(VALIDATED, city="LYON", phone="+33155874091")


def test_b_14_a_value_that_is_written_otherwise_is_no_change() -> None:
    result = checked(phone="01.55.87.40.90", siret="732 829 320 00074")
    assert isinstance(result, Refusal)
    assert result.slug == "unchanged"


def test_b_14_an_error_that_was_there_before_prevents_nothing() -> None:
    old = but(VALIDATED, postal_code="", company_name="")
    result = correct(old, apply_changes(old, {"city": "Lyon"}), None)
    assert isinstance(result, Correction)
    assert (result.fields.postal_code, result.fields.company_name) == ("", "")
    refused = correct(old, apply_changes(old, {"city": ""}), None)
    assert isinstance(refused, Refusal)
    assert [error.field for error in refused.errors] == ["city"]


def test_b_14_a_closed_establishment_needs_its_reason() -> None:
    typed = apply_changes(VALIDATED, {"siret": "35600000000048"})
    refused = correct(VALIDATED, typed, CLOSED)
    assert isinstance(refused, Refusal)
    assert [error.field for error in refused.errors] == ["closed_reason"]
    explained = but(typed, closed_reason="Cession en cours")
    result = correct(VALIDATED, explained, CLOSED)
    assert isinstance(result, Correction)
    assert result.fields.closed_reason == "Cession en cours"


def test_gd_02_nothing_personal_is_left() -> None:
    left = anonymous(but(VALIDATED, position_other="Zoé Durand"))
    assert left == ProfileFields(
        position=VALIDATED.position,
        siret=VALIDATED.siret,
        company_name=VALIDATED.company_name,
        establishment_type=VALIDATED.establishment_type,
        postal_code=VALIDATED.postal_code,
        address=VALIDATED.address,
        city=VALIDATED.city,
        terms=True,
    )
