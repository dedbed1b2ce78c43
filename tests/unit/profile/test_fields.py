"""Validation of the whole form: errors, normalized fields, flags (G-31, G-32, G-34)."""

import time
from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.profile.establishment_record import SiretCheck
from services.profile.fields import check_storable, validate
from shared.contracts.profile.views import ProfileFields
from tests.support.harness.profile_forms import BELGIAN, FRENCH, but, codes_of

CLOSED = SiretCheck(state="closed", closed_on=date(2024, 5, 31))
TEXTS = [field for field, value in msgspec.structs.asdict(FRENCH).items() if value is not True]


def test_g_31_g_32_a_french_pharmacy_is_normalized() -> None:
    result = validate(FRENCH, None)
    assert (result.errors, result.warnings, result.flags) == ((), (), ())
    assert result.fields == but(FRENCH, phone="+33155874090", siret="73282932000074")


def test_si_12_a_belgian_laboratory_needs_no_siret() -> None:
    result = validate(BELGIAN, None)
    assert result.errors == ()
    assert result.fields == but(BELGIAN, phone="+3225284000", vat="BE0428759497")


def test_g_32_g_34_an_empty_form_names_every_mandatory_field_in_the_order_of_the_form() -> None:
    errors = validate(ProfileFields(), None).errors
    assert {error.code for error in errors} == {"missing"}
    assert [error.field for error in errors] == [
        "last_name", "first_name", "phone", "position", "siret", "company_name",
        "establishment_type", "postal_code", "address", "city", "terms",
    ]  # fmt: skip
    assert codes_of(ProfileFields(country=""))["country"] == "missing"


def test_g_34_all_errors_are_reported_at_once() -> None:
    form = but(FRENCH, phone="112", siret="1", postal_code="7511", city="", terms=False)
    assert list(codes_of(form)) == ["phone", "siret", "postal_code", "city", "terms"]


@pytest.mark.parametrize("field", ["position", "establishment_type"])
def test_si_15_other_requires_a_text(field: str) -> None:
    other = but(FRENCH, **{field: "other"})
    assert codes_of(other) == {f"{field}_other": "missing"}
    assert codes_of(but(other, **{f"{field}_other": "Pharmacien délégué"})) == {}
    unused = but(FRENCH, **{f"{field}_other": "😀" * 200})
    assert codes_of(unused) == {}
    assert getattr(validate(unused, None).fields, f"{field}_other") == ""


@pytest.mark.parametrize("field", ["address", "address_extra", "city"])
def test_si_10_a_line_of_an_address(field: str) -> None:
    assert codes_of(but(FRENCH, **{field: "é" * 200})) == {}
    assert codes_of(but(FRENCH, **{field: "e\u0301" * 200})) == {}, "counted after NFC"
    assert codes_of(but(FRENCH, **{field: "é" * 201})) == {field: "too_long"}
    for picture in ("Rue 🏥", "Rue \u2764\ufe0f", "1\u20e3", "Ru\u200be", "Ru\u202ee", "Ru\u2028e"):
        assert codes_of(but(FRENCH, **{field: picture})) == {field: "forbidden_characters"}


@pytest.mark.parametrize(
    ("field", "form", "line"),
    [
        ("address", BELGIAN, "Unit 4, Block C, Industrial Development Authority Business Park"),
        ("address", FRENCH, "29 AVENUE DU MARECHAL DE LATTRE DE TASSIGNY"),
        ("city", FRENCH, "Saint-Remy-en-Bouzemont-Saint-Genest-et-Isson"),
        ("city", BELGIAN, "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch"),
        ("address_extra", FRENCH, "Centre commercial Les Trois Fontaines, bâtiment C, niveau 2"),
        (
            "address",
            BELGIAN,
            "99/9 Moo 4, Soi Sukhumvit 101/1, Sukhumvit Road, Bang Chak, Phra Khanong, Bangkok",
        ),
        ("company_name", FRENCH, "SOCIETE " + "D EXPLOITATION " * 9),
    ],
)
def test_t_01_si_10_lines_are_as_long_as_reality(
    field: str, form: ProfileFields, line: str
) -> None:
    assert len(line) > 38
    assert codes_of(but(form, **{field: line})) == {}


