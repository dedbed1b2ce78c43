"""The terms of use: a text with version and date, identified by the hash of its file. Pure.

A file begins with `version:` and `date:` lines, perhaps a `binding:` line, and an empty line; the
rest is Markdown. A person accepts the file whose hash the page showed (RE-13). `binding` is the
date from which a new version binds those who have an account; without it, it binds at once.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

LANGUAGES = ("fr", "en")
PARIS = ZoneInfo("Europe/Paris")


@dataclass(frozen=True, kw_only=True)
class TermsVersion:
    """What identifies the terms that somebody accepted."""

    language: str
    version: str
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Terms(TermsVersion):
    """The terms in one language. `model` marks the bundled text, which operators replace."""

    date: str
    binding: str
    text: str
    model: bool


class InvalidTerms(ValueError):
    """An unusable file of terms; the message names the reason."""


def read_terms(language: str, raw: bytes, *, model: bool) -> Terms:
    """The terms of one file. Raises `InvalidTerms`."""
    try:
        content = raw.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise InvalidTerms(f"{language}.md is not UTF-8 text") from None
    head, _, text = content.partition("\n\n")
    fields = dict(_field(language, line) for line in head.splitlines())
    named = fields.keys() - {"binding"}
    if named != {"version", "date"} or not fields["version"]:
        raise InvalidTerms(f"{language}.md must begin with version: and date: and an empty line")
    for name in ("date", "binding"):
        try:
            date.fromisoformat(fields.get(name, fields["date"]))
        except ValueError:
            raise InvalidTerms(f"{language}.md must give its {name} as 2026-01-31") from None
    if not text.strip():
        raise InvalidTerms(f"{language}.md contains no text")
    return Terms(
        language=language,
        version=fields["version"],
        date=fields["date"],
        binding=fields.get("binding", fields["date"]),
        sha256=hashlib.sha256(raw).hexdigest(),
        text=text.strip() + "\n",
        model=model,
    )


def same_version(terms: Iterable[Terms]) -> bool:
    """Whether all languages have the same version and dates."""
    return len({(each.version, each.date, each.binding) for each in terms}) == 1


def binds_at(terms: Terms) -> datetime:
    """The first moment, in Paris, of the day from which the terms bind."""
    return datetime.combine(date.fromisoformat(terms.binding), time(), tzinfo=PARIS)


def find_accepted(terms: Iterable[Terms], version: str, sha256: str) -> Terms | None:
    """The terms in force that match what was shown, or None."""
    return next((each for each in terms if (each.version, each.sha256) == (version, sha256)), None)


def supported_language(language: str) -> str:
    """The language itself where mails and terms exist in it, else French."""
    return language if language in LANGUAGES else LANGUAGES[0]


def _field(language: str, line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon:
        raise InvalidTerms(f"{language}.md must begin with version: and date: and an empty line")
    return name.strip().lower(), value.strip()
