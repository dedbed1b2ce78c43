"""Invalid input, from profile's rules to the texts of the page."""

from datetime import date

import pytest

from services.gateway.portal.profile_messages import information_text, information_texts
from services.profile.establishment_record import SiretCheck
from services.profile.fields import validate
from shared.contracts.base import FieldError
from shared.contracts.profile.views import ProfileFields
from tests.support.harness.profile_forms import BELGIAN, FRENCH, but, errors_of

POSTAL_CODE = "Saisissez un code postal à 5 chiffres, exemple : 33380."
#: Field, input, error text at the field.
SENTENCES = [
    *(
        ("phone", typed, "Ce numéro de téléphone n'est pas valable. Exemple : 01 23 45 67 89.")
        for typed in (
            "06 1234 567",
            "3615",
            "112",
        )
    ),
    ("phone", "0155874090 M. Roux", "Saisissez seulement des chiffres."),
    (
        "phone",
        "0155874090 poste 4",
        "Laissez ici le numéro seul, et saisissez 4 dans le champ « Poste ».",
    ),
    (
        "phone",
        "0590123456",
        (
            "Ce numéro est celui d'un autre territoire (Guadeloupe) : choisissez ce pays, ou "
            "corrigez le numéro (+590)."
        ),
    ),
    ("siret", "7328293200007", "Saisissez 14 chiffres (il y en a 13)."),
    ("siret", "7328293200007O", "Saisissez 14 chiffres (il y en a 13)."),
    ("siret", "73282932000079", "Ce n° de Siret est inexact : vérifiez chaque chiffre."),
    ("siret", "00000000000000", "Ce n° de Siret est inexact : vérifiez chaque chiffre."),
    ("siret", "", "Saisissez les 14 chiffres du n° de Siret : il est obligatoire en France."),
    *(("postal_code", typed, POSTAL_CODE) for typed in ("7511", "00100", "ABCDE")),
    ("postal_code", "2A004", "Saisissez un code postal à 5 chiffres. En Corse, il commence par 20"),
    ("address", "x" * 201, "Saisissez au plus 200 caractères."),
    ("address", "12 rue 🏥", "Retirez le signe « 🏥 », qui n'est pas accepté."),
]


def texts_of(form: ProfileFields, field: str, lang: str = "fr") -> list[str]:
    """The errors at a field, with ordinary spaces."""
    found = information_texts(tuple(errors_of(form)), lang).get(field, [])
    return [" ".join(text.split()) for text in found]


@pytest.mark.parametrize(("field", "typed", "sentence"), SENTENCES)
def test_g_34_each_invalid_input_has_its_error_at_the_field(
    field: str, typed: str, sentence: str
) -> None:
    """AX-04: only this field has an error, as text, in both languages."""
    form = but(FRENCH, **{field: typed})
    (shown,) = texts_of(form, field)
    assert sentence in shown
    assert {error.field for error in errors_of(form)} == {field}
    (english,) = texts_of(form, field, "en")
    assert english != shown


def test_a_siret_is_for_france() -> None:
    (shown,) = texts_of(but(BELGIAN, siret="73282932000074"), "siret")
    assert shown.startswith("Le n° de Siret n'existe qu'en France")


def test_a_result_of_the_directory_is_no_error() -> None:
    closed = FieldError(
        field="siret", code="closed", params={"date": date(2024, 5, 31).isoformat()}
    )
    shown = information_text(closed, "fr")
    assert shown == (
        "D'après le répertoire Sirene, cet établissement est fermé depuis le 31 mai 2024."
    )
    silent = validate(FRENCH, SiretCheck(state="deferred"))
    assert not silent.errors
    (warning,) = silent.warnings
    assert (
        information_text(warning, "fr")
        == "Ce n° de Siret sera vérifié plus tard. Vous pouvez continuer."
    )
