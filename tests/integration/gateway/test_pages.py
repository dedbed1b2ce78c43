"""Every page that asks nobody, in both languages, with the headers that every answer carries."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from tests.integration.gateway.browser import Answer
from tests.integration.gateway.conftest import Portal

ALONE = (
    "/",
    "/connexion",
    "/aide",
    "/aide/creation-de-compte",
    "/aide/nouveau-telephone",
    "/aide/glossaire",
    "/mot-de-passe-oublie",
    "/telephone-perdu",
    "/donnees-personnelles",
    "/accessibilite",
    "/plan",
    "/mentions-legales",
    "/inscription/annuler",
)


async def test_pages_without_registration(
    portals: Callable[..., Awaitable[Portal]],
) -> None:
    portal = await portals(("gateway",))
    for language in ("fr", "en"):
        browser = portal.browser(language)
        for path in ALONE:
            page = await browser.get(path)
            assert page.status == 200, path
            assert page.soup.html and page.soup.html["lang"] == language
