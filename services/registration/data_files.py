"""Reads what registration ships or is given as files: rules, word lists, terms of use.

Everything is read once, at start, and a file that cannot be used stops the start with a
`ConfigurationError` that names the setting.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

from services.registration.common_words import Lexicon, common_passwords, foreign_lists, read_list
from services.registration.passwords import Rules
from services.registration.terms import LANGUAGES, BadTerms, Terms, read_terms, same_version
from shared.errors import ConfigurationError

#: Our own lists, the most telling first: a word in two lists is said to be of the first.
OWN_LISTS = ("context", "first_names", "towns", "french")

_DATA = files("services.registration").joinpath("data")


def load_rules() -> Rules:
    """The password rules with the guide's values."""
    return Rules.parse(_DATA.joinpath("password_rules.json").read_bytes())


def load_lexicon(rules: Rules, operator_dir: Path | None = None) -> Lexicon:
    """Our lists, zxcvbn's, and the operator's `*.txt` where there is a folder of them."""
    own = [(name, read_list(_words_file(name))) for name in OWN_LISTS]
    given = [("operator", read_list(text)) for text in _operator_texts(operator_dir)]
    lists: list[tuple[str, Iterable[str]]] = [*given, *own, *foreign_lists()]
    return Lexicon(rules.fold, lists, common_passwords())


def _words_file(name: str) -> str:
    return _DATA.joinpath("words", f"{name}.txt").read_text(encoding="utf-8")


def _operator_texts(folder: Path | None) -> list[str]:
    if folder is None:
        return []
    try:
        paths = sorted(folder.glob("*.txt")) if folder.is_dir() else []
        texts = [path.read_text(encoding="utf-8") for path in paths]
    except (OSError, UnicodeDecodeError) as error:
        reason = f"cannot be read: {error}"
        raise ConfigurationError([("IMPEX_PASSWORD_LISTS_DIR", reason)]) from error
    if not texts:
        reason = f"{folder} holds no .txt file"
        raise ConfigurationError([("IMPEX_PASSWORD_LISTS_DIR", reason)])
    return texts


def load_terms(operator_dir: Path | None) -> dict[str, Terms]:
    """The terms in every language, the operator's or the model ones."""
    try:
        terms = {language: _terms(language, operator_dir) for language in LANGUAGES}
    except (OSError, BadTerms) as error:
        raise ConfigurationError([("IMPEX_TERMS_DIR", str(error))]) from error
    if not same_version(terms.values()):
        reason = "fr.md and en.md must say the same version and date"
        raise ConfigurationError([("IMPEX_TERMS_DIR", reason)])
    return terms


def _terms(language: str, folder: Path | None) -> Terms:
    name = f"{language}.md"
    if folder is None:
        return read_terms(language, _DATA.joinpath("terms", name).read_bytes(), model=True)
    return read_terms(language, (folder / name).read_bytes(), model=False)
