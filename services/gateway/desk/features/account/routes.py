"""An account: closed until a reason is given, then as far as the reasons open it."""

from services.gateway.desk.features.account import account_pages as pages
from services.gateway.desk.support import agent_of
from services.gateway.http.routes import Page

PAGES = (
    Page(
        "desk_account",
        "/assistance/comptes/{account_id}",
        show_form=pages.show,
        guard=agent_of,
        login_target="titulaire",
        keep_query=pages.keep_query,
    ),
    Page(
        "open_account",
        "/assistance/comptes/{account_id}/ouvrir",
        submit=pages.submit_reason,
        fields="reason number",
        guard=agent_of,
        shown_on="desk_account",
    ),
    Page(
        "resend_mail",
        "/assistance/comptes/{account_id}/messages",
        submit=pages.submit_mail,
        fields="mail",
        guard=agent_of,
        shown_on="desk_account",
    ),
    Page(
        "stop_replacement",
        "/assistance/comptes/{account_id}/sans-agent/arret",
        submit=pages.submit_stop,
        fields="number",
        guard=agent_of,
        shown_on="desk_account",
    ),
    Page(
        "ask_for_more_accounts",
        "/assistance/comptes/{account_id}/davantage",
        submit=pages.submit_more,
        guard=agent_of,
        shown_on="desk_account",
    ),
)
