"""Pages that follow a request: by its number, by a mailed link, in the account."""

from services.gateway.features.follow_up import by_number, my_requests
from services.gateway.http.routes import Page
from services.gateway.sessions.guards import require_signed_in
from shared.i18n.catalogue import N_

LINK, ACCOUNT = my_requests.BY_LINK, my_requests.BY_ACCOUNT

PAGES = (
    Page(
        "follow_up",
        "/suivi",
        None,
        by_number.submit,
        "number",
        show_form=by_number.show,
        sitemap=("account", N_("Suivre une demande")),
    ),
    Page(
        "cancel_sent_request",
        "/suivi/annulation",
        None,
        by_number.cancel_sent,
        "sent",
        show_form=by_number.show_cancelled,
        needs_key=False,
        form_query=by_number.no_query,
    ),
    Page(
        "followed_request",
        "/suivi/demande",
        None,
        LINK.reply,
        "token text",
        show_form=LINK.show,
        form_query=LINK.form_query,
        keep_query=LINK.keep_query,
    ),
    Page(
        "cancel_followed_request",
        "/suivi/demande/annulation",
        None,
        LINK.cancel,
        "token",
        show_form=LINK.show_cancel,
        form_query=LINK.form_query,
        keep_query=LINK.keep_query,
    ),
    Page(
        "followed_call",
        "/suivi/demande/appel",
        LINK.call_state,
        language_target=False,
        background=True,
    ),
    Page(
        "stop_followed_phone",
        "/suivi/demande/arret",
        submit=LINK.stop,
        fields="token block",
        shown_on="followed_request",
        form_query=LINK.form_query,
    ),
    Page(
        "my_requests",
        "/compte/demandes",
        my_requests.show_all,
        guard=require_signed_in,
        login_target="demandes",
        sitemap=("account", N_("Mes demandes au secrétariat")),
    ),
    Page(
        "my_request",
        "/compte/demandes/demande",
        None,
        ACCOUNT.reply,
        "number text",
        show_form=ACCOUNT.show,
        guard=require_signed_in,
        form_query=ACCOUNT.form_query,
        keep_query=ACCOUNT.keep_query,
    ),
    Page(
        "my_call",
        "/compte/demandes/demande/appel",
        ACCOUNT.call_state,
        guard=require_signed_in,
        language_target=False,
        background=True,
    ),
    Page(
        "stop_my_phone",
        "/compte/demandes/demande/arret",
        submit=ACCOUNT.stop,
        fields="number block",
        shown_on="my_request",
        guard=require_signed_in,
        form_query=ACCOUNT.form_query,
    ),
    Page(
        "cancel_my_request",
        "/compte/demandes/demande/annulation",
        None,
        ACCOUNT.cancel,
        "number",
        show_form=ACCOUNT.show_cancel,
        guard=require_signed_in,
        form_query=ACCOUNT.form_query,
        keep_query=ACCOUNT.keep_query,
    ),
)
