"""Every code that profile publishes has a text, in both languages."""

import pytest

from services.gateway.portal.field_texts import UNKNOWN
from services.gateway.portal.profile_messages import information_text
from shared.contracts.base import FieldError
from tests.unit.profile.test_codes import published

PARAMS: dict[str, str | int] = {
    "max": 200,
    "example": "01 23 45 67 89",
    "country": "GP",
    "prefix": "+590",
    "extension": "12",
    "expected": 14,
    "typed": 13,
    "date": "2024-05-31",
    "beginning": "974",
    "siren": "732829320",
    "sign": "🏥",
    "host": "bit.ly",
}


def test_t_07_a_sign_that_is_not_accepted_is_named() -> None:
    def text(field: str, **params: str | int) -> str:
        error = FieldError(field=field, code="forbidden_characters", params=params)
        return information_text(error, "fr").replace("\u00a0", " ")

    assert text("city", sign="🏥") == "Retirez le signe « 🏥 », qui n'est pas accepté."
    invisible = "Retirez le signe invisible (U+200B), qui n'est pas accepté."
    assert text("city", sign="U+200B") == invisible
    assert text("city") == "Retirez les accents en trop : plus de 30 se suivent."
    assert "un signe non accepté, « @ » :" in text("last_name", sign="@")
    assert "un signe non accepté, invisible (U+200B) :" in text("last_name", sign="U+200B")


@pytest.mark.parametrize(("field", "code"), sorted(published()))
def test_every_published_code_has_a_text(field: str, code: str) -> None:
    texts = set()
    for lang in ("fr", "en"):
        text = information_text(FieldError(field=field, code=code, params=PARAMS), lang)
        assert text not in UNKNOWN
        assert "{" not in text
        texts.add(text)
    assert len(texts) == 2
