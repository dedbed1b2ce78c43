"""Parsing of what the company directory answers (SI-05, SI-06, SI-08)."""

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.profile.establishment_record import EstablishmentRecord, parse_record
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
        address="ZI NORD 3 RUE 8 MAI 1945",
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
        adresse="é" * 300 + " 75015 PARIS\u202e",
        code_postal="[NON-DIFFUSIBLE]",
        libelle_commune="PARIS\u0000",
    )
    found = read({"results": [company("N" * 101, one, nom_complet="<b>\u200b")]})
    assert found == EstablishmentRecord(state="found", postal_code="75015")


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
