"""Help, glossary and sitemap: pages that ask no service."""

from __future__ import annotations

from services.gateway.features.help import help_pages
from services.gateway.http.routes import Page
from shared.i18n.catalogue import N_

PAGES = (
    Page(
        name="help",
        path="/aide",
        show=help_pages.plain("help.html"),
        sitemap=("help", N_("Aide et contacts")),
    ),
    Page(
        name="help_creation",
        path="/aide/creation-de-compte",
        show=help_pages.creation,
        sitemap=("help", N_("Description détaillée de la procédure de création de compte")),
    ),
    Page(
        name="help_phone",
        path="/aide/nouveau-telephone",
        show=help_pages.plain("help_phone.html"),
        sitemap=("help", N_("Changer de téléphone")),
    ),
    Page(
        name="glossary",
        path="/aide/glossaire",
        show=help_pages.plain("glossary.html"),
        sitemap=("help", N_("Glossaire")),
    ),
    Page(name="sitemap", path="/plan", show=help_pages.sitemap),
)
