"""The fields that each act takes, and what is wrong with them."""

import pytest

from services.support.act_details import FIELDS, check_details, check_note, parse_details
from services.support.orders import ORDERS
from services.support.permissions import ACTS

ACCOUNT = "0b0f8a52-3c1f-4b0e-9b0a-5b6f3f0f9d11"
ANOTHER = "5e0c1f0a-1111-4b0e-9b0a-5b6f3f0f9d11"


@pytest.mark.parametrize(
    ("text", "details"),
    [
        ("", {}),
        ("{}", {}),
        ('{"city": "Lyon"}', {"city": "Lyon"}),
        ("[]", None),
        ("{", None),
        ('{"city": 3}', None),
        ('{"city": {"a": "b"}}', None),
        ('{"city": "' + "x" * 20_000 + '"}', None),
    ],
)
def test_az_03_only_a_flat_object_of_texts_is_read(
    text: str, details: dict[str, str] | None
) -> None:
    assert parse_details(text) == details


@pytest.mark.parametrize(
    ("act", "given", "kept"),
    [
        ("deactivate_account", {}, {}),
        ("correct_information", {"city": "  Lyon "}, {"city": "Lyon"}),
        ("correct_information", {"address": "1 rue de Paris"}, {"address": "1 rue de Paris"}),
        ("change_address", {"new_address": " Zoe@Exemple.FR"}, {"new_address": "Zoe@exemple.fr"}),
        (
            "change_name",
            {"first_name": "Zoé", "last_name": "d’Été"},
            {"first_name": "Zoé", "last_name": "d’Été"},
        ),
        ("change_telephone", {"phone": "01 23 45 67 89"}, {"phone": "01 23 45 67 89"}),
        (
            "transfer_dossiers",
            {"to_account_id": ANOTHER.upper(), "confirmed_by": "leaver"},
            {"to_account_id": ANOTHER, "confirmed_by": "leaver"},
        ),
        ("undo_transfer", {"transfer_id": ANOTHER}, {"transfer_id": ANOTHER}),
        ("resend_mail", {"mail_id": ANOTHER}, {"mail_id": ANOTHER}),
        (
            "export_journal",
            {"first_day": "\u200b15/01/2026 ", "last_day": "2026-01-15"},
            {"first_day": "2026-01-15", "last_day": "2026-01-15"},
        ),
    ],
)
def test_fields_as_they_are_stored(act: str, given: dict[str, str], kept: dict[str, str]) -> None:
    assert check_details(act, given, ACCOUNT) == (kept, None)


@pytest.mark.parametrize(
    ("act", "given", "errors"),
    [
        ("correct_information", {}, {("position", "unchanged")}),
        (
            "export_journal",
            {"first_day": "31/02/2026", "last_day": ""},
            {("first_day", "format"), ("last_day", "missing")},
        ),
        (
            "export_journal",
            {"first_day": "2026-01-15", "last_day": "2026-01-14"},
            {("last_day", "before_first")},
        ),
        (
            "export_journal",
            {"first_day": "2025-01-15", "last_day": "2026-01-16"},
            {("last_day", "too_long")},
        ),
        ("correct_information", {"city": "x" * 501}, {("city", "too_long")}),
        ("change_address", {"new_address": "x" * 501}, {("new_address", "too_long")}),
        ("change_address", {}, {("new_address", "missing")}),
        ("change_address", {"new_address": "zoe"}, {("new_address", "format")}),
        (
            "change_name",
            {"first_name": "", "last_name": "x1"},
            {("first_name", "missing"), ("last_name", "forbidden_characters")},
        ),
        (
            "transfer_dossiers",
            {"to_account_id": ACCOUNT, "confirmed_by": "siret"},
            {("to_account_id", "unchanged"), ("confirmed_by", "missing")},
        ),
        ("resend_mail", {"mail_id": "1"}, {("mail_id", "format")}),
    ],
)
def test_wrong_fields_are_all_named(
    act: str, given: dict[str, str], errors: set[tuple[str, str]]
) -> None:
    _, refusal = check_details(act, given, ACCOUNT)
    assert refusal is not None
    assert {(one.field, one.code) for one in refusal.errors} == errors


@pytest.mark.parametrize(
    ("act", "field"),
    [
        ("deactivate_account", "role"),
        ("correct_information", "first_name"),
        ("correct_information", "phone"),
        ("correct_information", "terms"),
        ("change_telephone", "city"),
        ("change_address", "password"),
    ],
)
def test_az_03_a_field_of_another_act_is_refused(act: str, field: str) -> None:
    details, refusal = check_details(act, {field: "x"}, ACCOUNT)
    assert refusal is not None
    assert (details, refusal.slug, refusal.params) == ({}, "unknown_choice", {"field": field})


def test_a_note_is_plain_and_short() -> None:
    assert check_note(" Appel du 3 mars\u200b ") == ("Appel du 3 mars", None)
    _, problem = check_note("x" * 501)
    assert problem is not None
    assert problem.code == "too_long"


def test_every_order_is_an_act_of_the_matrix_and_fields_belong_to_orders() -> None:
    assert set(ORDERS) <= set(ACTS)
    assert set(FIELDS) <= set(ORDERS)
