"""Parsing of what the company directory answers (SI-05, SI-06, SI-08)."""

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.profile.establishment_record import EstablishmentRecord, parse_record
from tests.support.harness.profile_forms import FRENCH, but, codes_of
from tests.support.servers.company_directory import (
    BRANCH,
    CLOSED,
    HEAD_OFFICE,
    HIDDEN,
    HOSPITAL,
    UNKNOWN,
    body_of,
    company,
    establishment,
)


def read(body: Any, siret: str = BRANCH) -> EstablishmentRecord | None:
    return parse_record(json.dumps(body).encode(), siret)


def test_si_05_the_head_office_has_its_address_in_parts() -> None:
    assert read(body_of(HEAD_OFFICE), HEAD_OFFICE) == EstablishmentRecord(
        state="found",
        company_name="LABORATOIRE D'ETE",
        address="12 BIS RUE DE L'EGLISE",
        address_extra="BATIMENT B",
        postal_code="75015",
        city="PARIS",
    )


def test_si_05_an_address_in_one_line_is_cut_at_its_postal_code() -> None:
    assert read(body_of(BRANCH)) == EstablishmentRecord(
        state="found",
        company_name="LABORATOIRE D'ETE",
        address="3 RUE 8 MAI 1945",
        address_extra="ZI NORD",
        postal_code="69009",
        city="LYON CEDEX 09",
    )


def test_si_06_a_closed_establishment_has_its_date() -> None:
    answer = read(body_of(CLOSED), CLOSED)
    assert answer is not None
    assert (answer.state, answer.closed_on) == ("closed", date(2024, 5, 31))
    hidden = establishment(
        BRANCH, etat_administratif="F", statut_diffusion_etablissement="P", date_fermeture="?"
    )
    assert read({"results": [company("X", hidden)]}) == EstablishmentRecord(state="closed")


@pytest.mark.parametrize("siret", [HIDDEN, UNKNOWN])
def test_si_06_not_published_or_unknown_is_unlisted(siret: str) -> None:
    assert read(body_of(siret), siret) == EstablishmentRecord(state="unlisted")


def test_si_05_only_the_same_number_counts() -> None:
    assert read(body_of(HEAD_OFFICE), UNKNOWN) == EstablishmentRecord(state="unlisted")


def test_si_08_a_finess_number_identifies_a_hospital_pharmacy() -> None:
    answer = read(body_of(HOSPITAL), HOSPITAL)
    assert answer is not None
    assert answer.hospital_pharmacy


def test_hidden_long_or_unreadable_texts_are_left_out() -> None:
    one = establishment(
        BRANCH,
        adresse="é" * 380 + " 75015 PA\u202eRIS",
        code_postal="[NON-DIFFUSIBLE]",
        libelle_commune="PA\u202eRIS",
    )
    found = read({"results": [company("N" * 201, one, nom_complet="<\u200bb>")]})
    assert found == EstablishmentRecord(state="found", postal_code="75015")


@pytest.mark.parametrize(
    ("line", "extra", "street"),
    [
        ("29 AVENUE DU MARECHAL DE LATTRE DE TASSIGNY", "", None),
        (
            "CENTRE COMMERCIAL LES TROIS FONTAINES NIVEAU 2 29 AVENUE DU MARECHAL DE LATTRE DE "
            "TASSIGNY",
            "CENTRE COMMERCIAL LES TROIS FONTAINES NIVEAU 2",
            "29 AVENUE DU MARECHAL DE LATTRE DE TASSIGNY",
        ),
        ("BATIMENT B 12 BIS RUE DE L EGLISE", "BATIMENT B", "12 BIS RUE DE L EGLISE"),
        ("PARC DES 3 CHENES ROUTE DE PARIS", "PARC DES 3 CHENES", "ROUTE DE PARIS"),
        ("HOPITAL NORD CHEMIN DES BOURRELY", "HOPITAL NORD", "CHEMIN DES BOURRELY"),
        ("BP 12 RUE DE LA GARE", "BP 12", "RUE DE LA GARE"),
        ("ZONE DE LA ROUTE DE LYON 4 B ALLEE 9", "ZONE DE LA ROUTE DE LYON", "4 B ALLEE 9"),
        ("5 RUE DE LA PLACE VERTE", "", None),
        ("10 AVENUE DE LA ROUTE DE BOIS", "", None),
        ("12 RUE DU 8 MAI 1945", "", None),
        ("LIEU DIT LE BOURG", "", None),
        ("ZONE INDUSTRIELLE DE LA ROUTE", "", None),
        ("C" * 190 + " 3 " + "RUE " + "D" * 190, "C" * 190, "3 RUE " + "D" * 190),
    ],
)
def test_t_01_an_address_in_one_line_is_split_over_the_lines_of_the_form(
    line: str, extra: str, street: str | None
) -> None:
    found = read({"results": [company("X", establishment(BRANCH, adresse=f"{line} 95000 CERGY"))]})
    assert found is not None
    assert (found.address_extra, found.address) == (extra, line if street is None else street)
    assert (found.postal_code, found.city) == ("95000", "CERGY")


