"""The terms of use: the format of a file, and the model text."""

import hashlib
from pathlib import Path

import pytest

from services.registration.data_files import load_terms
from services.registration.terms import InvalidTerms, find_accepted, read_terms
from shared.errors import ConfigurationError

GOOD = b"version: 2.1\ndate: 2026-02-01\n\n# Conditions\n\nTexte.\n"


def test_g_13_the_model_text_is_marked_as_a_model() -> None:
    terms = load_terms(None)
    assert set(terms) == {"fr", "en"}
    assert all(each.model and "Modèle à remplacer" in each.text for each in terms.values())
    assert all(len(each.text) > 4_000 for each in terms.values())


def test_re_13_the_hash_is_that_of_the_file() -> None:
    terms = read_terms("fr", GOOD, model=False)
    assert terms.sha256 == hashlib.sha256(GOOD).hexdigest()
    assert (terms.version, terms.date, terms.model) == ("2.1", "2026-02-01", False)
    assert terms.text.startswith("# Conditions")


@pytest.mark.parametrize(
    "raw",
    [b"", b"# Conditions\n\nTexte.", b"version: 2\n\nTexte.", b"version: 2\ndate: hier\n\nTexte.",
     b"version: \ndate: 2026-02-01\n\nTexte.", b"version: 2\ndate: 2026-02-01\n\n \n", b"\xff\xfe",
     b"version: 2\ndate: 2026-02-01\nauthor: x\n\nTexte."],
)  # fmt: skip
def test_a_file_without_version_date_or_text_is_refused(raw: bytes) -> None:
    with pytest.raises(InvalidTerms):
        read_terms("fr", raw, model=False)


def test_re_13_only_the_text_that_was_shown_is_accepted() -> None:
    terms = load_terms(None)
    french = terms["fr"]
    assert find_accepted(terms.values(), french.version, french.sha256) is french
    assert find_accepted(terms.values(), french.version, "0" * 64) is None
    assert find_accepted(terms.values(), "0.9", french.sha256) is None


def test_the_operators_terms_replace_the_model(tmp_path: Path) -> None:
    (tmp_path / "fr.md").write_bytes(GOOD)
    with pytest.raises(ConfigurationError, match="IMPEX_TERMS_DIR"):
        load_terms(tmp_path)
    (tmp_path / "en.md").write_bytes(GOOD.replace(b"2.1", b"2.0"))
    with pytest.raises(ConfigurationError, match="same version"):
        load_terms(tmp_path)
    (tmp_path / "en.md").write_bytes(GOOD)
    assert not any(each.model for each in load_terms(tmp_path).values())
