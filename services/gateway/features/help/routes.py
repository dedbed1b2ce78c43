"""Help, glossary and sitemap: pages that ask no service."""

from services.gateway.features.help import help_pages
from services.gateway.http.routes import Page
from shared.i18n.catalogue import N_

PAGES = (
    Page("help", "/aide", help_pages.plain("help.html"), sitemap=("help", N_("Aide et contacts"))),
    Page(
        "help_creation",
        "/aide/creation-de-compte",
        help_pages.creation,
        sitemap=("help", N_("Description détaillée de la procédure de création de compte")),
    ),
    Page(
        "help_phone",
        "/aide/nouveau-telephone",
        help_pages.plain("help_phone.html"),
        sitemap=("help", N_("Changer de téléphone")),
    ),
    Page(
        "glossary",
        "/aide/glossaire",
        help_pages.plain("glossary.html"),
        sitemap=("help", N_("Glossaire")),
    ),
    Page("sitemap", "/plan", help_pages.sitemap),
)
