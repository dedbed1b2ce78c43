"""What is held about a person, as the page says it (B-11)."""

from __future__ import annotations

import pytest

from services.gateway.web.clients.personal import PersonalData
from services.gateway.web.personal_texts import shown


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("2026-11-25T09:42:00+00:00", "25 novembre 2026, 10:42"),
        ("2026-11-25", "25 novembre 2026"),
        ("2026-13-45T99:99", "2026-13-45T99:99"),
        ("2026-11-25T10:00 livraison", "2026-11-25T10:00 livraison"),
        ("2026-13-45", "2026-13-45"),
    ],
)
def test_in_03_what_looks_like_a_moment_and_is_none_is_shown_as_it_is(
    value: str, said: str
) -> None:
    """Somebody may have typed it."""
    document = {"profile": [{"company_name": value}]}
    parts = shown(PersonalData(documents={"profile": document}, missing=()), "fr")
    (matter,) = next(part.matters for part in parts if part.matters is not None)
    ((row,),) = matter.rows
    assert row[1].replace("\u00a0", " ") == said