@pytest.mark.parametrize(
    "mask",
    ["[ND]", "[ ND ]", "[nd]", "[NON-DIFFUSIBLE]", "[Non diffusible]", "ND", "N.D.", "n d",
     "NON-DIFFUSIBLE", "Non communiqué", "non renseignée", "XXX", "xxxxx", "***", "-", ".", " . ",
     "PHARMACIE [ND]", "[ND] [ND]", "[MASQUE]"],
)  # fmt: skip
def test_t_17_a_mask_of_any_form_is_no_data(mask: str) -> None:
    one = establishment(BRANCH, adresse=mask, code_postal=mask, libelle_commune=mask)
    found = read({"results": [company(mask, one, nom_complet=mask)]})
    assert found == EstablishmentRecord(state="found")
    parts = establishment(
        BRANCH, libelle_voie=mask, complement_adresse=mask, numero_voie="4", type_voie="RUE"
    )
    partly = read({"results": [company("X", parts)]})
    assert partly is not None
    assert partly.address_extra == ""


@pytest.mark.parametrize("name", ["NDR SARL", "XXL PHARMA", "N 101", "L'ESSENTIEL - PARIS"])
def test_t_17_a_name_that_resembles_a_mask_is_data(name: str) -> None:
    found = read({"results": [company(name, establishment(BRANCH))]})
    assert found is not None
    assert found.company_name == name


_WORDS = st.lists(
    st.sampled_from(["12", "BIS", "RUE", "AVENUE DU", "[ND]", "BP", "É" * 60, "75015", "2A004",
                     "00000", "LES LILAS", "\u200b", "\u202e", ".", "🏥", "N", ""]),
    max_size=12,
).map(" ".join)  # fmt: skip


@given(st.lists(_WORDS, min_size=8, max_size=8))
def test_t_01_what_is_suggested_is_accepted(words: list[str]) -> None:
    names = ("adresse", "complement_adresse", "numero_voie", "type_voie", "libelle_voie",
             "code_postal", "libelle_commune", "cedex")  # fmt: skip
    one = establishment(BRANCH, **dict(zip(names, words, strict=True)))
    found = read({"results": [company(words[0], one)]})
    assert found is not None
    suggested = {
        field: getattr(found, field)
        for field in ("company_name", "address", "address_extra", "postal_code", "city")
        if getattr(found, field)
    }
    assert codes_of(but(FRENCH, **suggested)) == {}


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"{}", b'{"results": null}', b'{"results": [1]}', b"\xff\xfe",
     b'{"results": [{"matching_etablissements": "x"}]}', b'{"erreur": "Veuillez"}',
     b"[" * 200_000, b'{"results":' + b"[" * 200_000, b"<html>", b'{"results": [{}]} x'],
)  # fmt: skip
def test_a_malformed_body_is_no_record(body: bytes) -> None:
    assert parse_record(body, BRANCH) is None


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["siret", "adresse", "siege", "liste_finess", "nom_complet"]), inner
        )
    ),
    max_leaves=8,
)


@given(_JSON)
def test_any_json_is_harmless(answer: Any) -> None:
    for body in (answer, {"results": answer}, {"results": [{"matching_etablissements": answer}]}):
        answer = read(body)
        assert answer is None or answer.state in ("found", "closed", "unlisted")
