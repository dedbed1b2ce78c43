"""The complementary information: its form, and its confirmation (G-30 to G-34)."""

from services.gateway.features.profile import confirmation, establishment_lookup, profile_pages
from services.gateway.http.routes import JsonQuestion, Page
from services.gateway.portal.profile_form import NAMES
from services.gateway.sessions.guards import require_signed_in
from shared.i18n.catalogue import N_

PAGES = (
    Page(
        "information",
        "/informations",
        profile_pages.show,
        profile_pages.submit,
        NAMES,
        guard=require_signed_in,
        on_unavailable=profile_pages.on_unavailable,
        on_session_expired=profile_pages.on_session_expired,
        login_target="informations",
        sitemap=("account", N_("Informations complémentaires")),
    ),
    JsonQuestion(
        "establishment", "/informations/etablissement", establishment_lookup.establishment, "siret"
    ),
    Page(
        "confirm_information",
        "/informations/validation",
        confirmation.show,
        confirmation.submit,
        "version shown",
        guard=require_signed_in,
        on_unavailable=confirmation.on_unavailable,
        login_target="validation",
    ),
    Page(
        "confirm_information_code",
        "/informations/validation/code",
        confirmation.show_code,
        confirmation.submit_code,
        "code",
        guard=require_signed_in,
        on_unavailable=confirmation.code_unavailable,
    ),
)
