"""The pages of the complementary information in every state, read from their HTML."""

import pytest
from bs4 import Tag

from services.gateway.portal.profile_fields import FIELDS, LABELS
from services.gateway.portal.profile_form import NAMES
from tests.support.pages.information_states import WRONG
from tests.support.pages.render_pages import Page
from tests.unit.gateway.templates.parsed_pages import ALL, one, soup, state

FORM = "form#informations"
#: AX-02: fields with autocompletion.
COMPLETED = {
    "last_name": "family-name",
    "first_name": "given-name",
    "email": "email",
    "phone": "tel",
    "phone_extension": "tel-extension",
    "position": "organization-title",
    "country": "country",
    "company_name": "organization",
    "address": "address-line1",
    "address_extra": "address-line2",
    "postal_code": "postal-code",
    "city": "address-level2",
}


def text(page: Page, selector: str = "main") -> str:
    """The visible text there, with normalized spaces."""
    return " ".join(one(page, selector).get_text(" ").replace("\u00a0", " ").split())


def label(page: Page, name: str) -> str:
    """A field's label without its hint."""
    found = one(page, f"label[for={name}]")
    hint = found.select_one(".fr-hint-text")
    content = found.get_text(" ").replace(hint.get_text(" ") if hint else "\0", "")
    return " ".join(content.replace("\u00a0", " ").split())


def english(name: str) -> Page:
    """A state in English."""
    return next(
        one for one in ALL if (one.state.name, one.language, one.theme) == (name, "en", "dsfr")
    )


def test_g_31_g_32_the_labels_are_those_of_the_guide_with_mandatory_ones_marked() -> None:
    page = state("information")
    assert {name: label(page, name) for name in ("last_name", "siret", "address_extra")} == {
        "last_name": "Nom *",
        "siret": "N° de Siret * (obligatoire si Français)",
        "address_extra": "Complément adresse",
    }
    optional = {"phone_extension", "address_extra", "vat", "lei", "eori"}
    for name in LABELS:
        if soup(page).select_one(f"#{name}"):
            assert ("*" in label(page, name)) == (name not in optional), name
    for words in (
        "Saisir les 14 chiffres du numéro",
        "J'ai lu et m'engage à respecter les conditions générales d'utilisation",
        "Les informations obligatoires à l'enregistrement sont signalées par le symbole (*)",
        "le Siret du site de l'établissement de santé",
        "Étape 5 sur 5",
    ):
        assert words in text(page), words


def test_g_31_g_32_the_choices_are_the_guides() -> None:
    page = state("information")

    def options(name: str) -> list[str]:
        return [option.get_text() for option in soup(page).select(f"#{name} option[value]")]

    assert options("position")[1:] == [
        "Pharmacien Responsable",
        "Pharmacien Responsable Intérimaire",
        "Autres",
    ]
    assert options("establishment_type")[1:] == [
        "Etablissement pharmaceutique",
        "Pharmacie à usage intérieur",
        "Autres",
    ]
    countries = options("country")
    assert countries[0] == "France"
    assert countries[1:5] == ["Afghanistan", "Afrique du Sud", "Albanie", "Algérie"]
    assert len(countries) > 240
    assert one(page, "#country option[selected]").get_text() == "France"


def test_ax_03_two_fieldsets_with_their_legends_and_the_country_first() -> None:
    page = state("information")
    fieldsets = soup(page).select(f"{FORM} fieldset")
    assert [one.select_one("legend").get_text(strip=True) for one in fieldsets] == [  # type: ignore[union-attr]
        "Vos informations",
        "Votre établissement",
    ]
    fields = [str(one["id"]) for one in fieldsets[1].select("input, select")]
    assert fields[:2] == ["country", "siret"]


def test_ax_02_fields_allow_autocompletion() -> None:
    page = state("information")
    found = {
        str(field["id"]): str(field["autocomplete"])
        for field in soup(page).select(f"{FORM} :is(input, select)[autocomplete]")
        if field["autocomplete"] != "off"
    }
    assert found == COMPLETED


def test_the_form_sends_what_the_route_takes() -> None:
    page = soup(state("information-two-versions"))
    names = {str(one["name"]) for one in page.select(f"{FORM} [name]")}
    assert names == {"csrf", "key", *NAMES.split()}


def test_p_01_both_versions_are_shown() -> None:
    """Mine in the fields, the saved one's below each that differs."""
    page = state("information-two-versions")
    assert one(page, "#phone")["value"] == "01 55 87 40 90"
    assert text(page, "#phone-autre") == "Version enregistrée : 01 55 87 40 91"
    assert text(page, "#country-autre") == "Version enregistrée : Belgique"
    assert text(page, "#siret-autre") == "Version enregistrée : (vide)"
    assert soup(page).select("#address-autre") == []
    assert "Ce brouillon a été enregistré entre-temps" in text(page, "#alerte")
    first = soup(page).select(f"{FORM} button, button[form=informations]")[0]
    assert not first.has_attr("name"), "the Enter key presses it"


