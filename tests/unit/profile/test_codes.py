"""The README lists every error code of the form, and no other."""

import re
from pathlib import Path

import msgspec

from services.profile.establishment_record import SiretCheck
from services.profile.fields import validate
from shared.contracts.profile.views import ProfileFields
from tests.support.harness.profile_forms import BELGIAN, FRENCH, but

README = Path(__file__).parents[3] / "services/profile/README.md"
BAD = (
    "",
    "'",
    "x" * 501,
    "😀",
    "www.exemple.fr",
    "1" * 9,
    "2A004",
    "00000",
    "0590123456",
    "0155874090",
)
CLOSED, UNLISTED, DEFERRED = (SiretCheck(state=one) for one in ("closed", "unlisted", "deferred"))


def published() -> set[tuple[str, str]]:
    """The (field, code) pairs of the README."""
    section = README.read_text().split("## Error codes of the form")[1].split("\n## ")[0]
    found, fields = set(), ["?"]
    for row in re.findall(r"^\| *([^|]*)\| *`([a-z_]+)` *\|", section, re.MULTILINE):
        fields = re.findall(r"`([a-z_]+)`", row[0]) or fields
        found |= {(field, row[1]) for field in fields}
    return found


def occurring() -> set[tuple[str, str]]:
    """The (field, code) pairs of forms with one wrong field, or with fields that do not agree."""
    other = but(BELGIAN, position="other", establishment_type="other")
    forms = [
        but(form, **{field: bad})
        for form in (FRENCH, BELGIAN, other, but(FRENCH, country="GP"), ProfileFields())
        for field, value in msgspec.structs.asdict(form).items()
        if isinstance(value, str) and field != "country"
        for bad in BAD
    ]
    forms += [
        but(FRENCH, phone="0155874090 poste 12"),
        but(FRENCH, siret="73282932000079"),
        but(FRENCH, siret="732 829 320 00074 bis"),
        but(FRENCH, vat="FR40303265045"),
        but(BELGIAN, siret="73282932000074"),
        but(FRENCH, country="", terms=False),
    ]
    found = set()
    for form in forms:
        for siret_check in (None, CLOSED, UNLISTED, DEFERRED):
            result = validate(form, siret_check)
            found |= {(one.field, one.code) for one in (*result.errors, *result.warnings)}
    return found


def test_the_readme_lists_every_code_and_no_other() -> None:
    assert occurring() == published()