@pytest.mark.parametrize(
    "line", ["12 rue de l'Église", "Z.I. n° 5 & 6", "Lot № 3 (bât. B)", "«Œuvre»", "東京", "A+B/C"]
)
def test_si_10_usual_addresses_and_company_names(line: str) -> None:
    assert codes_of(but(FRENCH, address=line, company_name=line, city=line)) == {}


def test_names_follow_registrations_rule() -> None:
    assert codes_of(but(FRENCH, last_name="www.exemple.fr")) == {"last_name": "web_address"}
    assert codes_of(but(FRENCH, first_name="<b>")) == {"first_name": "forbidden_characters"}


def test_si_06_closed_requires_a_reason_and_is_flagged() -> None:
    result = validate(FRENCH, CLOSED)
    assert [(one.field, one.code) for one in result.errors] == [("closed_reason", "missing")]
    (warning,) = result.warnings
    assert (warning.code, warning.params) == ("closed", {"date": "2024-05-31"})
    reasoned = validate(but(FRENCH, closed_reason=" Transfert\r\nen cours "), CLOSED)
    assert (reasoned.errors, reasoned.fields.closed_reason) == ((), "Transfert en cours")
    assert reasoned.flags == ("closed_establishment",)
    assert validate(but(FRENCH, closed_reason="sans objet"), None).fields.closed_reason == ""


@pytest.mark.parametrize(
    ("state", "code", "flags"),
    [
        ("found", None, ()),
        ("unlisted", "unlisted", ("unlisted_establishment",)),
        ("deferred", "check_deferred", ("check_deferred",)),
    ],
)
def test_si_06_unlisted_or_deferred_is_accepted_and_flagged(
    state: str, code: str | None, flags: tuple[str, ...]
) -> None:
    result = validate(FRENCH, SiretCheck(state=state))
    assert result.errors == ()
    assert [one.code for one in result.warnings] == ([code] if code else [])
    assert result.flags == flags
    assert validate(BELGIAN, SiretCheck(state=state)).warnings == (), "there is no SIRET to look up"


@pytest.mark.parametrize("field", ["position", "establishment_type", "country"])
def test_an_unknown_choice_is_not_even_stored(field: str) -> None:
    refusal = check_storable(but(FRENCH, **{field: "agent"}))
    assert refusal is not None
    assert (refusal.slug, refusal.params) == ("unknown_choice", {"field": field})


def test_a_draft_may_be_wrong_or_incomplete() -> None:
    assert check_storable(ProfileFields(country="")) is None
    wrong = but(FRENCH, siret="x", phone="😀", city="é" * 500, closed_reason="a\r\nb\tc")
    assert check_storable(wrong) is None


@pytest.mark.parametrize("value", ["a\0b", "a\nb", "\x1b[31m", "\u0085", "\x7f"])
def test_control_characters_are_not_stored(value: str) -> None:
    for field in ("last_name", "address", "closed_reason"):
        if field == "closed_reason" and value == "a\nb":
            continue
        refusal = check_storable(but(FRENCH, **{field: value}))
        assert refusal is not None
        assert refusal.slug == "invalid_fields"
        assert [(one.field, one.code) for one in refusal.errors] == [
            (field, "forbidden_characters")
        ]


@pytest.mark.parametrize(
    "field", [one for one in TEXTS if one not in ("position", "establishment_type", "country")]
)
def test_in_07_long_texts_are_not_stored_and_take_no_time(field: str) -> None:
    for text in ("a" * 100_000, " " * 100_000, "\u0301" * 100_000, "0." * 50_000):
        form = but(FRENCH, **{field: text})
        started = time.thread_time()
        refusal = check_storable(form)
        assert time.thread_time() - started < 0.05
        assert refusal is not None
        assert [one.code for one in refusal.errors] == ["too_long"]


_FORMS = st.builds(
    ProfileFields,
    **{
        field: st.sampled_from(["", "FR", "GP", "BE", "HK"])
        if field == "country"
        else st.sampled_from(["", "other"])
        if field in ("position", "establishment_type")
        else st.text(max_size=45)
        for field in TEXTS
    },
    terms=st.booleans(),
)


@given(_FORMS)
def test_any_form_is_validated_and_normalized_fields_stay_valid(form: ProfileFields) -> None:
    result = validate(form, None)
    fields = [error.field for error in result.errors]
    assert len(fields) == len(set(fields)), "one error per field"
    if not result.errors:
        assert validate(result.fields, None) == result
