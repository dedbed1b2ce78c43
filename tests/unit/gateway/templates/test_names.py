"""The service and its operator are settings: no text names them."""

import re
from dataclasses import replace

import pytest

from operations.texts import forms, messages, up_to_date
from services.gateway.http.rendering import Renderer
from services.gateway.portal.dossier_texts import COLUMNS
from services.gateway.portal.resources import TEMPLATES
from shared.i18n.catalogue import LANGUAGES, translate
from tests.support.pages.dossier_states import ROUTES
from tests.support.pages.page_basis import BRAND
from tests.support.pages.page_states import STATES
from tests.support.pages.render_pages import Page, render

NAMES = re.compile("IMPEX|ANSM")
#: Marks the names of the service and its operator.
OTHER = Renderer(
    replace(
        BRAND,
        service_name="PORTALIX",
        operator_name="Exemple",
        import_address="import@example.org",
        export_address="export@example.org",
        dpo_address="dpo@example.org",
        dpo_postal="1 rue des Lilas, 75000 Paris",
        sender="portalix@example.org",
    ),
    "static/{}".format,
    ROUTES.url,
    TEMPLATES,
)


def test_p_18_no_text_names_the_service_or_its_operator() -> None:
    texts = [
        text for one in messages(up_to_date()) for text in (*forms(one.id), *forms(one.string))
    ]
    assert len(texts) > 1000
    assert [text for text in texts if NAMES.search(text)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_p_18_every_page_names_the_service_and_its_operator_as_they_are_called(
    language: str,
) -> None:
    """Variables of a state (an issuer, a notice) have the test brand's names."""
    found, seen = [], 0
    for state in STATES:
        localized = state.localized(language) if state.localized else {}
        if NAMES.search(repr((state.variables, localized, state.me))):
            continue
        seen += 1
        html = render(Page(state, language), OTHER)
        found += [f"{state.name}: {match[0]}" for match in NAMES.finditer(html)]
        assert "PORTALIX" in html
        assert "Exemple" in html
    assert found == []
    assert seen > 100


@pytest.mark.parametrize(
    ("operator", "language", "titles"),
    [
        ("ANSM", "fr", ("Date de dépôt à l'ANSM", "Date de décision ANSM")),
        ("ANSM", "en", ("Date filed with ANSM", "Date of ANSM decision")),
        ("MHRA", "fr", ("Date de dépôt à MHRA", "Date de décision MHRA")),
    ],
)
def test_g_42_the_titles_of_columns_name_the_operator(
    operator: str, language: str, titles: tuple[str, str]
) -> None:
    names = replace(BRAND, operator_name=operator).names(language)
    filed, decided = (
        translate(COLUMNS[key], language, **names) for key in ("filed_on", "decided_on")
    )
    assert (filed, decided) == titles
