"""The forms that go to the support desk (B-11, G-36)."""

from services.gateway.features.support_requests import support_request_pages as pages
from services.gateway.http.routes import Page
from services.gateway.sessions.guards import require_signed_in
from shared.i18n.catalogue import N_

PAGES = (
    Page(
        "correction",
        "/compte/correction",
        pages.show_correction,
        pages.submit_correction,
        "about text",
        guard=require_signed_in,
        on_unavailable=pages.correction_unavailable,
        login_target="correction",
        sitemap=("account", N_("Demander une correction")),
    ),
    Page(
        "leaving",
        "/compte/depart",
        pages.show_leaving,
        pages.submit_leaving,
        "date remark confirm",
        guard=require_signed_in,
        on_unavailable=pages.leaving_unavailable,
        login_target="depart",
        sitemap=("account", N_("Je quitte l'établissement")),
    ),
    Page(
        "departure_report",
        "/signaler-un-depart",
        pages.show_report,
        pages.submit_report,
        "address establishment date remark reporter_name reporter_address",
        on_unavailable=pages.report_unavailable,
        sitemap=("account", N_("Signaler un départ")),
    ),
)
