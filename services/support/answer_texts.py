"""Texts of agents: plain text, whose only links are those of the portal. Pure.

A hostile or hurried agent must not send people anywhere else in the agency's name: every foreign
link is refused and named.
"""

import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import urlsplit

from shared.contracts.base import FieldError
from shared.domain.public_suffixes import find_web_address
from shared.domain.typed_text import UnsafeText, clean_text

#: In code points, after NFC.
MAX_TEXT = 4_000
MAX_TITLE = 100
_URL = re.compile(r"(?=https?://)", re.IGNORECASE)
_EDGES = ".,;:!?()[]{}<>«»\"'“”‘’ \u00a0\u202f"
#: A host with a path is meant as a link however short its name is: `t.co/x`.
_WITH_PATH = re.compile(r"\w\.[a-z]{2,}/\S", re.IGNORECASE)
_EMAIL = re.compile(r"[^@\s<>]+@[\w.-]+")
#: What a ready-made answer leaves to fill in.
_PLACEHOLDER = re.compile(r"\{[^{}\n]{1,40}\}")


def check_title(field: str, typed: str, base_url: str) -> tuple[str, FieldError | None]:
    """As `check_text`, for one line: what is parted by line ends is one."""
    return check_text(field, " ".join(typed.split()), base_url, MAX_TITLE)


def check_text(
    field: str, typed: str, base_url: str, max_length: int = MAX_TEXT
) -> tuple[str, FieldError | None]:
    """The text to keep, and what is wrong with it or None: `missing`, `too_long` (`max`),
    `forbidden_characters`, `foreign_link` (`links`)."""
    text, error = check_plain(field, typed, max_length)
    if error is not None:
        return text, error
    links = list(foreign_links(text, base_url))
    if links:
        params: dict[str, str | int] = {"links": ", ".join(links)}
        return text, FieldError(field=field, code="foreign_link", params=params)
    return text, None


def check_answer(field: str, typed: str, base_url: str) -> tuple[str, FieldError | None]:
    """As `check_text`, for a text that goes to a person: also `placeholder` (`left`), where
    something of a ready-made answer was not filled in."""
    text, error = check_text(field, typed, base_url)
    left = dict.fromkeys(_PLACEHOLDER.findall(text))
    if error is None and left:
        params: dict[str, str | int] = {"left": ", ".join(left)}
        return text, FieldError(field=field, code="placeholder", params=params)
    return text, error


def check_plain(field: str, typed: str, max_length: int) -> tuple[str, FieldError | None]:
    """The text to keep, and what is wrong with it or None: `missing`, `too_long` (`max`),
    `forbidden_characters`. Any link may be in it."""
    too_long = FieldError(field=field, code="too_long", params={"max": max_length})
    try:
        text = clean_text(typed.replace("\r\n", "\n"), max_length)
    except UnsafeText as unsafe:
        refused = FieldError(field=field, code="forbidden_characters")
        return "", too_long if unsafe.code == "too_long" else refused
    if not text:
        return text, FieldError(field=field, code="missing")
    if len(text) > max_length:
        return text, too_long
    if any(_is_control(char) for char in text):
        return text, FieldError(field=field, code="forbidden_characters")
    return text, None


def foreign_links(text: str, base_url: str) -> Iterator[str]:
    """What mail programs would make a link of and is not one of the portal, as it was typed.

    >>> list(foreign_links("Voir http://portail.fr/aide et www.autre.fr.", "http://portail.fr"))
    ['www.autre.fr']
    """
    for word in text.split():
        for part in _URL.split(word):
            shown = part.strip(_EDGES)
            plain = _plain(shown)
            if (find_web_address(plain) or _WITH_PATH.search(plain)) and not _is_ours(
                shown, base_url
            ):
                yield shown


def _is_control(char: str) -> bool:
    return char not in "\n\t" and unicodedata.category(char) in ("Cc", "Cs", "Co")


def _plain(word: str) -> str:
    # An e-mail address is no link to a site; one in a URL hides where it leads.
    return word if "//" in word or "\\" in word else _EMAIL.sub(" ", word)


def _is_ours(link: str, base_url: str) -> bool:
    """Whether a URL has the portal's origin, and nothing in front of its host."""
    try:
        parts, ours = urlsplit(link), urlsplit(base_url)
        return (
            (parts.scheme, parts.hostname, parts.port) == (ours.scheme, ours.hostname, ours.port)
            and parts.username is None
            and "\\" not in link
        )
    except ValueError:
        return False
