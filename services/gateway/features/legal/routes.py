"""The terms of use, the notices and the accessibility statement, for everybody (G-16, GD-01)."""

from services.gateway.features.legal import legal_pages
from services.gateway.http.routes import Page
from shared.i18n.catalogue import N_

PAGES = (
    Page(
        "terms", "/conditions", legal_pages.terms, sitemap=("legal", N_("Conditions d'utilisation"))
    ),
    Page(
        "privacy",
        "/donnees-personnelles",
        legal_pages.privacy,
        sitemap=("legal", N_("Données personnelles")),
    ),
    Page(
        "legal_notice",
        "/mentions-legales",
        legal_pages.legal,
        sitemap=("legal", N_("Mentions légales")),
    ),
    Page(
        "accessibility",
        "/accessibilite",
        legal_pages.accessibility,
        sitemap=("legal", N_("Accessibilité : non conforme")),
    ),
)
