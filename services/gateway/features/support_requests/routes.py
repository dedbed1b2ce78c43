"""The forms that go to the support desk (B-11, G-36)."""

from services.gateway.features.support_requests import support_request_pages as pages
from services.gateway.http.routes import Page
from services.gateway.sessions.guards import require_signed_in
from shared.i18n.catalogue import N_

PAGES = (
    Page(
        "correction",
        "/compte/correction",
        None,
        pages.submit_correction,
        "about text",
        show_form=pages.show_correction,
        guard=require_signed_in,
        login_target="correction",
        sitemap=("account", N_("Demander une correction")),
    ),
    Page(
        "leaving",
        "/compte/depart",
        None,
        pages.submit_leaving,
        "date remark confirm",
        show_form=pages.show_leaving,
        guard=require_signed_in,
        before_terms=True,
        login_target="depart",
        sitemap=("account", N_("Je quitte l'établissement")),
    ),
    Page(
        "departure_report",
        "/signaler-un-depart",
        None,
        pages.submit_report,
        "address establishment date remark reporter_name reporter_address",
        show_form=pages.show_report,
        sitemap=("account", N_("Signaler un départ")),
    ),
    Page(
        "write",
        "/aide/ecrire",
        None,
        pages.submit_message,
        "text name address",
        show_form=pages.show_message,
        sitemap=("help", N_("Nous écrire")),
    ),
    Page(
        "mailbox",
        "/aide/messagerie",
        None,
        pages.submit_mailbox,
        "account_address name address text",
        show_form=pages.show_mailbox,
        sitemap=("help", N_("Ma messagerie ne reçoit plus rien")),
    ),
)
