"""What is held about a person, as a page and as files (B-11)."""

from services.gateway.features.data_export import my_data
from services.gateway.http.routes import Page
from services.gateway.sessions.guards import require_signed_in
from shared.i18n.catalogue import N_

PAGES = (
    Page(
        "my_data",
        "/compte/mes-donnees",
        None,
        my_data.prove,
        "code",
        show_form=my_data.show,
        show_unavailable=my_data.show_unavailable,
        guard=require_signed_in,
        before_terms=True,
        login_target="mes-donnees",
        sitemap=("account", N_("Mes données")),
    ),
    Page(
        "my_data_file",
        "/compte/mes-donnees.json",
        my_data.download,
        guard=require_signed_in,
        before_terms=True,
        language_target=False,
    ),
    Page(
        "my_data_document",
        "/compte/mes-donnees.html",
        my_data.document,
        guard=require_signed_in,
        before_terms=True,
        language_target=False,
    ),
)
