"""Where a sign-in may lead: pages of ours by name, and no address that anybody wrote. Pure."""

from __future__ import annotations

HOME = "/accueil"
INFORMATION = "/informations"
#: Where a sign-in may lead, by the name that its address carries (AU-15).
DESTINATIONS = {
    "compte": "/compte",
    "mot-de-passe": "/compte/mot-de-passe",
    "telephone": "/compte/telephone",
    "codes-de-secours": "/compte/codes-de-secours",
    "adresse": "/compte/adresse",
    "nouvelle-adresse": "/compte/adresse/validation",
    "mes-donnees": "/compte/mes-donnees",
    "correction": "/compte/correction",
    "depart": "/compte/depart",
    "informations": INFORMATION,
    "validation": "/informations/validation",
}


def destination(name: str) -> str:
    """Where a sign-in leads: a page of ours by its name, else the home page."""
    return DESTINATIONS.get(name, HOME)


def destination_above(path: str) -> str:
    """The name of the page that an address is, or that its form or file belongs to; else empty.

    >>> destination_above("/compte/adresse/validation/renvoi")
    'nouvelle-adresse'
    """
    above = [
        name
        for name, page in DESTINATIONS.items()
        if path == page or path.startswith((f"{page}/", f"{page}."))
    ]
    return max(above, key=lambda name: len(DESTINATIONS[name]), default="")
