"""The complementary information: its form, and its confirmation (G-30 to G-34)."""

from __future__ import annotations

from services.gateway.features.profile import confirmation, establishment_lookup, profile_pages
from services.gateway.http.routes import JsonQuestion, Page
from services.gateway.portal.profile_form import NAMES
from services.gateway.sessions.guards import require_signed_in
from shared.i18n.catalogue import N_

PAGES = (
    Page(
        name="information",
        path="/informations",
        show=profile_pages.show,
        submit=profile_pages.submit,
        fields=NAMES,
        guard=require_signed_in,
        on_unavailable=profile_pages.on_unavailable,
        on_session_expired=profile_pages.on_session_expired,
        login_target="informations",
        sitemap=("account", N_("Informations complémentaires")),
    ),
    JsonQuestion(
        name="establishment",
        path="/informations/etablissement",
        answer=establishment_lookup.establishment,
        field="siret",
    ),
    Page(
        name="confirm_information",
        path="/informations/validation",
        show=confirmation.show,
        submit=confirmation.submit,
        fields="version shown",
        guard=require_signed_in,
        on_unavailable=confirmation.on_unavailable,
        login_target="validation",
    ),
)
