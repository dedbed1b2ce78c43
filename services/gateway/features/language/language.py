"""The language switch: remembered for a year, and back to the page (AU-15)."""

from __future__ import annotations

import re

from aiohttp import web

from services.gateway.features.dossiers.dossier_query import HOME, read_wanted
from services.gateway.http.errors import PageError
from services.gateway.sessions.request_state import (
    LANGUAGE_COOKIE,
    LANGUAGE_SECONDS,
    VISIT,
    redirect,
)
from shared.i18n.catalogue import LANGUAGES

#: Pages that a visitor may be sent back to; anything else is the home page.
PAGES = frozenset(
    {
        "/",
        "/connexion",
        "/inscription",
        "/inscription/validation",
        "/inscription/adresse",
        "/inscription/adresse-validee",
        "/inscription/conditions",
        "/inscription/creation",
        "/inscription/annuler",
        "/aide",
        "/aide/creation-de-compte",
        "/aide/nouveau-telephone",
        "/aide/glossaire",
        "/connexion/code",
        "/connexion/code-de-secours",
        "/connexion/telephone",
        "/connexion/adresse",
        "/connexion/codes-de-secours",
        "/accueil",
        "/informations",
        "/informations/validation",
        "/compte",
        "/compte/mot-de-passe",
        "/compte/telephone",
        "/compte/telephone/nouveau",
        "/compte/codes-de-secours",
        "/compte/adresse",
        "/compte/adresse/validation",
        "/compte/mes-donnees",
        "/compte/correction",
        "/compte/depart",
        "/signaler-un-depart",
        "/mot-de-passe-oublie",
        "/telephone-perdu",
        "/conditions",
        "/donnees-personnelles",
        "/accessibilite",
        "/plan",
        "/mentions-legales",
    }
)
#: The pages of mailed links need their token; nothing else may stand behind an address.
LINK = re.compile(
    r"/(inscription/lien|mot-de-passe|telephone-perdu/confirmer)\?jeton=[A-Za-z0-9_-]{43}"
    r"|/ce-n-est-pas-moi\?jeton=[A-Za-z0-9._-]{20,300}"
)


async def choose(request: web.Request, fields: dict[str, str]) -> web.Response:
    """Remember the language and go back."""
    if fields["lang"] not in LANGUAGES:
        raise PageError(400, event="input_validation_fail", reason="unknown language")
    request[VISIT].cookies[LANGUAGE_COOKIE] = (fields["lang"], LANGUAGE_SECONDS)
    there = fields["next"]
    if there.startswith(f"{HOME}?"):
        there = read_wanted(there.partition("?")[2]).address()
        return redirect(there)
    return redirect(there if there in PAGES or LINK.fullmatch(there) else "/")
