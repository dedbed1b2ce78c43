"""Links for filing and viewing dossiers: two settings, validated at the start (G-43)."""

import msgspec
import pytest

from services.gateway.features.dossiers.filing_links import FilingLinks
from services.gateway.settings import GatewaySettings
from shared.settings import load
from tests.support.pages.dossier_states import DRAFT, FILED, HOSTILE
from tests.unit.gateway.test_settings import TRY_OUT, problems

FILING, ROW = "IMPEX_FILING_URL", "IMPEX_DOSSIER_URL"


@pytest.mark.parametrize(
    "url",
    [
        "https://office.example/depot?de=impexweb#debut",
        "https://office.example:8443",
        "http://localhost:9000/x",
        "http://[::1]/x",
    ],
)
def test_g_43_where_to_file_is_an_address(url: str) -> None:
    assert load(GatewaySettings, {**TRY_OUT, FILING: url}).filing_url == url


@pytest.mark.parametrize(
    "url",
    [
        "office.example",
        "http://office.example/",
        "javascript:alert(1)",
        "https:///x",
        "https://somebody:secret@office.example/",
        "https://office.example/<x>",
        "https://office.example/a b",
        "https://office.example/é",
        "https://office.example:99999/",
        "https://[::1/",
        "https://office.example/{number}",
        "//office.example/",
    ],
)
def test_an_invalid_url_stops_the_start(url: str) -> None:
    assert list(problems(**{FILING: url})) == [FILING]


@pytest.mark.parametrize(
    "url",
    [
        "https://office.example/dossiers",
        "https://office.example/{id}",
        "https://office.example/{}",
        "https://office.example/{number}/{account_id}",
        "https://{number}.example/x",
        "https://office.example{number}",
        "{number}",
        "http://office.example/{number}",
        "https://office.example/{number}/<x>",
        "https://office.example/{number",
    ],
)
def test_the_placeholder_must_be_in_the_path(url: str) -> None:
    assert list(problems(**{ROW: url})) == [ROW]


def test_g_43_a_dossier_is_linked_by_its_id_or_number() -> None:
    for url in ("https://o.example/d/{dossier_id}?n={number}", "https://o.example/?n={number}"):
        assert load(GatewaySettings, {**TRY_OUT, ROW: url}).dossier_url == url
    by_id = FilingLinks(row_url="https://o.example/d/{dossier_id}")
    by_number = FilingLinks(row_url="https://o.example/?n={number}")
    assert by_id.link(FILED) == f"https://o.example/d/{FILED.dossier_id}"
    assert by_id.link(DRAFT) == f"https://o.example/d/{DRAFT.dossier_id}"
    assert by_number.link(FILED) == "https://o.example/?n=DEI-2026-001874"
    assert by_number.link(DRAFT) == "", "a draft has no number yet"
    assert FilingLinks().link(FILED) == ""


def test_in_03_the_placeholder_is_filled_quoted() -> None:
    links = FilingLinks(row_url="https://o.example/d/{dossier_id}/x")
    assert links.link(HOSTILE) == "https://o.example/d/..%2F..%2Fa%3Fb%3Dc%26d%23e/x"
    braces = msgspec.structs.replace(FILED, dossier_id="{number}", number="é €")
    assert links.link(braces) == "https://o.example/d/%7Bnumber%7D/x"
