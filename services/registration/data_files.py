"""Reads the bundled and the operator's files: password rules, word lists, terms of use.

They are read at start. An unusable file raises a `ConfigurationError` that names the setting.
"""

from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

from services.registration.common_words import WordList, common_passwords, read_list, zxcvbn_lists
from services.registration.passwords import PasswordRules
from services.registration.terms import LANGUAGES, InvalidTerms, Terms, read_terms, same_version
from shared.errors import ConfigurationError

#: The bundled lists, most specific first: a word in two lists is reported with the first.
BUNDLED_LISTS = ("context", "first_names", "towns", "french")

_DATA = files("services.registration").joinpath("data")


def load_rules() -> PasswordRules:
    """The password rules with their default values."""
    return PasswordRules.parse(_DATA.joinpath("password_rules.json").read_bytes())


def load_common_words(rules: PasswordRules, operator_dir: Path | None = None) -> WordList:
    """The operator's `*.txt`, if any, the bundled lists and zxcvbn's."""
    own = [(name, read_list(_words_file(name))) for name in BUNDLED_LISTS]
    given = [("operator", read_list(text)) for text in read_texts(operator_dir)]
    lists: list[tuple[str, Iterable[str]]] = [*given, *own, *zxcvbn_lists()]
    return WordList(rules, lists, common_passwords())


def _words_file(name: str) -> str:
    return _DATA.joinpath("words", f"{name}.txt").read_text(encoding="utf-8")


def read_texts(folder: Path | None) -> list[str]:
    """The operator's `*.txt` in the order of their names."""
    if folder is None:
        return []
    try:
        paths = sorted(folder.glob("*.txt")) if folder.is_dir() else []
        texts = [path.read_text(encoding="utf-8") for path in paths]
    except (OSError, UnicodeDecodeError) as error:
        reason = f"cannot be read: {error}"
        raise ConfigurationError([("IMPEX_PASSWORD_LISTS_DIR", reason)]) from error
    if not texts:
        reason = f"{folder} contains no .txt file"
        raise ConfigurationError([("IMPEX_PASSWORD_LISTS_DIR", reason)])
    return texts


def load_terms(operator_dir: Path | None) -> dict[str, Terms]:
    """The terms in every language: the operator's, else the bundled model."""
    try:
        terms = {language: _terms(language, operator_dir) for language in LANGUAGES}
    except (OSError, InvalidTerms) as error:
        raise ConfigurationError([("IMPEX_TERMS_DIR", str(error))]) from error
    if not same_version(terms.values()):
        reason = "fr.md and en.md must have the same version and dates"
        raise ConfigurationError([("IMPEX_TERMS_DIR", reason)])
    return terms


def _terms(language: str, folder: Path | None) -> Terms:
    name = f"{language}.md"
    if folder is None:
        return read_terms(language, _DATA.joinpath("terms", name).read_bytes(), model=True)
    return read_terms(language, (folder / name).read_bytes(), model=False)
