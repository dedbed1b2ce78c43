"""Which language a page is shown in: French or English."""

import re

from shared.i18n.catalogue import DEFAULT_LANGUAGE, LANGUAGES

ACCEPTED = re.compile(
    r"\s*(fr|en|\*)(?:-[a-z0-9-]+)?\s*(?:;\s*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?\s*"
)


def choose_language(cookie: str | None, accept_language: str) -> str:
    """The language of the cookie, else the best of Accept-Language, else French."""
    if cookie in LANGUAGES:
        return cookie
    best, best_weight = DEFAULT_LANGUAGE, 0.0
    for part in accept_language.lower().split(",")[:20]:
        found = ACCEPTED.fullmatch(part[:40])
        if found is None:
            continue
        weight = float(found[2]) if found[2] else 1.0
        if weight > best_weight:
            best = DEFAULT_LANGUAGE if found[1] == "*" else found[1]
            best_weight = weight
    return best
