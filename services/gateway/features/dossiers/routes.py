"""The home page and the file of its rows (G-40 to G-43)."""

from services.gateway.features.dossiers import home
from services.gateway.features.dossiers.dossier_query import parse_query
from services.gateway.http.routes import Page
from services.gateway.sessions.guards import require_signed_in
from shared.i18n.catalogue import N_

PAGES = (
    Page(
        "home",
        "/accueil",
        home.show,
        guard=require_signed_in,
        keep_query=lambda query: parse_query(query).query_string(),
        sitemap=("account", N_("Accueil")),
    ),
    Page(
        "dossiers_file",
        "/accueil/dossiers.csv",
        home.download,
        guard=require_signed_in,
        language_target=False,
        head=False,
    ),
)