def test_ax_04_every_error_is_at_its_field_and_in_the_summary() -> None:
    """In red, as text, all at once."""
    page = state("information-errors")
    wrong = [str(one["id"]) for one in soup(page).select("[aria-invalid=true]")]
    assert wrong == [error.field for error in WRONG]
    for error in WRONG:
        assert one(page, f"#{error.field}-messages").get_text(strip=True), error.field
    shown = text(page, "#erreurs")
    assert shown.startswith("20 informations à compléter ou à corriger")
    assert "mot de passe" not in shown
    for words in (
        "choisissez ce pays, ou corrigez le numéro (+590).",
        "Saisissez seulement des chiffres.",
        "Ce n° de Siret est inexact : vérifiez chaque chiffre.",
        "Saisissez un code postal à 5 chiffres. En Corse, il commence par 20",
        "Saisissez au plus 200 caractères.",
    ):
        assert words in shown, words
    assert "Brouillon enregistré à 10:42 (heure de Paris). Vous devez valider" in text(page)


@pytest.mark.parametrize("name", ["information-wrong-country"])
def test_a_siret_outside_france_is_refused(name: str) -> None:
    assert "Le n° de Siret n'existe qu'en France" in text(state(name))


@pytest.mark.parametrize(
    ("name", "shown", "asked"),
    [
        (
            "information-closed",
            ("D'après le répertoire Sirene, cet établissement est fermé depuis le 31 mai 2024."),
            True,
        ),
        ("information-unlisted", "absent du répertoire Sirene", False),
        (
            "information-deferred",
            "Ce n° de Siret sera vérifié plus tard. Vous pouvez continuer.",
            False,
        ),
        ("information", "", False),
    ],
)
def test_si_06_the_result_of_the_lookup_and_the_reason_only_where_it_is_required(
    name: str, shown: str, asked: bool
) -> None:
    page = state(name)
    assert shown in text(page, "#siret-etat")
    assert one(page, "#ferme").has_attr("hidden") is not asked


def test_ax_06_the_summary_shows_the_input_and_needs_a_confirmation() -> None:
    for name, where in (("information_validation", "main"), ("information-dialog", "#validation")):
        page = state(name)
        for shown in ("01 55 87 40 90", "4512", "732 829 320 00074", "Bâtiment C, 2e étage"):
            assert shown in text(page, where), shown
        assert "Tout est exact ? Après validation, seul le secrétariat peut corriger" in text(
            page, where
        )
        for words in ("Confirmer la validation", "Revenir"):
            assert words in text(page, where)
    assert "ont changé dans une autre fenêtre" in text(state("information_validation-changed"))
    assert "fermé depuis le 31 mai 2024" in text(
        state("information_validation-closed"), "#siret-lu"
    )
    unavailable = state("information_validation-unavailable")
    assert "Ce service ne répond pas" in text(unavailable)
    assert "732 829 320 00074" in text(unavailable)


def test_g_35_frozen_information_is_read_only_and_names_a_contact() -> None:
    page = state("information_frozen")
    assert soup(page).select("main :is(input, select, textarea)") == []
    assert "Ces informations ne sont plus modifiables directement" in text(page)
    assert one(page, "main a[href='/compte/correction']").get_text() == "Demander une correction"
    assert "01.55.87.40.90" in text(page)
    assert "Informations déjà validées." in text(state("information_frozen-again"))
    shown = {str(one["id"]).removesuffix("-lu") for one in soup(page).select("main dd")}
    assert shown <= {field.name for field in FIELDS if field.part and not field.other_of}


def test_a_foreign_laboratory_is_shown_in_english() -> None:
    page = english("information-foreign")
    assert label(page, "siret") == "SIRET number * (required if French)"
    assert "Outside France, leave this field empty." in text(page)
    chosen = one(page, "#country option[selected]")
    assert (chosen["value"], chosen.get_text()) == ("BE", "Belgium")
    frozen = text(english("information_frozen-foreign"))
    assert "Other (Qualified Person)" in frozen
    assert "VAT number BE0403170701" in frozen


def test_the_terms_open_without_losing_the_input() -> None:
    link: Tag = one(state("information"), "label[for=terms] a")
    assert (link["href"], link["target"]) == ("/conditions", "_blank")
    assert "nouvelle fenêtre" in str(link["title"])


def test_b_11_the_account_shows_the_information_or_what_is_left_to_do() -> None:
    assert "Il vous reste à valider vos informations." in text(state("account"))
    assert one(state("account"), "main a[href='/informations']").get_text() == "Compléter"
    assert "732 829 320 00074" in text(state("account-validated"))
    assert "ne peuvent pas être affichées" in text(state("account-information-unavailable"))
