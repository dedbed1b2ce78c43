"""« Mon activité » and « Qui a consulté mon compte », read from the journal of the support desk."""

from functools import partial

from services.gateway.features.activity import activity, looks
from services.gateway.http.routes import Page
from services.gateway.sessions.guards import require_signed_in
from shared.i18n.catalogue import N_

account_page = partial(Page, guard=require_signed_in)
PAGES = (
    account_page(
        "activity",
        "/compte/activite",
        activity.show,
        login_target="activite",
        keep_query=activity.keep_page,
        sitemap=("account", N_("Mon activité")),
    ),
    account_page(
        "looks",
        "/compte/consultations",
        looks.show,
        login_target="consultations",
        sitemap=("account", N_("Qui a consulté mon compte")),
    ),
)
