"""Links to the application that files and decides dossiers (G-43).

Pure. Both URLs are settings, validated at the start; a link without its setting is not shown.
"""

import re
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from aiohttp import web

from shared.contracts.dossiers import DossierRow
from shared.security.connection_urls import is_loopback

PLACEHOLDERS = ("dossier_id", "number")
EXAMPLE = "https://office.example/dossiers/{dossier_id}"
_PLACE = re.compile(r"\{([^{}]*)\}")
#: The characters of a URL (RFC 3986).
_PLAIN = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")


@dataclass(frozen=True)
class FilingLinks:
    """Where a dossier is filed, and where one is seen: `row_url` has a place for what it is."""

    filing_url: str = ""
    row_url: str = ""

    def link(self, row: DossierRow) -> str:
        """Where a dossier is seen; empty where it is not known."""
        values = {"dossier_id": row.dossier_id, "number": row.number}
        if not all(values[place] for place in _PLACE.findall(self.row_url)):
            return ""
        return _PLACE.sub(lambda place: quote(values[place[1]], safe=""), self.row_url)


FILING_LINKS = web.AppKey("filing_links", FilingLinks)


def validate_link(url: str) -> str | None:
    """Why people cannot be sent there, or None."""
    try:
        parts = urlsplit(url)
        valid = bool(_PLAIN.fullmatch(url) and parts.hostname and (parts.port or 1) > 0)
    except ValueError:
        valid = False
    if not valid or parts.username is not None or parts.scheme not in ("http", "https"):
        return "must be an address such as https://office.example/new"
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        return "must be https off the loopback address"
    return None


def validate_row_link(url: str) -> str | None:
    """Why no dossier can be seen there, or None."""
    places = _PLACE.findall(url)
    if not places or not set(places) <= set(PLACEHOLDERS):
        return f"must hold {{dossier_id}} or {{number}} and nothing else in braces: {EXAMPLE}"
    before = url[: url.index("{")]
    if validate_link(before) or not urlsplit(before).path:
        return f"must begin with scheme, host and a slash before its braces: {EXAMPLE}"
    return validate_link(_PLACE.sub("0", url))
