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
        None,
        profile_pages.submit,
        NAMES,
        show_form=profile_pages.show,
        show_unavailable=profile_pages.show_unavailable,
        guard=require_signed_in,
        login_target="informations",
        sitemap=("account", N_("Informations complémentaires")),
    ),
    JsonQuestion(
        "establishment", "/informations/etablissement", establishment_lookup.establishment, "siret"
    ),
    Page(
        "confirm_information",
        "/informations/validation",
        None,
        confirmation.submit,
        "version shown",
        show_form=confirmation.show,
        show_unavailable=confirmation.show_unavailable,
        guard=require_signed_in,
        login_target="validation",
    ),
    Page(
        "confirm_information_code",
        "/informations/validation/code",
        None,
        confirmation.submit_code,
        "code",
        show_form=confirmation.show_code,
        show_unavailable=confirmation.code_unavailable,
        guard=require_signed_in,
    ),
)
