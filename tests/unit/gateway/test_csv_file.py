"""The file of dossiers: RFC 4180, and nothing in it that a spreadsheet would execute (IN-06)."""

import csv
import io

import msgspec
import pytest

from services.gateway.features.dossiers.dossier_list import file_head, file_rows
from services.gateway.portal.csv_file import csv_text
from shared.domain.spreadsheet_cells import DANGEROUS, escape_formula
from tests.support.pages.dossier_states import DECIDED, DRAFT, HOSTILE
from tests.support.pages.page_basis import BRAND


def read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=";", strict=True))


@pytest.mark.parametrize(
    "prefix", ["=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠"]
)
def test_in_06_formula_prefixes_are_quoted(prefix: str) -> None:
    assert prefix in DANGEROUS
    cell = f'{prefix}HYPERLINK("http://x.example";"y")'
    assert escape_formula(cell) == f"'{cell}"
    assert csv_text([[cell]]) == "\"'" + cell.replace('"', '""') + '"\r\n'


@pytest.mark.parametrize("cell", ["", "'=1", " =1", "5-10 mg", "a@b.example", "1+1", "é", "0,5 %"])
def test_in_06_harmless_cells_are_unchanged(cell: str) -> None:
    assert escape_formula(cell) == cell


def test_in_06_quotes_separators_and_lines_survive() -> None:
    rows = [
        ['a"b', "c;d", "e,f", "g\r\nh", "i\nj", "", 'k""l'],
        ["1", "2", "3", "4", "5", "6", "7"],
    ]
    text = csv_text(rows)
    assert text.startswith('"a""b";"c;d";"e,f";"g\r\nh";')
    assert text.endswith('"7"\r\n')
    assert read(text) == rows


def test_g_42_the_file_has_the_columns_and_labels_of_the_page() -> None:
    assert file_head("fr", BRAND.names("fr")) == [
        "Type",
        "N° de fiche",
        "Date de dépôt à l'ANSM",
        "Statut",
        "Nom de l'établissement",
        "Nom du médicament",
        "Dosage",
        "Forme pharmaceutique",
        "Date de décision ANSM",
    ]
    (decided, draft) = file_rows((DECIDED, DRAFT), "fr")
    assert decided == [
        "DEI",
        "DEI-2026-000912",
        "2026-09-14",
        "Récépissé délivré",
        "Pharmacie des Lilas",
        "Amoxicilline Exemple 500 mg, gélule",
        "500 mg",
        "Gélule",
        "2026-10-01",
    ]
    assert draft[1:4] == ["", "", "En brouillon"]
    assert file_rows((DRAFT,), "en")[0][3] == "Draft"
    assert len(file_head("en", BRAND.names("en"))) == len(decided)


def test_in_03_fields_of_events_are_inert_in_the_file() -> None:
    (row,) = read(csv_text(file_rows((HOSTILE,), "fr")))
    assert row[6] == "'=1+1"
    assert row[1] == HOSTILE.number
    evil = msgspec.structs.replace(
        HOSTILE, status="=cmd|' /C calc'!A0", number="-1", kind="@SUM(1)"
    )
    (row,) = read(csv_text(file_rows((evil,), "fr")))
    assert (row[0], row[1], row[3]) == ("'@SUM(1)", "'-1", "'=cmd|' /C calc'!A0")
