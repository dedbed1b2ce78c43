"""The complementary information: error texts, its choices, how it is listed."""

import pytest

from services.gateway.portal import profile_fields, profile_form, profile_messages
from shared.contracts.base import FieldError
from shared.contracts.profile.views import ESTABLISHMENT_TYPES, POSITIONS, ProfileFields
from shared.domain.countries import SIRET_COUNTRIES, country_codes
from shared.i18n.catalogue import translate
from tests.support.pages.information_states import BELGIAN, FRENCH

PARAMS: dict[str, str | int] = {
    "max": 200,
    "example": "01 23 45 67 89",
    "country": "GP",
    "prefix": "+590",
    "extension": "12",
    "expected": 14,
    "typed": 13,
    "beginning": "974",
    "siren": "732829320",
    "date": "2024-05-31",
}


@pytest.mark.parametrize(
    ("field", "code", "expected"),
    [
        ("phone", "invalid", "Ce numéro de téléphone n'est pas valable. Exemple : 01 23 45 67 89."),
        ("phone", "digits_only", "Saisissez seulement des chiffres."),
        (
            "phone",
            "extension",
            "Laissez ici le numéro seul, et saisissez 12 dans le champ « Poste ».",
        ),
        (
            "phone",
            "other_territory",
            (
                "Ce numéro est celui d'un autre territoire (Guadeloupe) : choisissez ce pays, ou "
                "corrigez le numéro (+590)."
            ),
        ),
        ("siret", "wrong_length", "Saisissez 14 chiffres (il y en a 13)."),
        ("siret", "wrong_key", "Ce n° de Siret est inexact : vérifiez chaque chiffre."),
        (
            "siret",
            "closed",
            "D'après le répertoire Sirene, cet établissement est fermé depuis le 31 mai 2024.",
        ),
        (
            "siret",
            "check_deferred",
            "Ce n° de Siret sera vérifié plus tard. Vous pouvez continuer.",
        ),
        (
            "vat",
            "invalid",
            (
                "Ce n° de TVA est inexact : celui de ce pays commence par +590. Vérifiez chaque "
                "signe."
            ),
        ),
        ("address", "too_long", "Saisissez au plus 200 caractères."),
        ("terms", "missing", "Cochez la case pour continuer."),
    ],
)
def test_each_error_code_has_its_text(field: str, code: str, expected: str) -> None:
    text = profile_messages.information_text(
        FieldError(field=field, code=code, params=PARAMS), "fr"
    )
    assert text.replace("\u00a0", " ") == expected


def test_an_unknown_closing_date_is_left_out() -> None:
    error = FieldError(field="siret", code="closed", params={"date": ""})
    assert (
        profile_messages.information_text(error, "fr")
        == "D'après le répertoire Sirene, cet établissement est fermé."
    )


def test_every_choice_has_a_label() -> None:
    assert tuple(profile_fields.POSITIONS) == POSITIONS
    assert tuple(profile_fields.ESTABLISHMENT_TYPES) == ESTABLISHMENT_TYPES
    for text in (*profile_fields.LABELS.values(), *profile_fields.POSITIONS.values()):
        assert translate(text, "fr")
        assert translate(text, "en")


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_every_country_is_there_once_by_its_name(lang: str) -> None:
    options = profile_form.countries(lang)
    assert {code for code, _ in options} == country_codes()
    assert len(options) == len(country_codes())
    assert {code for code, _ in options} >= SIRET_COUNTRIES
    names = [name for _, name in options]
    assert names[0] == "France"
    if lang == "fr":
        assert names.index("États-Unis") < names.index("Finlande"), "É next to E"


@pytest.mark.parametrize("fields", [FRENCH, BELGIAN, ProfileFields()])
def test_input_is_returned_unchanged(fields: ProfileFields) -> None:
    assert profile_form.from_form(profile_form.to_form(fields)) == fields
    assert profile_form.decode(profile_form.encode(fields)) == fields


@pytest.mark.parametrize(
    ("phone", "country", "shown"),
    [
        ("+33155874090", "FR", "01 55 87 40 90"),
        ("01.55.87.40.90", "FR", "01 55 87 40 90"),
        ("+3225551234", "BE", "02 555 12 34"),
        ("+3225551234", "FR", "+32 2 555 12 34"),
        ("3615", "FR", "3615"),
        ("abc", "FR", "abc"),
    ],
)
def test_si_13_a_number_is_shown_as_its_country_writes_it(
    phone: str, country: str, shown: str
) -> None:
    fields = ProfileFields(phone=phone, country=country)
    rows = {name: value for name, _, value in profile_form.summarize(fields, "p@x.fr", "fr").person}
    assert rows["phone"] == shown


def test_empty_fields_are_not_listed() -> None:
    listed = profile_form.summarize(BELGIAN, "p@x.fr", "en")
    names = [name for name, _, _ in (*listed.person, *listed.establishment)]
    assert "siret" not in names
    assert "address_extra" not in names
    assert {name: value for name, _, value in listed.person}["position"] == (
        "Other (Qualified Person)"
    )
