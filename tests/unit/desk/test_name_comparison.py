"""Names side by side: what differs is marked and named in words."""

import msgspec
import pytest

from services.gateway.desk.name_comparison import ALIKE, DIFFERENT, SAME, compared_names
from shared.contracts.support.lost_phones import BothNames


@pytest.mark.parametrize(
    ("kept", "given", "verdict", "marked"),
    [
        ("Durand", "Durand", SAME, ([], [])),
        ("Durand", "Durant", DIFFERENT, (["d"], ["t"])),
        ("Müller", "Muller", ALIKE, (["ü"], ["u"])),
        ("Le Goff", "Le-Goff", ALIKE, ([" "], ["-"])),
        ("DURAND", "Durand", ALIKE, (["URAND"], ["urand"])),
        ("Petit", "Petit-Martin", DIFFERENT, ([], ["-Martin"])),
        ("Petit", "", DIFFERENT, (["Petit"], [])),
    ],
)
def test_what_differs_is_marked(
    kept: str, given: str, verdict: str, marked: tuple[list[str], list[str]]
) -> None:
    names = BothNames(
        first_name="Anne", last_name=kept, given_first_name="Anne", given_last_name=given
    )
    first, last = compared_names(msgspec.json.encode(names).decode(), "fr")
    assert first.verdict == SAME
    assert last.verdict == verdict
    for parts, whole, expected in ((last.kept, kept, marked[0]), (last.given, given, marked[1])):
        assert "".join(text for text, _ in parts) == whole
        assert [text for text, differs in parts if differs] == expected
